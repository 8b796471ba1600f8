//! A change of a record that the host app made and that is to be pushed to the provider.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ContentHash;
use crate::id::{ChangeId, IntegrationId};
use crate::time::Timestamp;

/// Where a change stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum ChangeState {
    /// It is to be pushed.
    Pending,
    /// It is being sent: from here on the provider may have it.
    Sending,
    /// It was sent, and nobody knows yet whether the provider took it. It is not sent again
    /// before that is found out.
    Unknown,
    /// It was sent, it can not be found out whether the provider took it, and a person has to say.
    Held {
        /// Why.
        reason: String,
    },
    /// The provider took it.
    Pushed,
    /// The provider refused it.
    Failed {
        /// Why.
        reason: String,
    },
    /// The provider's own change of the record prevailed, or a person dropped it.
    Dropped {
        /// Why.
        reason: String,
    },
}

/// A change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SyncChange {
    /// Its identifier, which the provider is given as a reference: the same for every attempt.
    pub id: ChangeId,
    /// The integration.
    pub integration: IntegrationId,
    /// The entity.
    pub entity: String,
    /// The record's id at the provider; absent for a new record until the provider took it.
    pub record: Option<String>,
    /// Whether the record is to be deleted.
    pub deleted: bool,
    /// The content as it shall be.
    pub data: Map<String, Value>,
    /// The digest of that content.
    pub hash: ContentHash,
    /// The digest of what both sides agreed on when the change was made.
    pub base: Option<ContentHash>,
    /// When it was made.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// Where it stands.
    #[serde(flatten)]
    pub state: ChangeState,
    /// How often it was sent.
    pub attempts: u32,
    /// How often it was asked after in vain.
    pub asked: u32,
    /// When it was first sent.
    #[schemars(with = "Option<String>")]
    pub first_sent_at: Option<Timestamp>,
    /// When it was last sent.
    #[schemars(with = "Option<String>")]
    pub last_sent_at: Option<Timestamp>,
    /// When it reached its end.
    #[schemars(with = "Option<String>")]
    pub settled_at: Option<Timestamp>,
}

impl ChangeState {
    /// Whether nothing more becomes of it.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Pushed | Self::Failed { .. } | Self::Dropped { .. })
    }
}

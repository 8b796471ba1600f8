//! A record as both sides last agreed on it, and its place in the feed of changes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ContentHash;
use crate::id::{ChangeId, IntegrationId};
use crate::time::Timestamp;

/// What happened to a record, as the host app is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Action {
    /// It is there now.
    Added,
    /// It is another now.
    Updated,
    /// It is gone.
    Deleted,
}

/// Who made a record what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The provider.
    Provider,
    /// The host app, whose change the provider took.
    Host,
}

/// A record. One that is gone is kept for a while, without its content.
///
/// Its place in the feed is that of the commit that changed it. A commit does not know its own
/// number, so the numbers are written down by the commits after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncedRecord {
    /// The integration.
    pub integration: IntegrationId,
    /// The entity.
    pub entity: String,
    /// The provider's id.
    pub id: String,
    /// The content; empty once it is gone.
    pub data: Map<String, Value>,
    /// The digest of the content.
    pub hash: ContentHash,
    /// How often it was changed, from 1.
    pub version: u64,
    /// Who made it what it is.
    pub origin: Origin,
    /// The digest of what the provider made this content of, where that is what we pushed: it
    /// adds fields of its own, and that is no change of its side.
    pub rendition_of: Option<ContentHash>,
    /// Whether it is gone.
    pub deleted: bool,
    /// When the provider last changed it, as it says.
    pub provider_updated_at: Option<Timestamp>,
    /// When it became known.
    pub first_seen_at: Timestamp,
    /// When we learned of its last change.
    pub changed_at: Timestamp,
    /// The change that is to be pushed, or of which it is not known whether it was.
    pub pending: Option<ChangeId>,
    /// Its place among the entries of the commit that changed it.
    pub index: u16,
    /// The commit and the place of its last change, where a later commit wrote this record.
    pub placed: Option<(u64, u16)>,
    /// The commit and the place by which it was added, where that was not its last change.
    pub added_at: Option<(u64, u16)>,
}

/// An entry of the feed of an entity: a record was added, changed or deleted. It tells of the
/// record as it is when it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncFeed {
    /// The record's id at the provider.
    pub id: String,
    /// When it was changed.
    pub at: Timestamp,
    /// Whether it is gone.
    pub deleted: bool,
}

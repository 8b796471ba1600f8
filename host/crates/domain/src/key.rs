//! API keys: the record that is kept, and the token that its holder shows.
//!
//! A token is `gh_{id}_{secret}{checksum}`: the checksum refuses a mistyped token
//! before any look-up, and the prefix lets secret scanners find leaked ones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{KeyId, TenantId};
use crate::permission::Permission;
use crate::time::Timestamp;

/// What is kept of an API key. The secret itself is not.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ApiKey {
    /// Its identifier, which is also the public part of the token.
    pub id: KeyId,
    /// The tenant it acts for; an operator's key has none.
    pub tenant: Option<TenantId>,
    /// A name for people.
    pub name: String,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// The token's beginning and last four characters.
    pub hint: String,
    /// When it was created.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// When it stops working.
    #[schemars(with = "Option<String>")]
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    #[schemars(with = "Option<String>")]
    pub revoked_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether the key works at `now`.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether the key may do what `wanted` names.
    pub fn may(&self, wanted: &str) -> bool {
        self.permissions.iter().any(|held| held.allows(wanted))
    }
}

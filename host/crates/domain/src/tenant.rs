//! A tenant: one customer of the host app, and the wall around its data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::TenantId;
use crate::time::Timestamp;

/// Where a tenant stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TenantStatus {
    /// Its keys work.
    #[default]
    Active,
    /// Its own keys are refused until an operator resumes it. Its data stays, webhooks for it
    /// are still taken in, and operators can act for it.
    Suspended,
    /// Its data key is destroyed and its records are being erased; this can not be undone.
    Deleted,
}

/// A tenant's record. It outlives the tenant's data, as a proof of the deletion.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Tenant {
    /// Its identifier.
    pub id: TenantId,
    /// A name for people.
    pub name: String,
    /// Whatever the host app wants kept with it; nothing once it is deleted.
    #[serde(default)]
    pub metadata: Map<String, Value>,
    /// Where it stands.
    #[serde(default)]
    pub status: TenantStatus,
    /// When it was created.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub updated_at: Option<Timestamp>,
    /// Since when it is suspended.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub suspended_at: Option<Timestamp>,
    /// When it was deleted.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub deleted_at: Option<Timestamp>,
    /// When the last of its records was erased.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub erased_at: Option<Timestamp>,
}

impl Tenant {
    /// A new tenant.
    pub fn new(id: TenantId, name: String, metadata: Map<String, Value>, now: Timestamp) -> Self {
        Self {
            id,
            name,
            metadata,
            status: TenantStatus::Active,
            created_at: now,
            updated_at: None,
            suspended_at: None,
            deleted_at: None,
            erased_at: None,
        }
    }
}

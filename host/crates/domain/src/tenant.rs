//! A tenant: one customer of the host app, and the wall around its data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::TenantId;
use crate::time::Timestamp;

/// A tenant's record.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Tenant {
    /// Its identifier.
    pub id: TenantId,
    /// A name for people.
    pub name: String,
    /// When it was created.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
}

//! Plugin versions that trapped too often and are held back.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::TenantId;
use crate::plugin::PluginRef;
use crate::time::Timestamp;

/// That a version is held back. Calls of it are refused until an operator releases it, or until
/// their integration goes to another version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionQuarantine {
    /// The version.
    pub plugin: PluginRef,
    /// For whom.
    pub holds: Holds,
    /// The last trap.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// For whom a version is held back. One tenant whose calls make it trap can not take it from the
/// others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum Holds {
    /// For these tenants: no other one's calls have trapped.
    Tenants {
        /// The tenants.
        tenants: BTreeSet<TenantId>,
    },
    /// For everybody: it trapped for more than one tenant.
    Everybody,
}

impl Holds {
    /// Whether a tenant's calls are refused.
    pub fn holds(&self, tenant: TenantId) -> bool {
        match self {
            Self::Tenants { tenants } => tenants.contains(&tenant),
            Self::Everybody => true,
        }
    }
}

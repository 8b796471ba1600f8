//! Installs: a tenant's enabling of a plugin, with what it consented to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::KeyId;
use crate::plugin::PluginRef;
use crate::sheet::PermissionSheet;
use crate::time::Timestamp;

/// A tenant's enabling of a plugin.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Install {
    /// The exact version.
    pub plugin: PluginRef,
    /// Whether it may be called now.
    pub enabled: bool,
    /// What the tenant agreed to.
    pub consent: Consent,
    /// When it was enabled first.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
}

/// What a tenant agreed to, who did, and when.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Consent {
    /// The sheet as it was shown.
    pub sheet: PermissionSheet,
    /// The key that agreed.
    pub by: KeyId,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
}

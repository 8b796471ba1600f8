//! Plugins as they are kept: one record for each version of each plugin.

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::capability::Capability;
use crate::manifest::Manifest;
use crate::sheet::PermissionSheet;
use crate::time::Timestamp;

/// A plugin version, named exactly.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct PluginRef {
    /// The plugin's id.
    pub id: String,
    /// Its version.
    #[schemars(with = "String")]
    pub version: Version,
    /// SHA-256 of the component, in hexadecimal.
    pub digest: String,
}

/// What is kept of one uploaded version.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PluginVersion {
    /// Which one it is.
    pub plugin: PluginRef,
    /// Its manifest.
    pub manifest: Manifest,
    /// What it can do, read from the component.
    pub capabilities: Vec<Capability>,
    /// What it may do.
    pub sheet: PermissionSheet,
    /// The component's size in bytes.
    pub size: u64,
    /// When it was uploaded.
    pub uploaded_at: Timestamp,
}

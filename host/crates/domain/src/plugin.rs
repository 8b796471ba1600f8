//! Plugins as they are kept: one record for each version of each plugin, and where it stands.

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::capability::Capability;
use crate::manifest::Manifest;
use crate::sheet::PermissionSheet;
use crate::time::Timestamp;
use crate::trust::Attached;

pub mod resolve;
pub mod shown;
pub mod submission;

/// A plugin version, named exactly.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct PluginRef {
    /// The plugin's id.
    pub id: String,
    /// Its version.
    #[schemars(with = "String")]
    pub version: Version,
    /// SHA-256 of the component that runs, in hexadecimal.
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
    /// Whether it may still be chosen.
    #[serde(default)]
    pub standing: Standing,
    /// What it exports of `gatehouse:plugin`, such as `connection`; absent where it was uploaded
    /// before this was kept.
    #[serde(default)]
    pub exports: Option<Vec<String>>,
    /// The interfaces that a helper lends to others, such as `acme:text/dates@1.0.0`.
    #[serde(default)]
    pub provides: Vec<String>,
    /// What it was put together from, where it needs other plugins.
    #[serde(default)]
    pub composition: Option<Composition>,
    /// The signature that it came with, over the bytes that were uploaded; absent where nobody
    /// stands for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Attached>,
    /// What it shows of itself in the marketplace.
    #[serde(default)]
    pub shown: shown::Shown,
    /// Its review; absent where none was asked for, as with all that was uploaded before there were
    /// reviews.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission: Option<submission::Submission>,
}

/// Whether a version may still be chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Standing {
    /// It was taken back: nobody new can choose it, and who has it keeps it.
    #[serde(default)]
    pub yanked: Option<Yanked>,
    /// There is something better.
    #[serde(default)]
    pub deprecated: Option<Deprecated>,
}

/// That a version was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Yanked {
    /// Why.
    pub reason: String,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
}

/// That there is something better than a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deprecated {
    /// What its users should know.
    pub message: String,
    /// What to go to: a version of the same plugin, or another plugin's id.
    pub successor: Option<String>,
    /// When it was said.
    #[schemars(with = "String")]
    pub at: Timestamp,
}

/// What a component was put together from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Composition {
    /// SHA-256 of the component as it was uploaded, in hexadecimal.
    pub uploaded: String,
    /// The helpers that were linked into it, exactly, by id.
    pub with: Vec<PluginRef>,
}

impl PluginVersion {
    /// SHA-256 of the bytes that were uploaded, in hexadecimal.
    pub fn uploaded_digest(&self) -> &str {
        self.composition.as_ref().map_or(&self.plugin.digest, |composition| &composition.uploaded)
    }

    /// Whether it is there for tenants at all: no review was asked for, or these very bytes passed
    /// theirs.
    pub fn is_approved(&self) -> bool {
        self.submission.as_ref().is_none_or(|submission| {
            submission.state == submission::State::Approved && submission.digest == self.uploaded_digest()
        })
    }

    /// Whether it may be chosen by somebody who names no version.
    pub fn is_current(&self) -> bool {
        let Standing { yanked, deprecated } = &self.standing;
        let stands = yanked.is_none() && deprecated.is_none() && self.plugin.version.pre.is_empty();
        stands && self.is_approved()
    }
}

//! What a signature stands for: the digests and the names by which a component is known again.

use gatehouse_domain::error::{Error, Result};
use gatehouse_domain::manifest::Manifest;

use super::{component, digest};
use crate::sections;

/// What makes a built component this one and no other.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// SHA-256 of the component, in hexadecimal.
    pub component: String,
    /// SHA-256 of the manifest section's bytes, in hexadecimal.
    pub manifest_digest: String,
    /// The manifest.
    pub manifest: Manifest,
    /// The WIT packages that it is built against, sorted.
    pub contracts: Vec<String>,
}

impl Identity {
    /// Reads it. No code of the component runs, and it may still be one that is refused.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] for what is no component with a manifest.
    pub fn of(bytes: &[u8]) -> Result<Self> {
        component::check_kind(bytes)?;
        let manifest = section(bytes)?;
        let decoded = component::decode(bytes)?;
        let root = decoded.world()?.package;
        let packages = decoded.resolve.packages.iter().filter(|(id, _)| Some(*id) != root);
        let mut contracts: Vec<String> = packages.map(|(_, package)| package.name.to_string()).collect();
        contracts.sort();
        Ok(Self {
            component: digest(bytes),
            manifest_digest: digest(manifest),
            manifest: Manifest::from_json(manifest)?,
            contracts,
        })
    }
}

/// What a component asks for and what it offers, by name: `gatehouse:payments/charges@0.1.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interfaces {
    /// What it imports.
    pub imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
}

impl Interfaces {
    /// Reads them. No code of the component runs.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] for what is no component.
    pub fn of(bytes: &[u8]) -> Result<Self> {
        component::check_kind(bytes)?;
        let decoded = component::decode(bytes)?;
        let world = decoded.world()?;
        let imports = world.imports.keys().map(|name| decoded.resolve.name_world_key(name)).collect();
        let exports = world.exports.keys().map(|name| decoded.resolve.name_world_key(name)).collect();
        Ok(Self { imports, exports })
    }
}

/// SHA-256 of a component, in hexadecimal.
pub fn component_digest(bytes: &[u8]) -> String {
    digest(bytes)
}

/// SHA-256 of the manifest section's bytes alone, in hexadecimal; nothing where there is none that
/// can be found.
pub fn manifest_digest(bytes: &[u8]) -> Option<String> {
    section(bytes).ok().map(digest)
}

fn section(bytes: &[u8]) -> Result<&[u8]> {
    let sections = sections::read(bytes)?;
    sections.manifest.ok_or_else(|| {
        Error::invalid(
            "the component carries no manifest: build it with `gatehouse plugin build`, which embeds plugin.toml",
        )
    })
}

//! Inspection: everything that can be known of a plugin before any of its code runs, and
//! every reason to refuse it.

use gatehouse_domain::capability::Capability;
use gatehouse_domain::error::{Error, Result};
use gatehouse_domain::manifest::Manifest;
use gatehouse_domain::sheet::PermissionSheet;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) mod component;
pub(crate) mod contract;
mod exports;
pub mod identity;
mod imports;
pub(crate) mod size;

use crate::package::docs::Docs;
use crate::sections;
use crate::shape::Signature;
use contract::check_manifest;

/// The largest component that is taken, in bytes.
pub const MAX_COMPONENT_BYTES: usize = 32 << 20;

/// What a component is, read without running it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Inspection {
    /// The manifest that it carries.
    pub manifest: Manifest,
    /// What it can do, by code.
    pub capabilities: Vec<Capability>,
    /// Whether it exports `gatehouse:plugin/connection`.
    pub has_connection: bool,
    /// Whether it exports `gatehouse:plugin/sync`.
    pub has_sync: bool,
    /// Whether it exports `gatehouse:plugin/webhook`.
    pub has_webhook: bool,
    /// Whether it exports `gatehouse:plugin/outcomes`.
    #[serde(default)]
    pub has_outcomes: bool,
    /// Whether it exports `gatehouse:plugin/registrations`.
    #[serde(default)]
    pub has_registrations: bool,
    /// Whether it exports `gatehouse:plugin/backfill`.
    #[serde(default)]
    pub has_backfill: bool,
    /// The interfaces that it imports of the host, those that hold only types left out.
    pub imports: Vec<String>,
    /// The interfaces that other plugins have to bring: it runs once they are linked into it.
    #[serde(default)]
    pub wants: Vec<String>,
    /// The interfaces that it lends to others, where it is a helper.
    #[serde(default)]
    pub provides: Vec<String>,
    /// SHA-256 of the component, in hexadecimal.
    pub digest: String,
    /// Its size in bytes.
    pub size: u64,
    /// The fixtures that it carries.
    pub fixtures: Option<Value>,
    /// What it may do.
    pub sheet: PermissionSheet,
}

impl Inspection {
    /// What it exports of `gatehouse:plugin`.
    pub fn exports(&self) -> Vec<String> {
        let all = [
            ("backfill", self.has_backfill),
            ("connection", self.has_connection),
            ("outcomes", self.has_outcomes),
            ("registrations", self.has_registrations),
            ("sync", self.has_sync),
            ("webhook", self.has_webhook),
        ];
        all.iter().filter(|(_, has)| *has).map(|(name, _)| (*name).to_owned()).collect()
    }

    /// Inspects a component. None of its code runs, and nothing is compiled.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] or [`gatehouse_domain::ErrorKind::TooLarge`],
    /// with the exact reason and what would be right.
    pub fn of(component: &[u8]) -> Result<Self> {
        inspect(component).map(|inspected| inspected.inspection)
    }
}

/// An inspection with what the runtime needs besides.
pub(crate) struct Inspected {
    pub(crate) inspection: Inspection,
    /// One signature for each capability, in the same order.
    pub(crate) signatures: Vec<Signature>,
}

/// Inspects a component.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] or [`gatehouse_domain::ErrorKind::TooLarge`],
/// with the exact reason and what would be right.
pub(crate) fn inspect(bytes: &[u8]) -> Result<Inspected> {
    component::check_kind(bytes)?;
    let sections = sections::read(bytes)?;
    let manifest = manifest(&sections)?;
    component::validate(bytes)?;
    let decoded = component::decode(bytes)?;
    let imports = imports::check(&decoded, &manifest)?;
    let exports = exports::read(&decoded, &manifest, &docs(&sections)?)?;
    check_manifest(&manifest, &exports)?;
    let fixtures = section_json(sections::FIXTURES, sections.fixtures)?;
    let sheet = PermissionSheet::of(&manifest, &exports.capabilities, &imports.lent);
    let inspection = Inspection {
        manifest,
        capabilities: exports.capabilities,
        has_connection: exports.connection,
        has_sync: exports.sync,
        has_webhook: exports.webhook,
        has_outcomes: exports.outcomes,
        has_registrations: exports.registrations,
        has_backfill: exports.backfill,
        imports: imports.lent,
        wants: imports.wanted,
        provides: exports.provides,
        digest: digest(bytes),
        size: bytes.len() as u64,
        fixtures,
        sheet,
    };
    Ok(Inspected { inspection, signatures: exports.signatures })
}

/// SHA-256 in hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref())
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn manifest(sections: &sections::Sections<'_>) -> Result<Manifest> {
    let Some(bytes) = sections.manifest else {
        return Err(Error::invalid(
            "the component carries no manifest: build it with `gatehouse plugin build`, which embeds plugin.toml",
        ));
    };
    Manifest::from_json(bytes)
}

/// What the plugin says of its own interfaces, and what the contracts say of theirs: a
/// plugin can not describe `process-payment` as something else.
fn docs(sections: &sections::Sections<'_>) -> Result<Docs> {
    let mut docs: Docs = section_json(sections::DOCS, sections.docs)?.unwrap_or_default();
    docs.add(Docs::released());
    Ok(docs)
}

fn section_json<T: serde::de::DeserializeOwned>(name: &str, bytes: Option<&[u8]>) -> Result<Option<T>> {
    let Some(bytes) = bytes else { return Ok(None) };
    let parsed = serde_json::from_slice(&sections::unpack(name, bytes)?);
    parsed.map(Some).map_err(|error| Error::invalid(format!("the section `{name}` does not parse: {error}")))
}

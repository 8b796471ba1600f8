//! Packaging: one component file that carries its manifest, its documentation and its
//! fixtures, the latter two packed. It changes no code of the component.

use std::collections::BTreeSet;

use gatehouse_domain::error::{Error, Result};
use gatehouse_domain::manifest::Manifest;
use serde_json::Value;

use crate::inspect::component;
use crate::sections;
use crate::shape::build::interface_name;

pub(crate) mod docs;
pub mod sizes;

use docs::Docs;

/// One WIT file of a plugin's own package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitSource {
    /// The file's name, for messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Puts manifest, documentation and fixtures into a component. Sections of an earlier
/// packaging are replaced.
///
/// `wit` are the files of the plugin's own WIT package, if it has one: a built component
/// keeps no doc comments. Those of the released contracts are added by themselves.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] where the bytes are no component, the
/// manifest breaks a rule, or a WIT file does not parse.
pub fn package(component: &[u8], manifest: &Manifest, wit: &[WitSource], fixtures: &Value) -> Result<Vec<u8>> {
    manifest.check()?;
    let decoded = component::decode(component)?;
    let interfaces: BTreeSet<String> =
        decoded.resolve.interfaces.iter().filter_map(|(_, one)| interface_name(&decoded.resolve, one)).collect();
    let mut docs = Docs::released().clone();
    docs.add(&Docs::of_sources(wit.iter().map(|file| (file.name.as_str(), file.text.as_str())))?);
    docs.keep_only(&interfaces);
    let mut parts = vec![(sections::MANIFEST, json(manifest)?), (sections::DOCS, sections::pack(json(&docs)?)?)];
    if !fixtures.is_null() {
        parts.push((sections::FIXTURES, sections::pack(json(fixtures)?)?));
    }
    sections::replace(component, &parts)
}

fn json(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| Error::internal("a section can not be written as JSON").caused_by(error))
}

//! The fields of a credential: each is used, is secret where the host puts it into requests, and says what it is.

use std::collections::BTreeSet;

use gatehouse_domain::manifest::Manifest;
use serde_json::Value;

use crate::author::codes::Code;
use crate::author::findings::Finding;

const FILE: &str = "plugin.toml";

/// What is wrong with them.
pub(super) fn check(manifest: &Manifest) -> Vec<Finding> {
    let used = used(manifest);
    let fields: Vec<&str> = manifest.credential_fields().collect();
    let mut findings = Vec::new();
    for name in fields {
        let place = format!("$.credentials.properties.{name}");
        let schema = manifest.credentials.pointer(&format!("/properties/{name}")).unwrap_or(&Value::Null);
        let has = |key: &str| schema.get(key).is_some_and(|value| !value.is_null());
        if !used.contains(name) {
            let message = "is asked for and never used: remove it, or name it in an auth scheme or under webhook";
            findings.push(Finding::warning(Code::CredentialUnused, FILE, Some(&place), message));
        }
        if !has("description") && !has("title") {
            let message = "has neither title nor description: say where a person finds it";
            findings.push(Finding::warning(Code::CredentialUnexplained, FILE, Some(&place), message));
        }
        if !has("examples") {
            let message = "has no `examples`: the demo and the sandbox make a credential of the first one";
            findings.push(Finding::warning(Code::CredentialExample, FILE, Some(&place), message));
        }
    }
    findings
}

/// The fields that the host uses.
fn used(manifest: &Manifest) -> BTreeSet<String> {
    let mut used: BTreeSet<String> = BTreeSet::new();
    for scheme in &manifest.auth {
        used.extend(scheme.placement.secrets().into_iter().map(str::to_owned));
    }
    if let Some(webhook) = &manifest.webhook {
        used.extend(webhook.fields().into_iter().map(str::to_owned));
    }
    // OAuth names its fields in many places; each is a whole text somewhere in it.
    if let Some(oauth) = manifest.oauth.as_ref().and_then(|oauth| serde_json::to_value(oauth).ok()) {
        texts(&oauth, &mut used);
    }
    used
}

fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, found)),
        _ => {}
    }
}

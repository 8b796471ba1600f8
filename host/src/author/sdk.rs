//! What a gateway is built against, as this program carries it: the SDK's sources and the contracts, written beside
//! the gateway, so that nothing has to be fetched from us and both sides are of one version.

use std::fs;
use std::path::{Path, PathBuf};

use gatehouse_domain::{Error, Result};
use toml::{Table, Value};

/// Where it is, below a plugin's folder.
pub(crate) const FOLDER: &str = ".gatehouse";

/// Every file, by its path in this repository.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sdk.rs"));

/// The manifest from which the SDK's own inherits.
const WORKSPACE: &str = include!(concat!(env!("OUT_DIR"), "/workspace.rs"));

/// Writes the SDK for Rust and the contracts below `folder`, in place of an older one. Answers where they are.
///
/// # Errors
/// Where a file can not be written.
pub(crate) fn write_rust(folder: &Path) -> Result<PathBuf> {
    let target = cleared(folder)?;
    for (name, text) in FILES {
        let text = if *name == "sdk/Cargo.toml" { standalone(text)? } else { (*text).to_owned() };
        write(&target.join(name), &text)?;
    }
    Ok(target)
}

/// Writes the contracts alone, a folder for each package, below `folder`. Answers where they are.
///
/// # Errors
/// As [`write_rust`].
pub(crate) fn write_contracts(folder: &Path) -> Result<PathBuf> {
    let target = cleared(folder)?;
    for (name, text) in FILES.iter().filter(|(name, _)| name.starts_with("wit/") && name.ends_with(".wit")) {
        write(&target.join(name), text)?;
    }
    Ok(target)
}

/// Writes a file with the folders above it.
///
/// # Errors
/// Where it can not be written, with its name.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(parent).and_then(|()| fs::write(path, text));
    written.map_err(|error| Error::unavailable(format!("{} can not be written", path.display())).caused_by(error))
}

fn cleared(folder: &Path) -> Result<PathBuf> {
    let target = folder.join(FOLDER);
    match fs::remove_dir_all(&target) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::unavailable(format!("{} can not be replaced", target.display())).caused_by(error))
        }
        _ => Ok(target),
    }
}

/// The SDK's Cargo.toml without a workspace around it: what it inherits is written out, and what only this
/// repository's own checks need is left out.
fn standalone(text: &str) -> Result<String> {
    let unreadable = |error: toml::de::Error| Error::internal("the SDK's manifest does not parse").caused_by(error);
    let mut manifest: Table = text.parse().map_err(unreadable)?;
    let workspace: Table = WORKSPACE.parse().map_err(unreadable)?;
    for ours in ["lints", "dev-dependencies", "example"] {
        manifest.remove(ours);
    }
    let below = |name: &str| workspace.get("workspace").and_then(|all| all.get(name)).and_then(Value::as_table);
    if let (Some(package), Some(shared)) = (manifest.get_mut("package"), below("package")) {
        inherit(package, shared);
    }
    if let Some(shared) = below("dependencies") {
        let tables = manifest.iter_mut().filter(|(name, _)| *name != "package").map(|(_, table)| table);
        tables.for_each(|table| inherit_all(table, shared));
    }
    toml::to_string(&manifest).map_err(|error| Error::internal("the SDK's manifest has no text").caused_by(error))
}

/// Looks for tables of dependencies at any depth, as those of a target are deeper.
fn inherit_all(value: &mut Value, shared: &Table) {
    inherit(value, shared);
    if let Some(table) = value.as_table_mut() {
        table.iter_mut().for_each(|(_, inner)| inherit_all(inner, shared));
    }
}

/// Replaces each `name.workspace = true` by what the workspace says of `name`; what else stands beside it is kept.
fn inherit(value: &mut Value, shared: &Table) {
    let Some(table) = value.as_table_mut() else { return };
    for (name, item) in table.iter_mut() {
        let inherits = item.get("workspace").and_then(Value::as_bool) == Some(true);
        let Some(known) = shared.get(name).filter(|_| inherits) else { continue };
        let mut own = item.as_table().cloned().unwrap_or_default();
        own.remove("workspace");
        *item = merged(known, own);
    }
}

fn merged(known: &Value, own: Table) -> Value {
    if own.is_empty() {
        return known.clone();
    }
    let mut whole = match known {
        Value::Table(table) => table.clone(),
        version => Table::from_iter([("version".to_owned(), version.clone())]),
    };
    whole.extend(own);
    Value::Table(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdk_stands_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join(".gatehouse/sdk/src")).unwrap();
        fs::write(folder.path().join(".gatehouse/sdk/src/gone.rs"), "").unwrap();
        let target = write_rust(folder.path()).unwrap();
        let text = fs::read_to_string(target.join("sdk/Cargo.toml")).unwrap();
        assert!(!text.contains("workspace"), "{text}");
        let manifest: Table = text.parse().unwrap();
        for (path, expect) in [("package.edition", "2024"), ("package.name", "gatehouse-sdk")] {
            let (table, name) = path.split_once('.').unwrap();
            assert_eq!(manifest[table][name].as_str(), Some(expect), "{path}");
        }
        assert!(manifest["dependencies"]["base64"].is_str(), "{text}");
        assert!(manifest["dependencies"]["serde"]["features"].is_array(), "{text}");
        assert!(text.contains("optional = true"), "{text}");
        // The bindings look for the contracts beside the SDK, and files of an older one are gone.
        assert!(
            target.join("wit/plugin@0.1.0/world.wit").is_file() && target.join("sdk/src/bindings/host.rs").is_file()
        );
        assert!(!target.join("sdk/src/gone.rs").exists());
    }

    #[test]
    fn other_languages_get_the_contracts_alone() {
        let folder = tempfile::tempdir().unwrap();
        let target = write_contracts(folder.path()).unwrap();
        assert!(target.join("wit/payments@0.1.0/payments.wit").is_file() && !target.join("sdk").exists());
    }
}

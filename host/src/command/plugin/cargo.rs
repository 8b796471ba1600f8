//! Cargo for a plugin's folder: where its package is, how it is built for WebAssembly, and
//! which file came out. It reads cargo's JSON and guesses no path.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use gatehouse_domain::{Error, Result};
use serde::Deserialize;
use serde_json::Value;

const TARGET: &str = "wasm32-wasip2";
const PROFILE: &str = "gateway";

/// What the profile is where a workspace does not define it: small first.
const PROFILE_SETTINGS: [&str; 7] = [
    "profile.gateway.inherits=\"release\"",
    "profile.gateway.opt-level=\"z\"",
    "profile.gateway.lto=\"fat\"",
    "profile.gateway.codegen-units=1",
    "profile.gateway.panic=\"abort\"",
    "profile.gateway.strip=true",
    "profile.gateway.debug=false",
];

/// A smaller stack than the linker's one MiB, where the workspace says nothing: it is part of
/// every instance's memory.
const STACK_SETTING: &str = "target.wasm32-wasip2.rustflags=[\"-Clink-arg=-zstack-size=131072\"]";

/// Closes the gaps that the linker leaves in what it fills in: a twelfth of the code. It can not where a profile of
/// the workspace's own keeps debug information.
const COMPACT_SETTING: &str = "target.wasm32-wasip2.rustflags=[\"-Clink-arg=--compress-relocations\"]";

/// A plugin's package, as cargo knows it.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) manifest: PathBuf,
    pub(super) workspace_root: PathBuf,
    pub(super) target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<MetadataPackage>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct MetadataPackage {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<MetadataTarget>,
}

#[derive(Deserialize)]
struct MetadataTarget {
    crate_types: Vec<String>,
}

/// Asks cargo about the package in a folder.
pub(super) fn locate(folder: &Path) -> Result<Package> {
    let manifest = folder.join("Cargo.toml");
    let manifest = manifest
        .canonicalize()
        .map_err(|error| Error::invalid(format!("{} can not be read", manifest.display())).caused_by(error))?;
    let mut command = cargo(&manifest);
    command.args(["metadata", "--format-version=1", "--no-deps", "--manifest-path"]).arg(&manifest);
    let output = output(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Error::invalid(format!("cargo does not understand {}: {}", manifest.display(), said.trim())));
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout).map_err(|error| {
        Error::unavailable("cargo's metadata does not parse; use cargo 1.95 or newer").caused_by(error)
    })?;
    let found = metadata.packages.iter().find(|package| package.manifest_path == manifest);
    let Some(package) = found else {
        return Err(Error::invalid(format!(
            "{} is a workspace without a package; name a plugin's folder",
            manifest.display()
        )));
    };
    if !package.targets.iter().any(|target| target.crate_types.iter().any(|kind| kind == "cdylib")) {
        let message = format!(
            "the package `{}` makes no component; add `[lib] crate-type = [\"cdylib\", \"rlib\"]`",
            package.name
        );
        return Err(Error::invalid(message));
    }
    Ok(Package { manifest, workspace_root: metadata.workspace_root, target_directory: metadata.target_directory })
}

/// Builds the component and answers the file. Cargo shows its own progress on standard error.
///
/// The component alone: with a library beside it that others could link, all that is public stays in.
pub(super) fn build(package: &Package) -> Result<PathBuf> {
    let mut command = cargo(&package.manifest);
    command.args(["rustc", "--lib", "--crate-type", "cdylib", "--target", TARGET, "--profile", PROFILE]);
    command.args(["--message-format=json-render-diagnostics", "--manifest-path"]).arg(&package.manifest);
    for setting in missing_settings(&package.workspace_root) {
        command.args(["--config", setting]);
    }
    let output = output(command.stdout(Stdio::piped()).stderr(Stdio::inherit()))?;
    if !output.status.success() {
        let message = format!(
            "cargo could not build {}; its words are above (a missing target comes with `rustup target add {TARGET}`)",
            package.manifest.display()
        );
        return Err(Error::invalid(message));
    }
    artefact(&String::from_utf8_lossy(&output.stdout), &package.manifest).ok_or_else(|| {
        Error::unavailable(format!("cargo built {} but named no .wasm file", package.manifest.display()))
    })
}

/// In the plugin's folder, so that its own toolchain and cargo settings hold.
fn cargo(manifest: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(manifest.parent().unwrap_or(Path::new("."))).stdin(Stdio::null());
    command
}

fn output(command: &mut Command) -> Result<Output> {
    command.output().map_err(|error| {
        Error::unavailable("cargo does not start; install Rust from https://rustup.rs").caused_by(error)
    })
}

/// What the workspace leaves open. What it sets itself is its own to decide.
fn missing_settings(root: &Path) -> Vec<&'static str> {
    let text = |file: &str| fs::read_to_string(root.join(file)).unwrap_or_default();
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap_or_default();
    let has_profile = manifest.get("profile").and_then(|profiles| profiles.get(PROFILE)).is_some();
    let mut settings = Vec::new();
    if !has_profile {
        settings.extend(PROFILE_SETTINGS);
        settings.push(COMPACT_SETTING);
    }
    if !text(".cargo/config.toml").contains("stack-size") {
        settings.push(STACK_SETTING);
    }
    settings
}

/// The `.wasm` file among cargo's messages that this package's own library became.
fn artefact(messages: &str, manifest: &Path) -> Option<PathBuf> {
    let mut found = None;
    for line in messages.lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        let ours = message.get("reason").and_then(Value::as_str) == Some("compiler-artifact")
            && message.get("manifest_path").and_then(Value::as_str).map(Path::new) == Some(manifest);
        if !ours {
            continue;
        }
        let files = message.get("filenames").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        found = files.map(PathBuf::from).find(|file| file.extension().is_some_and(|kind| kind == "wasm")).or(found);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_artefact_is_this_packages_own_wasm_file() {
        let messages = r#"{"reason":"compiler-artifact","manifest_path":"/dep/Cargo.toml","filenames":["/t/dep.wasm"]}
{"reason":"build-script-executed","manifest_path":"/p/Cargo.toml"}
not json
{"reason":"compiler-artifact","manifest_path":"/p/Cargo.toml","filenames":["/t/p.wasm","/t/libp.rlib"]}
{"reason":"build-finished","success":true}"#;
        assert_eq!(artefact(messages, Path::new("/p/Cargo.toml")), Some(PathBuf::from("/t/p.wasm")));
        assert_eq!(artefact(messages, Path::new("/q/Cargo.toml")), None);
    }

    #[test]
    fn only_what_a_workspace_leaves_open_is_set() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(missing_settings(root.path()).len(), PROFILE_SETTINGS.len() + 2);
        fs::write(root.path().join("Cargo.toml"), "[profile.gateway]\ninherits = 'release'").unwrap();
        assert_eq!(missing_settings(root.path()), [STACK_SETTING]);
        fs::create_dir(root.path().join(".cargo")).unwrap();
        fs::write(root.path().join(".cargo/config.toml"), "# stack-size").unwrap();
        assert!(missing_settings(root.path()).is_empty());
    }

    #[test]
    fn a_folder_that_is_no_plugin_is_refused() {
        let check = |files: &[(&str, &str)], expect: &str| {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("src")).unwrap();
            for (name, text) in files {
                fs::write(folder.path().join(name), text).unwrap();
            }
            let error = locate(folder.path()).unwrap_err().to_string();
            assert!(error.contains(expect), "{error}");
        };
        check(&[], "Cargo.toml can not be read");
        check(&[("Cargo.toml", "[package")], "cargo does not understand");
        check(&[("Cargo.toml", "[workspace]\n")], "a workspace without a package");
        let plain = "[package]\nname = 'p'\nversion = '1.0.0'\nedition = '2024'\n[workspace]\n";
        check(&[("Cargo.toml", plain), ("src/lib.rs", "")], "crate-type = [\"cdylib\", \"rlib\"]");
    }
}

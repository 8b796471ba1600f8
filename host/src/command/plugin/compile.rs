//! From a plugin's folder to a packaged component, whatever language it is written in.

use std::fs;
use std::path::{Path, PathBuf};

use gatehouse_domain::{Error, Result};
use gatehouse_runtime::{Inspection, package};
use serde_json::Value;

use super::folder::Source;
use super::{cargo, folder, showcase, toolchain};
use crate::author::languages::Language;
use crate::author::{sdk, stage};

/// A built plugin.
pub(super) struct Made {
    /// The packaged component.
    pub(super) component: Vec<u8>,
    pub(super) inspection: Inspection,
    /// Where it is written where nobody says otherwise.
    pub(super) path: PathBuf,
}

/// Builds a folder. It is read first, so that a mistake there does not wait for the compiler.
///
/// # Errors
/// What is wrong with the folder, what the compiler said, or why a server would refuse the component.
pub(super) fn made(folder: &Path) -> Result<Made> {
    finished(folder, folder::read(folder)?)
}

/// As [`made`], without fixtures, which are then for whoever asked to look at.
///
/// # Errors
/// As [`made`].
pub(super) fn made_bare(folder: &Path) -> Result<Made> {
    finished(folder, folder::read_bare(folder)?)
}

fn finished(path: &Path, source: Source) -> Result<Made> {
    let shown = showcase::read(path)?;
    let (compiled, plugins) = compile(path)?;
    let component = package(&compiled, &source.manifest, &source.wit, &source.fixtures)?;
    let component = shown.embed(&component)?;
    // What has a place in it is about the manifest: it and the component have to agree.
    let inspection = Inspection::of(&component).map_err(|error| match error.problems.is_empty() {
        true => error,
        false => folder::located(&path.join("plugin.toml"), error),
    })?;
    let manifest = &inspection.manifest;
    let written = match plugins {
        Some(plugins) => plugins.join(format!("{}-{}.wasm", manifest.id, manifest.version)),
        None => stage::dist(path, &inspection),
    };
    Ok(Made { component, inspection, path: written })
}

/// The component without sections of ours, and the folder for built plugins where the language has one.
fn compile(folder: &Path) -> Result<(Vec<u8>, Option<PathBuf>)> {
    match Language::of(folder) {
        Language::Rust => {
            restore_sdk(folder)?;
            let package = cargo::locate(folder)?;
            let compiled = cargo::build(&package)?;
            Ok((read(&compiled)?, Some(package.target_directory.join("plugins"))))
        }
        Language::Javascript => Ok((toolchain::javascript(folder)?, None)),
        Language::Python => Ok((toolchain::python(folder)?, None)),
    }
}

/// A copy of the SDK that a gateway names and that is not there, as after a fresh checkout, is written anew.
fn restore_sdk(folder: &Path) -> Result<()> {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    let named = manifest.contains(&format!("\"{}/sdk\"", sdk::FOLDER));
    if named && !folder.join(sdk::FOLDER).join("sdk/Cargo.toml").is_file() {
        sdk::write_rust(folder)?;
    }
    Ok(())
}

/// A component that was built before, or a folder that is built now.
///
/// # Errors
/// As [`made`]; [`gatehouse_domain::ErrorKind::Invalid`] for a file that is no plugin.
pub(super) fn component_of(path: &Path) -> Result<(Vec<u8>, Inspection)> {
    if path.is_dir() {
        let made = made(path)?;
        return Ok((made.component, made.inspection));
    }
    let component = read(path)?;
    let inspection = Inspection::of(&component)?;
    Ok((component, inspection))
}

/// Reads a file.
///
/// # Errors
/// Where it can not be read, with its name.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| Error::unavailable(format!("{} can not be read", path.display())).caused_by(error))
}

/// JSON that stands in an argument, or after an `@` the name of the file that it stands in.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] naming the argument, for what is no JSON.
pub(super) fn json_of(argument: &str, text: &str) -> Result<Value> {
    let text = match text.strip_prefix('@') {
        Some(file) => String::from_utf8_lossy(&read(Path::new(file))?).into_owned(),
        None => text.to_owned(),
    };
    serde_json::from_str(&text).map_err(|error| Error::invalid(format!("{argument} is not JSON: {error}")))
}

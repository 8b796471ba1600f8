//! `cargo xtask plugins`: builds each folder of `plugins/` and packages it through the
//! host binary, so that a plugin of ours is built exactly as anyone's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{Failure, Result, Step, cargo};

pub(crate) mod sizes;

/// The target that gateways are compiled for.
pub(crate) const TARGET: &str = "wasm32-wasip2";

const STEP: &str = "plugins";

/// A plugin that was built.
#[derive(Debug)]
pub(crate) struct Built {
    /// Its folder's name.
    pub(crate) name: String,
    /// The packaged file.
    pub(crate) path: PathBuf,
    /// How many bytes of it are the component.
    pub(crate) component: u64,
    /// How many bytes it has.
    pub(crate) file: u64,
}

/// Builds and says where each plugin is.
pub(crate) fn command(root: &Path, only: Option<&str>) -> Result<()> {
    for built in build(root, only, &build_host(root)?)? {
        println!("{}", built.path.display());
    }
    Ok(())
}

/// Builds the plugins, or the one named, with the host binary `host`, and answers them in order of folder.
pub(crate) fn build(root: &Path, only: Option<&str>, host: &Path) -> Result<Vec<Built>> {
    let folders = chosen(folders(root)?, only)?;
    ensure_target()?;
    folders.iter().map(|folder| build_one(root, host, folder)).collect()
}

/// Builds the host alone, the quickest way to a binary, and answers where it is.
pub(crate) fn build_host(root: &Path) -> Result<PathBuf> {
    Step::new("build host", cargo(root, ["build", "--package", "gatehouse"])).logged(root).run()?;
    let binary = binary(root);
    if binary.is_file() {
        return Ok(binary);
    }
    Err(Failure::new(STEP, format!("{} is not there after the build", binary.display())))
}

/// Where the host binary is.
pub(crate) fn binary(root: &Path) -> PathBuf {
    target_dir(root).join("debug").join(format!("gatehouse{}", std::env::consts::EXE_SUFFIX))
}

/// Makes sure that gateways can be compiled at all.
pub(crate) fn ensure_target() -> Result<()> {
    if has_target() {
        return Ok(());
    }
    let mut add = Command::new("rustup");
    add.args(["target", "add", TARGET]);
    let added = Step::new(format!("add target {TARGET}"), add).run();
    if added.is_ok() && has_target() {
        return Ok(());
    }
    let reason = format!(
        "the Rust target {TARGET} is missing and `rustup target add {TARGET}` did not bring it; \
         install rustup from https://rustup.rs, or the package of your system that holds the \
         standard library for {TARGET}, and run this again"
    );
    Err(Failure { by_hand: Some(format!("rustup target add {TARGET}")), ..Failure::new(STEP, reason) })
}

/// Asks the compiler itself, which works without rustup too.
fn has_target() -> bool {
    let mut ask = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    ask.args(["--print", "target-libdir", "--target", TARGET]);
    let answer = Step::new("look for the target", ask).silent().run();
    answer.is_ok_and(|answer| answer.last().is_some_and(|line| Path::new(line.trim()).is_dir()))
}

/// The names of the folders that hold a plugin, in order.
pub(crate) fn names(root: &Path) -> Result<Vec<String>> {
    Ok(folders(root)?.iter().map(|folder| name_of(folder)).collect())
}

/// Every folder of `plugins/` that holds a manifest, in order of name.
fn folders(root: &Path) -> Result<Vec<PathBuf>> {
    let parent = root.join("plugins");
    let unreadable = |error| Failure::new(STEP, format!("{} can not be read: {error}", parent.display()));
    let mut folders = Vec::new();
    for entry in fs::read_dir(&parent).map_err(unreadable)? {
        let folder = entry.map_err(unreadable)?.path();
        if folder.join("plugin.toml").is_file() {
            folders.push(folder);
        }
    }
    folders.sort();
    Ok(folders)
}

fn chosen(folders: Vec<PathBuf>, only: Option<&str>) -> Result<Vec<PathBuf>> {
    let Some(name) = only else { return Ok(folders) };
    let names: Vec<String> = folders.iter().map(|folder| name_of(folder)).collect();
    let found: Vec<PathBuf> = folders.into_iter().filter(|folder| name_of(folder) == name).collect();
    if found.is_empty() {
        return Err(Failure::new(STEP, format!("there is no plugin `{name}`; there is {}", names.join(", "))));
    }
    Ok(found)
}

fn build_one(root: &Path, host: &Path, folder: &Path) -> Result<Built> {
    let mut command = Command::new(host);
    command.current_dir(root).args(["plugin", "build"]).arg(folder).arg("--json");
    let name = format!("build plugin {}", name_of(folder));
    let built = Step::new(&name, command).logged(root).run()?;
    let number = |key| built.iter().find_map(|line| number_of(line, key));
    let path = built.iter().find_map(|line| value_of(line, "component")).map(PathBuf::from);
    let told = path.zip(number("component")).zip(number("size"));
    let ((path, component), file) = told.ok_or_else(|| Failure::new(name, "the host did not say what it built"))?;
    Ok(Built { name: name_of(folder), path, component, file })
}

/// The number under `key` in a line of our own pretty-printed JSON.
fn number_of(line: &str, key: &str) -> Option<u64> {
    line.trim().strip_prefix(&format!("\"{key}\": "))?.trim_end_matches(',').parse().ok()
}

/// The text under `key` in a line of our own pretty-printed JSON.
fn value_of(line: &str, key: &str) -> Option<String> {
    let rest = line.trim().strip_prefix(&format!("\"{key}\": \""))?;
    Some(rest.trim_end_matches(',').strip_suffix('"')?.replace("\\\\", "\\"))
}

fn name_of(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Where cargo puts what it builds.
fn target_dir(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_picks_by_folder_and_names_the_others() {
        let folders = vec![PathBuf::from("plugins/acme"), PathBuf::from("plugins/zeta")];
        assert_eq!(chosen(folders.clone(), None).unwrap().len(), 2);
        assert_eq!(chosen(folders.clone(), Some("zeta")).unwrap(), [PathBuf::from("plugins/zeta")]);
        assert!(chosen(folders, Some("none")).unwrap_err().reason.contains("acme, zeta"));
    }

    #[test]
    fn the_component_is_read_from_the_answer() {
        for (line, expect) in [
            (r#"  "component": "target/plugins/acme-1.0.0.wasm","#, Some("target/plugins/acme-1.0.0.wasm")),
            (r#"  "component": "a b.wasm""#, Some("a b.wasm")),
            (r#"  "components": "x""#, None),
            ("   Compiling component", None),
        ] {
            assert_eq!(value_of(line, "component").as_deref(), expect, "{line}");
        }
        assert_eq!(number_of(r#"    "component": 4711,"#, "component"), Some(4711));
        assert_eq!(number_of(r#"  "component": "4711.wasm""#, "component"), None);
    }

    #[test]
    fn folders_without_a_manifest_are_no_plugins() {
        let root = std::env::temp_dir().join(format!("xtask-plugins-{}", std::process::id()));
        fs::create_dir_all(root.join("plugins/with")).unwrap();
        fs::create_dir_all(root.join("plugins/without")).unwrap();
        fs::write(root.join("plugins/with/plugin.toml"), "").unwrap();
        assert_eq!(folders(&root).unwrap(), [root.join("plugins/with")]);
        fs::remove_dir_all(&root).unwrap();
    }
}

//! Rules that no compiler checks: who may know whom, and where a line belongs.

mod arrows;
mod contracts;
mod dashboards;
mod gateways;
mod interfaces;
mod sources;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::artefacts::root;

/// Every file that git tracks or would track, relative to the project's root.
fn files() -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(listed.status.success(), "git ls-files failed; the tidy tests need a git checkout");
    let listed = String::from_utf8(listed.stdout).unwrap();
    listed.lines().map(PathBuf::from).filter(|path| root().join(path).is_file()).collect()
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn rust_files() -> impl Iterator<Item = PathBuf> {
    files().into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs"))
}

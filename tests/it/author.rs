//! The author's path, as an author walks it: with the program, in a folder outside the project.

mod mistakes;
mod path;
mod scaffolds;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::harness::artefacts::{binary, root};

/// The program with arguments, and the project's own target folder: what was compiled there needs no second time.
pub(crate) fn gatehouse(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).current_dir(folder);
    command.env("CARGO_TARGET_DIR", root().join("target")).env("CARGO_NET_OFFLINE", "true");
    command.env("XDG_CACHE_HOME", root().join("target/author-cache"));
    command
}

/// Runs it, and answers what it printed; it has to end well.
pub(crate) fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = gatehouse(folder, arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs it, and answers what it said; it has to end with the code of a failure.
pub(crate) fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = gatehouse(folder, arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
    said(&output)
}

/// What a run printed as JSON.
pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Both streams.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// The versions that the project itself was built with, so that nothing is fetched.
pub(crate) fn lock(folder: &Path) {
    std::fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
}

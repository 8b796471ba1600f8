//! What every source file keeps to.

use std::collections::BTreeSet;

use super::{files, rust_files, text};
use crate::harness::artefacts::root;

/// The most lines that one file may have.
const MOST_LINES: usize = 400;

#[test]
fn files_stay_short_and_say_what_they_own() {
    for path in rust_files() {
        let text = text(&path);
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{} has {lines} lines; split it by concept", path.display());
        assert!(text.starts_with("//!"), "{} does not begin by saying what it owns", path.display());
        assert_ne!(path.file_name().unwrap(), "mod.rs", "{}: use name.rs beside name/", path.display());
    }
}

#[test]
fn no_provider_is_named_under_host() {
    let folders = std::fs::read_dir(root().join("plugins")).unwrap().flatten();
    let folders = folders.filter(|folder| folder.path().is_dir());
    let providers: BTreeSet<String> = folders.map(|folder| folder.file_name().into_string().unwrap()).collect();
    assert!(!providers.is_empty());
    for path in files().into_iter().filter(|path| path.starts_with("host")) {
        let Ok(text) = std::fs::read_to_string(root().join(&path)) else { continue };
        let text = text.to_lowercase();
        for provider in &providers {
            assert!(!text.contains(provider), "{} names the provider {provider}", path.display());
        }
    }
}

#[test]
fn nothing_is_left_unfinished_or_skipped() {
    // Written in two halves so that this file does not find itself.
    let marks = [
        concat!("FIX", "ME"),
        concat!("// XX", "X"),
        concat!("#[ign", "ore"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
    ];
    for path in rust_files() {
        let text = text(&path);
        for mark in marks {
            assert!(!text.contains(mark), "{} holds {mark}", path.display());
        }
    }
}

#[test]
fn the_project_names_no_machine() {
    let home = std::env::var("HOME").unwrap_or_default();
    let places = [root().parent().unwrap().join("").display().to_string(), format!("{home}/")];
    for path in files() {
        let Ok(text) = std::fs::read_to_string(root().join(&path)) else { continue };
        for place in places.iter().filter(|place| place.len() > 3) {
            assert!(!text.contains(place.as_str()), "{} names {place}", path.display());
        }
    }
}

#[test]
fn the_readme_has_the_room_for_each_reader() {
    let readme = text("README.md".as_ref());
    for heading in ["## Two commands", "## A tour", "## Code map", "## Write a gateway", "## Speed"] {
        assert!(readme.contains(heading), "README.md lacks `{heading}`");
    }
    for folder in [
        "host/crates/domain",
        "host/crates/store",
        "host/crates/broker",
        "host/crates/runtime",
        "host/crates/engine",
        "host/crates/api",
    ] {
        assert!(readme.contains(folder), "the code map in README.md lacks {folder}");
    }
}

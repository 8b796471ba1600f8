//! Every kind of scaffold is a gateway whose fixtures pass as they are.

use std::fs;
use std::process::Command;

use super::{done, lock, refused, said};
use crate::harness::artefacts::root;

const KINDS: [&str; 10] = [
    "accounting",
    "automation",
    "calendar",
    "commerce",
    "crm",
    "documents",
    "email",
    "marketing",
    "messaging",
    "payments",
];

/// A whole gateway of any kind, comments included, has no more than this.
const MOST_LINES: usize = 60;

#[test]
fn every_kind_passes_its_tests_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let sdk = root().join("sdk").display().to_string();
    for kind in KINDS {
        done(folder.path(), &["plugin", "new", kind, "--kind", kind, "--sdk", &sdk]);
        let member = folder.path().join(kind);
        // One workspace for all, so that one run of cargo is enough.
        let manifest = fs::read_to_string(member.join("Cargo.toml")).unwrap();
        fs::write(member.join("Cargo.toml"), manifest.replace("[workspace]\n", "")).unwrap();
        let code = fs::read_to_string(member.join("src/lib.rs")).unwrap();
        let lines = code.lines().filter(|line| !line.trim().is_empty()).count();
        assert!(lines <= MOST_LINES, "{kind} has {lines} lines");
        for file in ["plugin.toml", "README.md", "icon.svg", "tests/fixtures.rs"] {
            let text = fs::read_to_string(member.join(file)).unwrap();
            assert!(!text.contains("{{"), "{kind}/{file} was not filled:\n{text}");
        }
    }
    fs::write(folder.path().join("Cargo.toml"), "[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\n").unwrap();
    lock(folder.path());
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--quiet", "--offline", "--workspace"]).current_dir(folder.path());
    let output = cargo.env("CARGO_TARGET_DIR", root().join("target")).env_remove("RUSTFLAGS").output().unwrap();
    let told = said(&output);
    assert!(output.status.success(), "{told}");
    assert!(told.matches("1 passed").count() >= KINDS.len(), "{told}");
    assert!(!told.contains("warning"), "{told}");
}

#[test]
fn what_can_not_be_begun_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let check = |arguments: &[&str], expect: &str| {
        let said = refused(folder.path(), &[&["plugin", "new"], arguments].concat());
        assert!(said.contains(expect), "{arguments:?}: {said}");
    };
    check(&["Acme", "--kind", "payment"], "there is no kind `payment`; give one of payments,");
    check(&["7up", "--kind", "crm"], "`7up` makes no id");
    check(&["A\"cme", "--kind", "crm"], "has a sign that has no place in a name");
    check(&["Acme", "--kind", "crm", "--sdk", "nowhere"], "nowhere holds no SDK");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left of what was refused");
    done(folder.path(), &["plugin", "new", "Acme Pay", "--kind", "crm", "--lang", "python"]);
    assert!(folder.path().join("acme-pay/gateway.py").is_file());
    check(&["Acme Pay", "--kind", "crm"], "acme-pay is there already; name another folder with --dir");
}

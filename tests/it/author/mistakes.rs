//! What an author does wrong is told with the file, the field and the fix.

use std::fs;
use std::path::Path;

use super::{done, json, lock, refused};

#[test]
fn each_mistake_names_file_field_and_fix() {
    let home = tempfile::tempdir().unwrap();
    done(home.path(), &["plugin", "new", "Acme", "--kind", "crm"]);
    let folder = home.path().join("acme");
    lock(&folder);
    let check = |file: &str, from: &str, to: &str, command: &str, expect: &[&str]| {
        let path = folder.join(file);
        let good = fs::read_to_string(&path).unwrap();
        assert!(good.contains(from), "{file} has no {from}");
        fs::write(&path, good.replace(from, to)).unwrap();
        let said = refused(&folder, &["plugin", command]);
        for part in expect {
            assert!(said.contains(part), "{file}, {from} -> {to}: `{part}` is not in\n{said}");
        }
        fs::write(&path, good).unwrap();
    };
    let case = "fixtures/add-note/example";
    check(
        &format!("{case}/output.json"),
        "note_1",
        "note_2",
        "test",
        &["add-note/example/output.json $.id", "note_2", "--bless"],
    );
    check(
        &format!("{case}/exchange.json"),
        "/v1/contacts",
        "/v1/people",
        "test",
        &["exchange.json $[0].request.path", "/v1/people"],
    );
    check(
        &format!("{case}/input.json"),
        "\"contact\"",
        "\"person\"",
        "test",
        &["add-note/example/input.json", "$.subject"],
    );
    check("plugin.toml", "\"POST\"", "\"PUT\"", "check", &["fixtures/add-note/example", "is not allowed"]);
    check(
        "plugin.toml",
        "paths = [\"/v1/me\"]",
        "paths = [\"/v1/me\", \"/v1/more\"]",
        "check",
        &["plugin.toml $.egress.allow", "never used: remove it"],
    );
    check("plugin.toml", "ADD_NOTE", "ADD_NOTES", "check", &["plugin.toml", "ADD_NOTE"]);
    check(
        "plugin.toml",
        "secret = \"api_key\"",
        "secret = \"key\"",
        "check",
        &["plugin.toml", "$.auth[0]", "`key` is not a property"],
    );
    check("README.md", "ADD_NOTE", "NOTES", "check", &["README.md", "does not mention ADD_NOTE"]);
    check("icon.svg", "<svg", "<gif", "check", &["icon.svg", "is no SVG image"]);
    check("src/lib.rs", "note.text(\"id\")", "note.txt(\"id\")", "test", &["src/lib.rs", "txt"]);
    allows(&folder);
    traps(&folder);
}

/// What an author allows has its reason in the report; an exception that allows nothing is a finding itself.
fn allows(folder: &Path) {
    let (readme, exceptions) = (folder.join("README.md"), folder.join("check.toml"));
    let good = fs::read_to_string(&readme).unwrap();
    let reason = "the capability is told of elsewhere";
    fs::write(&exceptions, format!("[[allow]]\ncode = \"readme-silent\"\nreason = \"{reason}\"\n")).unwrap();
    let unused = refused(folder, &["plugin", "check"]);
    assert!(unused.contains("check.toml allow[0]: `readme-silent` is not found any more"), "{unused}");
    fs::write(&readme, good.replace("ADD_NOTE", "NOTES")).unwrap();
    let found = json(&done(folder, &["plugin", "check", "--json"]));
    let finding = &found["findings"][0];
    assert_eq!((&found["errors"], &found["allowed"]), (&serde_json::json!(0), &serde_json::json!(1)), "{found:#}");
    assert_eq!((&finding["code"], &finding["allowed"]), (&"readme-silent".into(), &reason.into()), "{found:#}");
    fs::write(&readme, good).unwrap();
    fs::remove_file(&exceptions).unwrap();
}

/// A trap is no answer: it is told as a fault of the code, with what the gateway said last.
fn traps(folder: &Path) {
    let path = folder.join("src/lib.rs");
    let good = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        good.replace("let subjects = ", "assert!(request.id != \"con_7\", \"seven\");\n        let subjects = "),
    )
    .unwrap();
    let said = refused(folder, &["plugin", "test", "--only", "add-note/example"]);
    assert!(said.contains("the gateway trapped") && said.contains("seven"), "{said}");
    fs::write(&path, good).unwrap();
    let found = json(&done(folder, &["plugin", "test", "--json"]));
    assert_eq!(found["findings"], serde_json::json!([]), "{found}");
}

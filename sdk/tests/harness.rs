//! The harness on the example gateway: good fixtures pass, and each way of being wrong is named
//! with its file and its place.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

#[path = "../examples/acme.rs"]
mod acme;

use std::path::Path;

use gatehouse_sdk::harness::{self, Gateway};

/// Fixtures that pass: path and content.
const GOOD: &[(&str, &str)] = &[
    (
        "test/live/exchange.json",
        r#"[{
        "request": {"method": "GET", "path": "/me"},
        "response": {"status": 200, "json": {"id": "a1", "display_name": null, "live": true}}
    }]"#,
    ),
    ("test/live/output.json", r#"{"id": "a1", "live": true}"#),
    ("test/down/exchange.json", r#"[{"request": {"method": "GET", "path": "/me"}, "failure": "timeout"}]"#),
    ("test/down/error.json", r#"{"kind": "unavailable"}"#),
    ("list-themes/two/input.json", r#"{"limit": 2}"#),
    (
        "list-themes/two/exchange.json",
        r#"[{
        "request": {"method": "POST", "path": "/themes/search", "json": {"limit": 2}},
        "response": {"status": 200, "json": [{"id": "t1", "title": "Sea"}]}
    }]"#,
    ),
    ("list-themes/two/output.json", r#"[{"id": "t1", "title": "Sea"}]"#),
];

fn write(folder: &Path, file: &str, content: &str) {
    let path = folder.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

fn good() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (file, content) in GOOD {
        write(folder.path(), file, content);
    }
    folder
}

/// Writes one file over the good fixtures (an empty content removes it), and looks for the texts in the report.
fn check(file: &str, content: &str, expect: &[&str]) {
    let folder = good();
    write(folder.path(), file, content);
    if content.is_empty() {
        std::fs::remove_file(folder.path().join(file)).unwrap();
    }
    let report = harness::check::<acme::Acme>(folder.path(), false).unwrap_err();
    for text in expect {
        assert!(report.contains(text), "`{text}` is not in:\n{report}");
    }
}

#[test]
fn good_fixtures_pass() {
    assert_eq!(acme::Acme::functions(), ["test", "list-themes"]);
    assert_eq!(harness::check::<acme::Acme>(good().path(), false), Ok(3));
}

#[test]
fn a_wrong_outcome_is_named() {
    check(
        "test/live/output.json",
        r#"{"id": "a2", "live": true}"#,
        &["test/live: output.json: $.id: expected \"a2\", found \"a1\""],
    );
    check(
        "test/down/error.json",
        r#"{"kind": "declined"}"#,
        &["test/down: error.json: $.kind: expected \"declined\", found \"unavailable\""],
    );
    check("test/down/error.json", "{}", &["$.kind: is missing"]);
    check("test/live/output.json", "", &["has no output.json or error.json", "GATEHOUSE_BLESS"]);
    check("test/live/error.json", r#"{"kind": "provider"}"#, &["has output.json and error.json"]);
    let answer = r#"[{"request": {"method": "GET", "path": "/me"}, "response": {"status": 503}}]"#;
    check("test/live/exchange.json", answer, &["output.json was expected, and this is error.json", "unavailable"]);
}

#[test]
fn a_wrong_request_is_named() {
    let request = |request: &str| format!(r#"[{{"request": {request}, "response": {{"status": 200, "json": []}}}}]"#);
    let search = |text: &str, expect: &str| check("list-themes/two/exchange.json", &request(text), &[expect]);
    let json = r#""json": {"limit": 2}"#;
    search(
        &format!(r#"{{"method": "PUT", "path": "/themes/search", {json}}}"#),
        "$[0].request.method: expected PUT, sent POST",
    );
    search(
        &format!(r#"{{"method": "POST", "path": "/themes", {json}}}"#),
        "$[0].request.path: expected /themes, sent /themes/search",
    );
    search(
        r#"{"method": "POST", "path": "/themes/search", "json": {"limit": 3}}"#,
        "$[0].request.json.limit: expected 3, found 2",
    );
    search(r#"{"method": "POST", "path": "/themes/search", "form": [["limit", "2"]]}"#, "another body was sent");
    search(r#"{"method": "POST", "path": "/themes/search"}"#, "another body was sent");
    search(
        &format!(r#"{{"method": "POST", "path": "/themes/search", "query": [["a", "b"]], {json}}}"#),
        "query[0]: expected a=b, sent nothing",
    );
    search(
        &format!(r#"{{"method": "POST", "path": "/themes/search", "headers": {{"X-A": "b"}}, {json}}}"#),
        "headers.X-A: expected b, sent none",
    );
    search(
        &format!(r#"{{"method": "POST", "path": "/themes/search", "idempotency_key": "k", {json}}}"#),
        "idempotency_key: expected k, sent none",
    );
}

#[test]
fn more_and_fewer_requests_than_played_are_named() {
    let one = r#"{"request": {"method": "GET", "path": "/me"}, "response": {"status": 200, "json": {"id": "a1", "live": true}}}"#;
    check("test/live/exchange.json", &format!("[{one}, {one}]"), &["$[1]: never sent: GET /me"]);
    check("test/live/exchange.json", "[]", &["$[0]: is not there, and this was sent: GET /me"]);
}

#[test]
fn malformed_fixtures_are_named() {
    check("test/live/notes.txt", "x", &["notes.txt: unknown file"]);
    check("test/live/exchange.json", "[{]", &["exchange.json: key must be a string at line 1"]);
    check(
        "test/live/exchange.json",
        r#"[{"request": {"method": "GET", "path": "/me"}}]"#,
        &["$[0]: needs either `response` or `failure`"],
    );
    check("test/live/exchange.json", r#"[{"requst": {}}]"#, &["unknown field `requst`"]);
    check("test/live/context.json", r#"{"setings": {}}"#, &["unknown field `setings`"]);
    check("test/live/input.json", r#"{"limit": 1}"#, &["input.json: unknown field `limit`"]);
    check("list-themes/two/input.json", r#"{"limit": -1}"#, &["list-themes/two: input.json:", "-1"]);
    check("tset/live/output.json", "{}", &["the gateway exports no function `tset`; it has test, list-themes"]);
}

#[test]
fn a_function_without_a_case_is_named() {
    let folder = good();
    std::fs::remove_dir_all(folder.path().join("list-themes")).unwrap();
    let report = harness::check::<acme::Acme>(folder.path(), false).unwrap_err();
    assert!(report.contains("no case for the exported function `list-themes`"), "{report}");
    let report = harness::check::<acme::Acme>(&folder.path().join("nowhere"), false).unwrap_err();
    assert!(report.contains("nowhere"), "{report}");
}

#[test]
fn blessing_writes_what_came_of_it() {
    let folder = good();
    write(folder.path(), "test/live/output.json", r#"{"id": "old"}"#);
    write(folder.path(), "test/down/output.json", "{}");
    std::fs::remove_file(folder.path().join("test/down/error.json")).unwrap();
    assert_eq!(harness::check::<acme::Acme>(folder.path(), true), Ok(3));
    assert_eq!(harness::check::<acme::Acme>(folder.path(), false), Ok(3));
    let written = std::fs::read_to_string(folder.path().join("test/live/output.json")).unwrap();
    assert_eq!(written, "{\n  \"id\": \"a1\",\n  \"live\": true\n}\n");
    assert!(!folder.path().join("test/down/output.json").exists());
}

#[test]
fn nothing_is_sent_outside_a_fixture() {
    let error = gatehouse_sdk::http::Request::get("/me").send().unwrap_err();
    assert_eq!(error.kind, gatehouse_sdk::ErrorKind::Forbidden);
}

//! The OpenAPI document is what the OpenAPI initiative's own schema says one is, in the eyes of a
//! validator that no one here wrote.

use std::io::Write;
use std::process::Command;

use super::installed;
use crate::harness::contract::DOCUMENT;

/// Whether the validator takes a document, and what it says.
fn validate(python: &std::path::Path, document: &str) -> (bool, String) {
    let mut file = tempfile::NamedTempFile::with_suffix(".json").unwrap();
    file.write_all(document.as_bytes()).unwrap();
    let mut command = Command::new(python);
    let output = command.args(["-m", "openapi_spec_validator", "--schema", "3.1"]).arg(file.path()).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn the_document_is_an_openapi_document() {
    let Some(python) = installed("python") else { return };
    let (valid, said) = validate(&python, &DOCUMENT.to_string().replace("\"operationId\"", "\"operationID\""));
    assert!(!valid, "the check does not check: {said}");
    let (valid, said) = validate(&python, &DOCUMENT.to_string());
    assert!(valid, "{said}");
}

//! A plugin's folder beside its code: manifest, own WIT package and fixtures. Every file that
//! is malformed or unknown is named, and nothing is left out in silence.

use std::fs;
use std::path::{Path, PathBuf};

use gatehouse_domain::manifest::Manifest;
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_runtime::WitSource;
use serde_json::{Map, Value};

use crate::sandbox::Fixtures;

/// What a component carries besides its code.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) manifest: Manifest,
    pub(super) wit: Vec<WitSource>,
    /// `{ "<function>": { "<case>": { … } } }`, or null where there are none.
    pub(super) fixtures: Value,
}

/// The parts of a case, each in `<part>.json`.
const PARTS: [&str; 5] = ["input", "context", "exchange", "output", "error"];

/// Reads everything.
pub(super) fn read(folder: &Path) -> Result<Source> {
    Ok(Source { fixtures: fixtures(&folder.join("fixtures"))?, ..read_bare(folder)? })
}

/// As [`read`], with no fixtures.
pub(super) fn read_bare(folder: &Path) -> Result<Source> {
    let path = folder.join("plugin.toml");
    let manifest = Manifest::from_toml(&text(&path)?).map_err(|error| located(&path, error))?;
    Ok(Source { manifest, wit: wit(&folder.join("wit"))?, fixtures: Value::Null })
}

/// The error with the name of the file that it is about.
pub(super) fn located(path: &Path, mut error: Error) -> Error {
    error.message = format!("{}: {}", path.display(), error.message);
    error
}

fn wit(folder: &Path) -> Result<Vec<WitSource>> {
    let files = entries(folder)?.into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "wit"));
    files.map(|path| Ok(WitSource { text: text(&path)?, name: name(&path) })).collect()
}

fn fixtures(folder: &Path) -> Result<Value> {
    let mut problems = Vec::new();
    let mut functions = Map::new();
    for function in entries(folder)? {
        let mut cases = Map::new();
        for case in entries(&function)? {
            cases.insert(name(&case), Value::Object(read_case(&case, &mut problems)?));
        }
        functions.insert(name(&function), Value::Object(cases));
    }
    if !problems.is_empty() {
        return Err(Error::problems("the fixtures can not be packaged", problems));
    }
    let fixtures = if functions.is_empty() { Value::Null } else { Value::Object(functions) };
    Fixtures::from_json(&fixtures)?;
    Ok(fixtures)
}

fn read_case(folder: &Path, problems: &mut Vec<Problem>) -> Result<Map<String, Value>> {
    let mut case = Map::new();
    for path in entries(folder)? {
        let part = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let known = PARTS.contains(&part.as_str()) && path.extension().is_some_and(|kind| kind == "json");
        if !known {
            let message =
                format!("is no part of a case; a case has {}", PARTS.map(|part| format!("{part}.json")).join(", "));
            problems.push(Problem::at(path.display().to_string(), message));
            continue;
        }
        match serde_json::from_str(&text(&path)?) {
            Ok(value) => drop(case.insert(part, value)),
            Err(error) => problems.push(Problem::at(path.display().to_string(), error.to_string())),
        }
    }
    Ok(case)
}

/// What is in a folder, by name; nothing where there is no such folder.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |error: std::io::Error| {
        Error::invalid(format!("the folder {} can not be read", folder.display())).caused_by(error)
    };
    let found = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        found => found.map_err(unreadable)?,
    };
    let mut paths = Vec::new();
    for entry in found {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path)
        .map_err(|error| Error::invalid(format!("{} can not be read", path.display())).caused_by(error))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn fixtures_are_read_by_function_and_case() {
        let folder = folder_with(&[
            ("get/ok/input.json", "{\"id\":1}"),
            ("get/ok/output.json", "2"),
            ("test/no/error.json", "{}"),
        ]);
        let expect = json!({ "get": {"ok": {"input": {"id": 1}, "output": 2}}, "test": {"no": {"error": {}}} });
        assert_eq!(fixtures(folder.path()).unwrap(), expect);
        assert_eq!(fixtures(&folder.path().join("none")).unwrap(), Value::Null);
    }

    #[test]
    fn every_bad_file_is_named() {
        let check = |files: &[(&str, &str)], expect: &[&str]| {
            let error = fixtures(folder_with(files).path()).unwrap_err().to_string();
            for part in expect {
                assert!(error.contains(part), "`{part}` is not in {error}");
            }
        };
        let good = ("get/ok/output.json", "1");
        check(
            &[good, ("get/ok/notes.txt", ""), ("get/ok/inputs.json", "1")],
            &["notes.txt", "inputs.json", "exchange.json"],
        );
        check(&[good, ("get/ok/input.json", "{")], &["input.json", "line 1"]);
        check(&[good, ("get/stray.json", "1")], &["stray.json can not be read"]);
        check(&[good, ("get/ok/exchange.json", "{}")], &["get/ok", "sequence"]);
        check(&[("get/none/input.json", "{}")], &["get/none", "either output or error"]);
    }

    #[test]
    fn a_plugin_without_a_manifest_is_refused() {
        let folder = folder_with(&[("wit/a.wit", "package a:b;"), ("wit/notes.md", "")]);
        assert!(read(folder.path()).unwrap_err().to_string().contains("plugin.toml can not be read"));
        let found = wit(&folder.path().join("wit")).unwrap();
        assert_eq!(found, [WitSource { name: "a.wit".to_owned(), text: "package a:b;".to_owned() }]);
    }
}

//! A provider whose API is GraphQL and whose description is a schema: every request of the fixtures is validated and
//! executed by graphql-core, a program that no one here wrote, over the answer that the fixture has. It proves that the
//! document is one of the schema, that its variables fit, and that such an answer can come of it, no field more or less.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gatehouse_sdk::conformance::{Checked, is_listed};
use gatehouse_sdk::harness::fixture::{self, Case};
use serde_json::{Value, json};

/// What the executing program reads and does.
const PROGRAM: &str = include_str!("graphql/execute.py");

/// A schema and the fixtures that are wrong on purpose, as [`crate::Rules`] names them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Schema<'a> {
    /// The file in the folder of descriptions, in the schema language.
    pub file: &'a str,
    /// Cases whose answers are none that the schema allows.
    pub odd_responses: &'a [&'a str],
}

/// Executes every request of the fixtures in the current folder. Answers `None`, with a line on the terminal, where the
/// schema or the program is not at hand: `GATEHOUSE_SPECS` names the folder of the one, `GATEHOUSE_PEERS` of the other.
///
/// # Panics
/// Where a request or an answer does not fit, or a wrong request is not refused; this is how a test fails.
#[track_caller]
#[allow(clippy::panic, clippy::print_stdout, reason = "a test assertion that says why it was skipped")]
pub fn executes(schema: &Schema<'_>) -> Option<Checked> {
    let file = folder("GATEHOUSE_SPECS", "../../../shared/specs").join(schema.file);
    let python = folder("GATEHOUSE_PEERS", "../../.peers").join("bin/python");
    if let Some(missing) = [&file, &python].into_iter().find(|path| !path.is_file()) {
        println!(
            "skipped: {} is not here; `cargo xtask peers install` and GATEHOUSE_SPECS bring it",
            missing.display()
        );
        return None;
    }
    match execute(&python, &file, Path::new(crate::FIXTURES), schema.odd_responses) {
        Ok(checked) => Some(checked),
        Err(problems) => panic!("{} problems\n\n{}\n", problems.len(), problems.join("\n")),
    }
}

/// Executes every request of a folder's cases, and a wrong one of each document, which has to be refused.
fn execute(python: &Path, schema: &Path, fixtures: &Path, odd: &[&str]) -> Result<Checked, Vec<String>> {
    let mut problems = Vec::new();
    let cases = fixture::load(fixtures, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let requests: Vec<Value> = cases.iter().flat_map(|case| requests(case, odd)).collect();
    let input = json!({"schema": schema.display().to_string(), "requests": requests});
    let answer = run(python, &input).map_err(|problem| vec![problem])?;
    let count = |name: &str| answer.get(name).and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
    let found = answer.get("problems").and_then(Value::as_array);
    match (found, count("requests"), count("responses")) {
        (Some(found), Some(requests), Some(responses)) if found.is_empty() => Ok(Checked { requests, responses }),
        (Some(found), ..) => Err(found.iter().map(|line| line.as_str().unwrap_or_default().to_owned()).collect()),
        _ => Err(vec![format!("the executing program answered {answer}")]),
    }
}

/// A case's requests, with the data that came back where the case says what that is.
fn requests(case: &Case, odd: &[&str]) -> Vec<Value> {
    let data = |exchange: &fixture::Exchange| {
        let json = exchange.response.as_ref()?.json.as_ref()?;
        let whole = json.get("errors").is_none() && !is_listed(case, odd);
        json.get("data").filter(|data| whole && data.is_object()).cloned()
    };
    let place = |at: usize| format!("{}: exchange.json: $[{at}]", case.folder.display());
    let all = case.exchange.iter().enumerate();
    all.map(|(at, exchange)| json!({"at": place(at), "body": exchange.request.json, "data": data(exchange)})).collect()
}

/// Runs the program with its input on the standard input.
fn run(python: &Path, input: &Value) -> Result<Value, String> {
    let command = Command::new(python)
        .args(["-c", PROGRAM])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = command.map_err(|error| format!("{}: {error}", python.display()))?;
    if let Some(mut to) = child.stdin.take() {
        to.write_all(input.to_string().as_bytes()).map_err(|error| error.to_string())?;
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("graphql-core ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr)));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}

/// The folder that a variable names, else one beside this crate.
fn folder(variable: &str, own: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(own), PathBuf::from)
}

#[cfg(test)]
mod tests;

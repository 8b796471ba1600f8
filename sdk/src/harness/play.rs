//! Plays one case and compares what comes of it.

use std::path::Path;

use serde_json::Value;

use super::dispatch::{Answer, Failure};
use super::fixture::{Case, Expect};
use super::session::{Seen, Session};
use super::{Gateway, compare, session};

/// What is wrong with a case.
pub(super) fn play<G: Gateway>(case: &Case, bless: bool) -> Vec<String> {
    let (answer, seen) = session::with(Session::of(case), || G::call(&case.function, &case.input));
    outcome(case, answer, seen, bless)
}

/// What is wrong with a case that was played: where its requests differ, else where its answer does. `None` stands
/// for a function that the gateway does not know. With `bless` an answer to the right requests is written into the case.
pub fn outcome(case: &Case, answer: Option<Answer>, seen: Seen, bless: bool) -> Vec<String> {
    let mut problems = seen.problems;
    match answer {
        Some(answer) => problems.extend(judge(case, answer, bless && problems.is_empty())),
        None => problems.push(format!("the gateway does not know its function `{}`", case.function)),
    }
    if let Some(last) = problems.last_mut() {
        last.extend(seen.log.iter().map(|line| format!("\n  log {line}")));
    }
    problems
}

fn judge(case: &Case, answer: Answer, bless: bool) -> Vec<String> {
    let (name, other, found) = match answer {
        Ok(value) => ("output.json", "error.json", compare::without_nulls(value)),
        Err(Failure::Guest(error)) => match serde_json::to_value(&error) {
            Ok(error) => ("error.json", "output.json", compare::without_nulls(error)),
            Err(error) => return vec![format!("the error has no JSON form: {error}")],
        },
        Err(Failure::Shape(problem)) => return vec![problem],
    };
    if bless {
        return write(&case.folder, name, other, &found);
    }
    match (&case.expect, name) {
        (Some(Expect::Output(expected)), "output.json") => {
            let expected = opened(&case.function, compare::without_nulls(expected.clone()));
            located(name, compare::values("$", &expected, &opened(&case.function, found)))
        }
        (Some(Expect::Error(expected)), "error.json") => error_differences(expected, &found),
        (Some(_), _) => vec![format!("{other} was expected, and this is {name}:\n{found:#}")],
        (None, _) => {
            vec![format!("has no output.json or error.json; set GATEHOUSE_BLESS=1 to write {name}:\n{found:#}")]
        }
    }
}

/// The records of a pull and the events of a delivery hold JSON as text, which is compared as what it says: the order
/// of its fields is nobody's business.
fn opened(function: &str, answer: Value) -> Value {
    match function {
        "pull" | "parse" => open(answer),
        _ => answer,
    }
}

fn open(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(fields.into_iter().map(open_field).collect()),
        Value::Array(items) => Value::Array(items.into_iter().map(open).collect()),
        other => other,
    }
}

fn open_field((name, field): (String, Value)) -> (String, Value) {
    let opened = match (name.as_str(), &field) {
        // What the text says has texts of its own, which are left as they are.
        ("data", Value::String(text)) => serde_json::from_str(text).map(compare::without_nulls).unwrap_or(field),
        _ => open(field),
    };
    (name, opened)
}

/// An expected error needs its kind; of the other fields, those that are written are compared.
fn error_differences(expected: &Value, found: &Value) -> Vec<String> {
    let Some(fields) = expected.as_object().filter(|fields| fields.contains_key("kind")) else {
        return vec!["error.json: $.kind: is missing".to_owned()];
    };
    let wanted = fields.iter().flat_map(|(name, wanted)| {
        let got = found.get(name).unwrap_or(&Value::Null);
        compare::values(&format!("$.{name}"), wanted, got)
    });
    let mut differences: Vec<_> = wanted.collect();
    if let (Some(first), Some(message)) = (differences.first_mut(), found.get("message")) {
        first.push_str(&format!("\n  its message is {message}"));
    }
    located("error.json", differences)
}

fn located(file: &str, differences: Vec<String>) -> Vec<String> {
    differences.into_iter().map(|difference| format!("{file}: {difference}")).collect()
}

fn write(folder: &Path, name: &str, other: &str, found: &Value) -> Vec<String> {
    let written = std::fs::write(folder.join(name), format!("{found:#}\n"));
    let removed = match std::fs::remove_file(folder.join(other)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        result => result,
    };
    written.and(removed).err().map(|error| format!("{name} can not be written: {error}")).into_iter().collect()
}

//! Errors of the configuration: each names the key, where its value came from and the fix.

use figment::error::Kind;
use figment::value::{Dict, Value};
use figment::{Figment, Metadata, Profile};
use gatehouse_domain::{Error, Problem, Result};

use crate::config::layers::{ENVIRONMENT, FLAGS, Known, leaves};

const WRONG: &str = "the configuration can not be used";

/// Refuses every key that means nothing, with the nearest one that does.
pub(super) fn refuse_unknown_keys(figment: &Figment, known: &Known) -> Result<()> {
    let dict: Dict = figment.extract().map_err(|error| refused(figment, error))?;
    let unknown = leaves(&dict).into_iter().filter(|(key, _)| !is_known(key, known));
    let problems = unknown.map(|(key, _)| {
        let fix = match nearest(&key, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the keys are {}", known.keys().cloned().collect::<Vec<_>>().join(", ")),
        };
        Problem::at(&key, format!("there is no such key ({}); {fix}", source_of(figment, &key)))
    });
    refuse(problems.collect())
}

/// Adds to each problem where the value came from.
pub(super) fn refuse_problems(figment: &Figment, problems: Vec<Problem>) -> Result<()> {
    let located = problems.into_iter().map(|problem| {
        let message = format!("{} ({})", problem.message, source_of(figment, &problem.path));
        Problem::at(problem.path, message)
    });
    refuse(located.collect())
}

/// What figment says, in our terms.
pub(super) fn refused(figment: &Figment, error: figment::Error) -> Error {
    let mut problems = Vec::new();
    for one in error {
        let key = one.path.join(".");
        let what = describe(figment, &key, &one.kind);
        let message = match (&one.metadata, key.is_empty()) {
            (Some(metadata), true) => format!("{what} ({})", name_of(metadata, "")),
            _ => format!("{what}{} ({})", hint(&key), source_of(figment, &key)),
        };
        problems.push(Problem::at(if key.is_empty() { "the file".to_owned() } else { key }, message));
    }
    Error::problems(WRONG, problems)
}

fn refuse(problems: Vec<Problem>) -> Result<()> {
    if problems.is_empty() { Ok(()) } else { Err(Error::problems(WRONG, problems)) }
}

/// A table in the place of a value has its own, unknown, keys; a value in the place of a
/// table is left to the types.
fn is_known(key: &str, known: &Known) -> bool {
    known.contains_key(key)
        || known.keys().any(|other| other.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
}

/// The nearest key, by the whole or by its last part, where it is near enough to be meant.
fn nearest<'a>(key: &str, known: &'a Known) -> Option<&'a str> {
    let wanted = key.replace('-', "_").to_ascii_lowercase();
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let distance = |other: &str| {
        let whole = strsim::damerau_levenshtein(&wanted, other);
        let part = strsim::damerau_levenshtein(&last(&wanted), &last(other)) + 1;
        // A key without its unit is meant all the same.
        let without_unit =
            if other.strip_prefix(&wanted).is_some_and(|unit| unit.starts_with('_')) { 1 } else { usize::MAX };
        whole.min(part).min(without_unit)
    };
    let near = known.keys().map(|other| (distance(other), other)).min()?;
    (near.0 <= 2.max(wanted.len() / 4)).then_some(near.1.as_str())
}

/// Where the value of a key came from, as a person would look for it.
fn source_of(figment: &Figment, key: &str) -> String {
    figment.find_metadata(key).map_or_else(|| "from nowhere".to_owned(), |metadata| name_of(metadata, key))
}

fn name_of(metadata: &Metadata, key: &str) -> String {
    let parts: Vec<&str> = key.split('.').collect();
    match (metadata.name.as_ref(), &metadata.source) {
        (ENVIRONMENT, _) => format!("from the variable {}", metadata.interpolate(&Profile::Default, &parts)),
        (FLAGS, _) => format!("from the flag {}", metadata.interpolate(&Profile::Default, &parts)),
        (_, Some(figment::Source::File(path))) => format!("from the file {}", path.display()),
        _ => "by default".to_owned(),
    }
}

fn describe(figment: &Figment, key: &str, kind: &Kind) -> String {
    let given = figment.find_value(key).ok().and_then(|value| shown(&value));
    let given = given.map_or_else(String::new, |value| format!("`{value}`: "));
    match kind {
        Kind::UnknownVariant(value, expected) => format!("`{value}` is not one of {}", expected.join(", ")),
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => format!("{given}expected {expected}"),
        // The document's own errors span several lines.
        Kind::Message(message) => format!("{given}{}", message.split_whitespace().collect::<Vec<_>>().join(" ")),
        other => format!("{given}{other}"),
    }
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::String(_, text) => Some(text.clone()),
        Value::Bool(_, value) => Some(value.to_string()),
        Value::Num(_, number) => {
            number.to_i128().map(|n| n.to_string()).or_else(|| number.to_f64().map(|n| n.to_string()))
        }
        _ => None,
    }
}

/// What a value looks like, where its type's own words do not tell.
fn hint(key: &str) -> &'static str {
    match key {
        "listen" => "; write an IP address and a port, such as 127.0.0.1:8080",
        _ if key.ends_with("_bytes") => "; write whole bytes, such as 67108864",
        _ if key.ends_with("_ms") => "; write whole milliseconds, such as 500",
        _ if key.ends_with("_seconds") => "; write whole seconds, such as 300",
        _ if key.ends_with("_ratio") => "; write a share from 0 to 1, such as 0.1",
        _ if key.ends_with("_days") => "; write whole days, such as 30",
        _ => "",
    }
}

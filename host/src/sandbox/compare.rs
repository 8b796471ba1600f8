//! Compares a request with a fixture's, and says in words where they differ. The order of
//! pairs does not count; idempotency keys and credentials are not compared.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::sandbox::fixture::Request;
use crate::sandbox::given::{Body, Given, pairs};

/// The key of a call whose fixture names no other: the SDK's harness plays it so.
const PLAYED_KEY: &str = "fixture-key";

/// One thing in which a request differs from a fixture, and how far that takes them apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) text: String,
    pub(super) weight: u32,
}

/// Everything in which a request differs; nothing where it fits.
pub(super) fn differences(wanted: &Request, given: &Given) -> Vec<Difference> {
    let (wanted, mut found) = (&with_the_callers_key(wanted, given), Vec::new());
    if wanted.method != given.method {
        found.push(difference(20, format!("the method must be {}", wanted.method)));
    }
    let (path, query) = target(wanted);
    if path != given.path {
        found.push(difference(10 + 5 * differing_segments(&path, &given.path), format!("the path must be {path}")));
    }
    found.extend(pair_differences("query parameter", &query, &given.query));
    found.extend(header_differences(wanted, given));
    found.extend(body_differences(wanted, &given.body));
    found
}

/// A fixture's request in which whatever repeats the idempotency key holds the caller's: a form field, a
/// query parameter, or a text anywhere in a JSON body.
fn with_the_callers_key(wanted: &Request, given: &Given) -> Request {
    let mut wanted = wanted.clone();
    let key = wanted.idempotency_key.clone();
    let repeats = |value: &str| value.contains(PLAYED_KEY) || Some(value) == key.as_deref();
    fill_pairs(&mut wanted.query, &given.query, &repeats);
    match &given.body {
        Body::Form(sent) => wanted.form.iter_mut().for_each(|form| fill_pairs(form, sent, &repeats)),
        Body::Json(sent) => wanted.json.iter_mut().for_each(|json| fill_json(json, sent, &repeats)),
        _ => {}
    }
    wanted
}

fn fill_pairs(wanted: &mut [(String, String)], sent: &[(String, String)], repeats: &dyn Fn(&str) -> bool) {
    for (name, value) in wanted.iter_mut().filter(|(_, value)| repeats(value)) {
        if let Some((_, own)) = sent.iter().find(|(other, _)| other == name) {
            value.clone_from(own);
        }
    }
}

fn fill_json(wanted: &mut Value, sent: &Value, repeats: &dyn Fn(&str) -> bool) {
    match (wanted, sent) {
        (Value::String(text), Value::String(own)) if repeats(text) => text.clone_from(own),
        (Value::Object(fields), Value::Object(sent)) => {
            for (name, field) in fields {
                sent.get(name).into_iter().for_each(|own| fill_json(field, own, repeats));
            }
        }
        (Value::Array(items), Value::Array(sent)) => {
            items.iter_mut().zip(sent).for_each(|(item, own)| fill_json(item, own, repeats));
        }
        _ => {}
    }
}

fn difference(weight: u32, text: String) -> Difference {
    Difference { text, weight }
}

/// The path and the query pairs of a fixture; an absolute URL counts from its path on.
pub(super) fn target(wanted: &Request) -> (String, Vec<(String, String)>) {
    let relative = wanted
        .path
        .split_once("://")
        .map_or(wanted.path.as_str(), |(_, rest)| rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"));
    let (path, query) = relative.split_once('?').unwrap_or((relative, ""));
    let mut all = pairs(query.as_bytes());
    all.extend(wanted.query.iter().cloned());
    (path.to_owned(), all)
}

fn differing_segments(one: &str, other: &str) -> u32 {
    let (one, other): (Vec<&str>, Vec<&str>) = (one.split('/').collect(), other.split('/').collect());
    let same = one.iter().zip(&other).filter(|(one, other)| one == other).count();
    u32::try_from(one.len().max(other.len()) - same).unwrap_or(u32::MAX / 10)
}

fn header_differences(wanted: &Request, given: &Given) -> Vec<Difference> {
    let missing = wanted.headers.iter().filter(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let held = given.headers.iter().any(|(other, held)| *other == name && held == *value);
        !held && !given.ignored_headers.contains(&name)
    });
    missing.map(|(name, value)| difference(2, format!("the header {name} must be `{value}`"))).collect()
}

fn body_differences(wanted: &Request, given: &Body) -> Vec<Difference> {
    match (&wanted.form, &wanted.json, given) {
        (Some(wanted), _, Body::Form(given)) => pair_differences("form field", wanted, given),
        (Some(wanted), _, Body::Empty) => pair_differences("form field", wanted, &[]),
        (Some(_), _, _) => vec![difference(8, "the body must be a form".to_owned())],
        (None, Some(wanted), Body::Json(given)) if wanted == given => Vec::new(),
        (None, Some(wanted), Body::Json(_)) => vec![difference(4, format!("the body must be {wanted}"))],
        (None, Some(_), _) => vec![difference(8, "the body must be JSON".to_owned())],
        (None, None, Body::Empty) => Vec::new(),
        (None, None, _) => vec![difference(4, "the body must be empty".to_owned())],
    }
}

/// Pairs that are missing or too many, each name's values as a set with repeats.
fn pair_differences(what: &str, wanted: &[(String, String)], given: &[(String, String)]) -> Vec<Difference> {
    let (wanted, given) = (by_name(wanted), by_name(given));
    let mut found = Vec::new();
    for (name, values) in &wanted {
        if given.get(name) != Some(values) {
            found.push(difference(2, format!("the {what} `{name}` must be `{}`", values.join("`, `"))));
        }
    }
    let unwanted = given.keys().filter(|name| !wanted.contains_key(*name));
    found.extend(unwanted.map(|name| difference(1, format!("the {what} `{name}` must be absent"))));
    found
}

fn by_name(pairs: &[(String, String)]) -> BTreeMap<&str, Vec<&str>> {
    let mut named: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in pairs {
        named.entry(name).or_default().push(value);
    }
    named.values_mut().for_each(|values| values.sort_unstable());
    named
}

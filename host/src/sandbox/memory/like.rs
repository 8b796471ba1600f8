//! Finds the fixture that a request is like: the same method, path and kind of body, with values
//! of its own.

use serde_json::Value;

use super::bindings::Bindings;
use super::names::Names;
use crate::sandbox::compare::target;
use crate::sandbox::fixture::{Case, Exchange, Fixtures, Request};
use crate::sandbox::given::{Body, Given};

/// A fixture that a request is like.
#[derive(Debug)]
pub(super) struct Like<'a> {
    pub(super) case: &'a Case,
    pub(super) exchange: &'a Exchange,
    /// What the fixture's values are in this request.
    pub(super) bindings: Bindings,
    /// What the path names: the fixture's value and the request's.
    pub(super) named: Vec<(String, String)>,
    likeness: i64,
}

/// The fixtures that a request is like, the likest first.
pub(super) fn all<'a>(fixtures: &'a Fixtures, names: &Names, given: &Given) -> Vec<Like<'a>> {
    let exchanges = fixtures.cases.iter().flat_map(|case| case.record.exchange.iter().map(move |one| (case, one)));
    let mut found: Vec<Like<'a>> =
        exchanges.filter_map(|(case, exchange)| like(case, exchange, names, given)).collect();
    found.sort_by_key(|like| (std::cmp::Reverse(like.likeness), like.case.name != "example"));
    found
}

fn like<'a>(case: &'a Case, exchange: &'a Exchange, names: &Names, given: &Given) -> Option<Like<'a>> {
    let request = &exchange.request;
    exchange.response.as_ref()?;
    if request.method != given.method {
        return None;
    }
    let (path, query) = target(request);
    let named = path_names(&path, &given.path, names)?;
    let mut bindings = Bindings::default();
    named.iter().for_each(|(fixture, own)| bindings.text(fixture, own));
    let exact = path.split('/').count() - named.len();
    let likeness = pair_likeness(&query, &given.query, &mut bindings)
        + body_likeness(request, &given.body, &mut bindings)?
        + 8 * i64::try_from(exact).unwrap_or(0);
    Some(Like { case, exchange, bindings, named, likeness })
}

/// The segments in which two paths differ, where those are names; nothing where they are two paths.
fn path_names(fixture: &str, own: &str, names: &Names) -> Option<Vec<(String, String)>> {
    let (fixture, own): (Vec<&str>, Vec<&str>) = (fixture.split('/').collect(), own.split('/').collect());
    if fixture.len() != own.len() {
        return None;
    }
    let differing = fixture.into_iter().zip(own).filter(|(fixture, own)| fixture != own);
    differing.map(|(fixture, own)| names.has(fixture).then(|| (fixture.to_owned(), own.to_owned()))).collect()
}

/// What a request has and a fixture has not can not show in the fixture's answer; what it lacks, hardly does harm.
const MORE: i64 = 4;

/// How many names two sets of pairs share, and values; each that only one has takes from it.
fn pair_likeness(wanted: &[(String, String)], given: &[(String, String)], bindings: &mut Bindings) -> i64 {
    let value = |pairs: &[(String, String)], name: &str| {
        pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone())
    };
    let shared = wanted.iter().map(|(name, fixture)| match value(given, name) {
        Some(own) if own == *fixture => 3,
        Some(own) => {
            bindings.text(fixture, &own);
            1
        }
        None => -1,
    });
    let shared: i64 = shared.sum();
    let more = given.iter().filter(|(name, _)| value(wanted, name).is_none()).count();
    shared - MORE * i64::try_from(more).unwrap_or(0)
}

fn body_likeness(request: &Request, given: &Body, bindings: &mut Bindings) -> Option<i64> {
    match (&request.form, &request.json, given) {
        (Some(wanted), _, Body::Form(given)) => Some(pair_likeness(wanted, given, bindings)),
        (None, Some(wanted), Body::Json(given)) => {
            bindings.document(wanted, given);
            json_likeness(wanted, given)
        }
        (None, None, Body::Empty) => Some(0),
        // What is no form and no JSON is not compared: fixtures have no such body.
        (None, None, Body::Other(_)) => Some(0),
        _ => None,
    }
}

/// Nothing where a document that says what is asked for, such as one of GraphQL, is another one.
fn json_likeness(wanted: &Value, given: &Value) -> Option<i64> {
    match (wanted, given) {
        (Value::Object(wanted), Value::Object(given)) => {
            let more = given.keys().filter(|name| !wanted.contains_key(*name)).count();
            let mut likeness = -MORE * i64::try_from(more).unwrap_or(0);
            for (name, field) in wanted {
                likeness += given.get(name).map_or(Some(-1), |own| json_likeness(field, own))?;
            }
            Some(likeness)
        }
        (Value::Array(wanted), Value::Array(given)) => {
            wanted.iter().zip(given).map(|(one, own)| json_likeness(one, own)).sum::<Option<i64>>()
        }
        (Value::String(wanted), given) if is_document(wanted) => (given == wanted).then_some(3),
        (wanted, given) if wanted == given => Some(3),
        (wanted, given) if std::mem::discriminant(wanted) == std::mem::discriminant(given) => Some(1),
        _ => Some(-2),
    }
}

fn is_document(text: &str) -> bool {
    text.contains('{') && text.contains(char::is_whitespace)
}

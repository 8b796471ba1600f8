//! Two performances of one call beside each other: which requests each made, and what it answered.

use std::collections::BTreeMap;

use gatehouse_domain::cassette::{Answered, Asked, Body, Cassette, Content};
use gatehouse_domain::rehearsal::{Difference, Verdict};
use serde_json::{Value, json};

use super::diff::{As, Found};
use super::stage::{Made, alike, path_of};

/// Headers that say nothing of what is asked for.
const IDLE: &[&str] = &["user-agent"];

/// What a call did.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Performed {
    /// The requests that it made.
    pub(super) requests: Vec<Made>,
    /// What it answered.
    pub(super) answer: Answered,
}

impl Performed {
    /// What it did as it was recorded.
    pub(super) fn recorded(cassette: &Cassette) -> Self {
        let exchanges = cassette.effects.exchanges.iter().enumerate();
        let requests = exchanges.map(|(at, one)| Made { request: one.request.clone(), place: Some(at) });
        Self { requests: requests.collect(), answer: cassette.answer.clone() }
    }
}

/// What is different.
pub(super) fn compare(before: &Performed, after: &Performed) -> Vec<Difference> {
    let mut found = Found::default();
    requests(&mut found, &before.requests, &after.requests);
    answers(&mut found, &before.answer, &after.answer);
    found.into_all()
}

fn requests(found: &mut Found, before: &[Made], after: &[Made]) {
    let mut paired = vec![false; before.len()];
    let mut last = None;
    for (at, made) in after.iter().enumerate() {
        let path = format!("requests[{at}]");
        let Some((place, old)) = pair(before, &paired, made) else {
            let value = (Value::Null, shown(&made.request));
            found.note(Verdict::Changed, path, "is a request that was not made before", value);
            continue;
        };
        if let Some(paired) = paired.get_mut(place) {
            *paired = true;
        }
        if last.is_some_and(|last| place < last) {
            let value = (json!(place), json!(at));
            found.note(Verdict::Changed, path.clone(), "is made later than it was, after others", value);
        }
        last = last.max(Some(place));
        found.compare(As::Sent, &path, &normal(&old.request), &normal(&made.request));
    }
    for (old, _) in before.iter().zip(&paired).filter(|(_, paired)| !**paired) {
        found.note(Verdict::Changed, "requests", "lacks a request that was made", (shown(&old.request), Value::Null));
    }
}

/// The request that another one took the place of: the one that got the same answer, or where
/// there was none, one to the same place.
fn pair<'m>(before: &'m [Made], paired: &[bool], made: &Made) -> Option<(usize, &'m Made)> {
    let free = || before.iter().enumerate().filter(|(at, _)| paired.get(*at) == Some(&false));
    let same = |old: &Made| old.place == made.place && alike(&old.request, &made.request);
    free().find(|(_, old)| same(old))
}

fn answers(found: &mut Found, before: &Answered, after: &Answered) {
    match (before, after) {
        (Answered::Ok { result: old }, Answered::Ok { result: new }) => found.compare(As::Answered, "result", old, new),
        (Answered::Refused { error: old }, Answered::Refused { error: new }) => {
            found.compare(As::Answered, "error", &json!(old), &json!(new));
        }
        // Where it stopped and why it says so in other words is no difference; that it stops is.
        (Answered::Fault { .. }, Answered::Fault { .. }) => {}
        (old, Answered::Fault { .. }) => {
            found.note(Verdict::Failed, "answer", "is a fault", (json!(old), json!(after)));
        }
        (Answered::Ok { .. }, _) => {
            found.note(
                Verdict::Changed,
                "answer",
                "is an error where there was a result",
                (json!(before), json!(after)),
            );
        }
        _ => found.note(Verdict::Changed, "answer", "is of another kind", (json!(before), json!(after))),
    }
}

/// A request with everything in it that matters, in a form in which order and writing do not.
fn normal(request: &Asked) -> Value {
    let in_url = request.url.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let query = pairs_of(in_url).into_iter().chain(request.query.clone());
    let headers = request.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
    let headers = headers.filter(|(name, _)| !IDLE.contains(&name.as_str()));
    json!({
        "query": gathered(query),
        "headers": gathered(headers),
        "body": body(request),
        "auth": request.auth,
        "idempotency_key": request.idempotency_key,
    })
}

fn body(request: &Asked) -> Value {
    let kind = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let kind = kind.map(|(_, value)| value.to_ascii_lowercase()).unwrap_or_default();
    match &request.body {
        Body::Empty => Value::Null,
        Body::Json(text) => document(text),
        Body::Form(pairs) => gathered(pairs.iter().cloned()),
        Body::Bytes(Content::Text(text)) if kind.contains("json") => document(text),
        Body::Bytes(Content::Text(text)) if kind.contains("form-urlencoded") => gathered(pairs_of(text).into_iter()),
        Body::Bytes(Content::Text(text) | Content::Base64(text)) => json!(text),
    }
}

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

/// Pairs as they are written in a URL, left encoded.
fn pairs_of(text: &str) -> Vec<(String, String)> {
    let parts = text.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Pairs by their names; several of one name keep their order.
fn gathered(pairs: impl Iterator<Item = (String, String)>) -> Value {
    let mut by_name: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in pairs {
        by_name.entry(name).or_default().push(value);
    }
    let one = |values: Vec<String>| match <[String; 1]>::try_from(values) {
        Ok([value]) => json!(value),
        Err(values) => json!(values),
    };
    by_name.into_iter().map(|(name, values)| (name, one(values))).collect::<serde_json::Map<_, _>>().into()
}

fn shown(request: &Asked) -> Value {
    json!(format!("{} {}", request.method, path_of(request)))
}

#[cfg(test)]
mod tests;

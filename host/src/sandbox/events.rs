//! What the provider tells of a change: a delivery of its fixtures that speaks of such a thing, with
//! this thing in it and a name of its own.

use serde_json::{Map, Value};

use crate::sandbox::fixture::{Case, Fixtures};
use crate::sandbox::memory::is_same_kind;
use crate::sandbox::memory::names::{anew, own_name};

/// A delivery to be signed and sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Delivery {
    /// Its headers, without a signature.
    pub(super) headers: Vec<(String, String)>,
    /// Its body, which is JSON.
    pub(super) body: String,
}

/// The delivery about a thing; nothing where the fixtures speak of none of its kind.
pub(super) fn about(fixtures: &Fixtures, thing: &Map<String, Value>, number: u64) -> Option<Delivery> {
    let spoken = fixtures.cases.iter().filter(|case| case.function == "parse").filter(|case| tells(case));
    let alike = spoken.filter_map(|case| {
        let body: Value = serde_json::from_str(case.record.input.get("body")?.as_str()?).ok()?;
        let likeness = kept_in(&body, thing).map(|kept| equal_fields(kept, thing))?;
        Some((likeness, case, body))
    });
    let (_, case, mut body) = alike.max_by_key(|(likeness, case, _)| (*likeness, std::cmp::Reverse(&case.name)))?;
    put(&mut body, thing);
    name(&mut body, number);
    Some(Delivery { headers: headers_of(case), body: body.to_string() })
}

/// The headers that a fixture's delivery has.
pub(crate) fn headers_of(case: &Case) -> Vec<(String, String)> {
    let pairs = case.record.input.get("headers").and_then(Value::as_array).into_iter().flatten();
    let text = |pair: &Value, at: usize| pair.get(at).and_then(Value::as_str).map(str::to_owned);
    pairs.filter_map(|pair| Some((text(pair, 0)?, text(pair, 1)?))).collect()
}

fn tells(case: &Case) -> bool {
    case.record.output.as_ref().and_then(Value::as_array).is_some_and(|events| !events.is_empty())
}

/// The object of a thing's kind within a delivery.
fn kept_in<'a>(body: &'a Value, thing: &Map<String, Value>) -> Option<&'a Map<String, Value>> {
    match body {
        Value::Object(object) if is_of_kind(object, thing) => Some(object),
        Value::Object(object) => object.values().find_map(|field| kept_in(field, thing)),
        Value::Array(items) => items.iter().find_map(|item| kept_in(item, thing)),
        _ => None,
    }
}

fn put(body: &mut Value, thing: &Map<String, Value>) -> bool {
    match body {
        Value::Object(object) if is_of_kind(object, thing) => {
            for (name, field) in thing {
                object.insert(name.clone(), field.clone());
            }
            true
        }
        Value::Object(object) => object.values_mut().any(|field| put(field, thing)),
        Value::Array(items) => items.iter_mut().any(|item| put(item, thing)),
        _ => false,
    }
}

fn is_of_kind(object: &Map<String, Value>, thing: &Map<String, Value>) -> bool {
    own_name(object).is_some() && is_same_kind(object, thing)
}

fn equal_fields(one: &Map<String, Value>, other: &Map<String, Value>) -> usize {
    one.iter().filter(|(name, field)| other.get(*name) == Some(*field)).count()
}

/// Each delivery is another event.
fn name(body: &mut Value, number: u64) {
    let Some(object) = body.as_object_mut() else { return };
    for field in ["id", "event_id", "eventId"] {
        if let Some(Value::String(text)) = object.get_mut(field) {
            *text = anew(text, number);
        }
    }
}

//! What changes between two JSON Schemas, by the side that the value comes from. What callers
//! give has to be taken as before; what they are answered has to be as they know it.
//!
//! It understands every schema that the host makes of WIT types, and of those that authors write
//! for settings and credentials the usual keywords. Any other keyword that changes is breaking:
//! what is not understood is not called harmless.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Changes, Class};

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// From those who use the plugin: parameters, settings, credentials.
    Given,
    /// From the plugin: results.
    Answered,
}

/// Keywords that allow nothing and forbid nothing.
const WORDS: &[&str] = &["$schema", "$id", "$comment", "title", "description", "examples", "default", "deprecated"];
/// Keywords with a number below which values do not fit.
const LOWER: &[&str] = &["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"];
/// Keywords with a number above which values do not fit.
const UPPER: &[&str] = &["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"];
/// Keywords that a walk of their own compares.
const WALKED: &[&str] = &[
    "type",
    "enum",
    "const",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "prefixItems",
    "oneOf",
    "anyOf",
    "writeOnly",
    "uniqueItems",
];

impl Side {
    /// That more values fit than before.
    fn looser(self) -> Class {
        if self == Self::Given { Class::Additive } else { Class::Breaking }
    }

    /// That fewer values fit than before.
    fn tighter(self) -> Class {
        if self == Self::Given { Class::Breaking } else { Class::Additive }
    }
}

/// Compares what fits `old` with what fits `new`.
pub(super) fn compare(side: Side, old: &Value, new: &Value, path: &str, changes: &mut Changes) {
    let ((old, was_null), (new, is_null)) = (nullable(old), nullable(new));
    match (was_null, is_null) {
        (false, true) => changes.add(side.looser(), path, "was never null, and may be"),
        (true, false) => changes.add(side.tighter(), path, "might be null, and may not be"),
        _ => {}
    }
    values(side, old, new, path, changes);
}

fn values(side: Side, old: &Value, new: &Value, path: &str, changes: &mut Changes) {
    if old == new {
        return;
    }
    let (Some(was), Some(is)) = (old.as_object(), new.as_object()) else {
        changes.breaking(path, format!("was {old}, and is {new}"));
        return;
    };
    if !types(side, was, is, path, changes) {
        return;
    }
    members(side, was, is, path, changes);
    bounds(side, was, is, path, changes);
    objects(side, was, is, path, changes);
    arrays(side, was, is, path, changes);
    cases(side, was, is, path, changes);
    rest(side, was, is, path, changes);
}

/// Whether the types can be compared any further.
fn types(side: Side, was: &Map<String, Value>, is: &Map<String, Value>, path: &str, changes: &mut Changes) -> bool {
    let (old, new) = (type_names(was), type_names(is));
    if old == new {
        return true;
    }
    let fits = |wide: &Option<BTreeSet<&str>>, narrow: &Option<BTreeSet<&str>>| match (wide, narrow) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wide), Some(narrow)) => {
            narrow.iter().all(|name| wide.contains(name) || (*name == "integer" && wide.contains("number")))
        }
    };
    let class = match (fits(&new, &old), fits(&old, &new)) {
        (true, _) => side.looser(),
        (false, true) => side.tighter(),
        (false, false) => Class::Breaking,
    };
    changes.add(class, path, format!("was {}, and is {}", said(&old), said(&new)));
    fits(&new, &old) || fits(&old, &new)
}

fn type_names(schema: &Map<String, Value>) -> Option<BTreeSet<&str>> {
    match schema.get("type")? {
        Value::String(name) => Some(BTreeSet::from([name.as_str()])),
        Value::Array(names) => Some(names.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}

fn said(types: &Option<BTreeSet<&str>>) -> String {
    match types {
        None => "anything".to_owned(),
        Some(names) => names.iter().copied().collect::<Vec<_>>().join(" or "),
    }
}

/// The values that are listed one by one.
fn members(side: Side, was: &Map<String, Value>, is: &Map<String, Value>, path: &str, changes: &mut Changes) {
    match (listed(was), listed(is)) {
        (None, None) => {}
        (None, Some(_)) => changes.add(side.tighter(), path, "might be anything, and is one of a few now"),
        (Some(_), None) => changes.add(side.looser(), path, "was one of a few, and may be anything now"),
        (Some(old), Some(new)) => {
            for gone in old.iter().filter(|value| !new.contains(value)) {
                changes.add(side.tighter(), path, format!("{gone} is no longer among its values"));
            }
            for fresh in new.iter().filter(|value| !old.contains(value)) {
                changes.add(side.looser(), path, format!("{fresh} is new among its values"));
            }
        }
    }
}

fn listed(schema: &Map<String, Value>) -> Option<Vec<&Value>> {
    match (schema.get("enum").and_then(Value::as_array), schema.get("const")) {
        (Some(values), _) => Some(values.iter().collect()),
        (None, Some(value)) => Some(vec![value]),
        (None, None) => None,
    }
}

fn bounds(side: Side, was: &Map<String, Value>, is: &Map<String, Value>, path: &str, changes: &mut Changes) {
    let number = |schema: &Map<String, Value>, name: &str| schema.get(name).and_then(Value::as_f64);
    let keywords = LOWER.iter().map(|name| (*name, true)).chain(UPPER.iter().map(|name| (*name, false)));
    for (name, is_lower) in keywords {
        let no_bound = if is_lower { f64::NEG_INFINITY } else { f64::INFINITY };
        let (old, new) = (number(was, name).unwrap_or(no_bound), number(is, name).unwrap_or(no_bound));
        if was.get(name) == is.get(name) {
            continue;
        }
        let class = if (new > old) == is_lower { side.tighter() } else { side.looser() };
        let word = |bound: f64| if bound.is_finite() { bound.to_string() } else { "absent".to_owned() };
        changes.add(class, path, format!("`{name}` was {}, and is {}", word(old), word(new)));
    }
}

fn objects(side: Side, was: &Map<String, Value>, is: &Map<String, Value>, path: &str, changes: &mut Changes) {
    let empty = Map::new();
    let fields = |schema: &'_ Map<String, Value>| schema.get("properties").and_then(Value::as_object).cloned();
    let (old, new) = (fields(was).unwrap_or_else(|| empty.clone()), fields(is).unwrap_or(empty));
    for (name, schema) in &old {
        let place = join(path, name);
        match new.get(name) {
            Some(now) => field(side, (was, schema), (is, now), name, &place, changes),
            None if side == Side::Answered => changes.breaking(place, "is gone"),
            None if is_closed(is) => changes.breaking(place, "is no longer taken"),
            None => changes.additive(place, "is no longer described"),
        }
    }
    for name in new.keys().filter(|name| !old.contains_key(*name)) {
        let place = join(path, name);
        match side {
            Side::Given if requires(is, name) => changes.breaking(place, "is new and required"),
            _ => changes.additive(place, "is new"),
        }
    }
    additional(side, was, is, path, changes);
}

/// One field of both. Whether it may be left out and whether it may be null go together in what
/// the host makes of WIT, so they are told as one.
fn field(
    side: Side,
    (was, old): (&Map<String, Value>, &Value),
    (is, new): (&Map<String, Value>, &Value),
    name: &str,
    path: &str,
    changes: &mut Changes,
) {
    match (requires(was, name), requires(is, name)) {
        (false, true) => {
            let class = if side == Side::Given { Class::Breaking } else { Class::Additive };
            changes.add(class, path, "was optional, and is required");
        }
        (true, false) => {
            let class = if side == Side::Given { Class::Additive } else { Class::Breaking };
            changes.add(class, path, "was required, and is optional");
        }
        _ => return compare(side, old, new, path, changes),
    }
    values(side, nullable(old).0, nullable(new).0, path, changes);
}

fn additional(side: Side, was: &Map<String, Value>, is: &Map<String, Value>, path: &str, changes: &mut Changes) {
    let (old, new) = (was.get("additionalProperties"), is.get("additionalProperties"));
    match (old, new) {
        (old, new) if old == new => {}
        (Some(old @ Value::Object(_)), Some(new @ Value::Object(_))) => {
            compare(side, old, new, &join(path, "*"), changes);
        }
        _ if is_closed(is) => changes.add(side.tighter(), path, "takes no further fields any more"),
        _ if is_closed(was) => changes.add(side.looser(), path, "may have further fields"),
        _ => changes.breaking(path, "what further fields may hold has changed"),
    }
}

fn requires(schema: &Map<String, Value>, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|one| one == name))
}

fn is_closed(schema: &Map<String, Value>) -> bool {
    schema.get("additionalProperties") == Some(&Value::Bool(false))
}

fn arrays(side: Side, was: &Map<String, Value>, is: &Map<String, Value>, path: &str, changes: &mut Changes) {
    match (was.get("items"), is.get("items")) {
        (Some(old), Some(new)) => compare(side, old, new, &format!("{path}[]"), changes),
        (None, Some(_)) => changes.add(side.tighter(), path, "might hold anything, and holds one kind of items now"),
        (Some(_), None) => changes.add(side.looser(), path, "held one kind of items, and may hold anything now"),
        (None, None) => {}
    }
    let parts = |schema: &Map<String, Value>| schema.get("prefixItems").and_then(Value::as_array).cloned();
    match (parts(was), parts(is)) {
        (Some(old), Some(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(&new).enumerate() {
                compare(side, old, new, &format!("{path}[{index}]"), changes);
            }
        }
        (None, None) => {}
        (old, new) => {
            let count = |parts: Option<Vec<Value>>| parts.map_or(0, |parts| parts.len());
            changes.breaking(path, format!("had {} parts, and has {}", count(old), count(new)));
        }
    }
}

/// The cases of a variant, told apart by their `kind` or by their only field.
fn cases(side: Side, was: &Map<String, Value>, is: &Map<String, Value>, path: &str, changes: &mut Changes) {
    for keyword in ["oneOf", "anyOf"] {
        if was.get(keyword) == is.get(keyword) {
            continue;
        }
        let (Some(old), Some(new)) = (named(was.get(keyword)), named(is.get(keyword))) else {
            changes.breaking(path, format!("`{keyword}` has changed"));
            continue;
        };
        for (name, schema) in &old {
            match new.iter().find(|(known, _)| known == name) {
                Some((_, now)) => compare(side, schema, now, &format!("{path}({name})"), changes),
                None => changes.add(side.tighter(), path, format!("the case `{name}` is gone")),
            }
        }
        for (name, _) in new.iter().filter(|(name, _)| !old.iter().any(|(known, _)| known == name)) {
            changes.add(side.looser(), path, format!("the case `{name}` is new"));
        }
    }
}

fn named(cases: Option<&Value>) -> Option<Vec<(String, &Value)>> {
    let cases = cases?.as_array()?;
    let names = cases.iter().map(|case| {
        let fields = case.get("properties")?.as_object()?;
        let kind = fields.get("kind").and_then(|kind| kind.get("const")).and_then(Value::as_str);
        let only = || fields.keys().next().filter(|_| fields.len() == 1).map(String::as_str);
        Some((kind.or_else(only)?.to_owned(), case))
    });
    names.collect()
}

fn rest(side: Side, was: &Map<String, Value>, is: &Map<String, Value>, path: &str, changes: &mut Changes) {
    let flag = |schema: &Map<String, Value>, name: &str| schema.get(name) == Some(&Value::Bool(true));
    match (flag(was, "writeOnly"), flag(is, "writeOnly")) {
        (true, false) => changes.breaking(path, "was a secret, and is none"),
        (false, true) => changes.additive(path, "is a secret now"),
        _ => {}
    }
    match (flag(was, "uniqueItems"), flag(is, "uniqueItems")) {
        (true, false) => changes.add(side.looser(), path, "may hold the same item twice"),
        (false, true) => changes.add(side.tighter(), path, "holds no item twice any more"),
        _ => {}
    }
    let known = |name: &str| [WORDS, LOWER, UPPER, WALKED].iter().any(|names| names.contains(&name));
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).filter(|name| !known(name)).collect();
    for name in names {
        match (was.get(name), is.get(name)) {
            (old, new) if old == new => {}
            (Some(_), None) => changes.add(side.looser(), path, format!("`{name}` is gone")),
            (None, Some(now)) => changes.add(side.tighter(), path, format!("`{name}` is new: {now}")),
            (Some(old), Some(now)) => changes.breaking(path, format!("`{name}` was {old}, and is {now}")),
            (None, None) => {}
        }
    }
}

/// A schema without the alternative of null, and whether there was one.
fn nullable(schema: &Value) -> (&Value, bool) {
    let alternatives = schema.get("anyOf").and_then(Value::as_array);
    match alternatives.map(Vec::as_slice) {
        Some([inner, null]) if null.get("type").is_some_and(|name| name == "null") => (inner, true),
        _ => (schema, false),
    }
}

fn join(path: &str, name: &str) -> String {
    format!("{path}.{name}")
}

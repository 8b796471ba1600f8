//! Fields that a schema does not know. Most documents leave their objects open, so that a misspelt
//! field would pass; what a gateway sends is held to the names that are written down.

use serde_json::Value;

use super::Description;

/// How deep schemas are followed inside one another.
const DEPTH: usize = 16;

/// The fields of a value that are not known under the schema at a place, as paths.
pub(super) fn fields(description: &Description, pointer: &str, value: &Value, path: &str) -> Vec<String> {
    match value {
        Value::Object(fields_of_value) => {
            let mut known = Known::default();
            gather(description, pointer, DEPTH, &mut known);
            // The schema is of another kind than an object, which it says by itself.
            if known.fields.is_empty() {
                return Vec::new();
            }
            fields_of_value.iter().flat_map(|(name, value)| one(description, &known, name, value, path)).collect()
        }
        Value::Array(items) => {
            let mut known = Known::default();
            gather(description, pointer, DEPTH, &mut known);
            let places = known.items;
            let unknown =
                |(index, item): (usize, &Value)| least(description, &places, item, &format!("{path}/{index}"));
            items.iter().enumerate().flat_map(unknown).collect()
        }
        _ => Vec::new(),
    }
}

/// What the schemas at one place know together.
#[derive(Default)]
struct Known {
    /// Whether any other field is let in.
    open: bool,
    /// Names with the pointers to their schemas.
    fields: Vec<(String, String)>,
    /// The pointers to the schemas of items.
    items: Vec<String>,
}

fn one(description: &Description, known: &Known, name: &str, value: &Value, path: &str) -> Vec<String> {
    let path = format!("{path}/{name}");
    let places: Vec<String> =
        known.fields.iter().filter(|(field, _)| field == name).map(|(_, place)| place.clone()).collect();
    match (places.is_empty(), known.open) {
        (true, true) => Vec::new(),
        (true, false) => vec![path],
        (false, _) => least(description, &places, value, &path),
    }
}

/// The unknown fields under whichever of the schemas knows most.
fn least(description: &Description, places: &[String], value: &Value, path: &str) -> Vec<String> {
    let all = places.iter().map(|place| fields(description, place, value, path));
    all.min_by_key(Vec::len).unwrap_or_default()
}

fn gather(description: &Description, pointer: &str, depth: usize, known: &mut Known) {
    let Some((pointer, schema)) = description.resolved(pointer).filter(|_| depth > 0) else {
        known.open = true;
        return;
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    for name in properties.into_iter().flat_map(|properties| properties.keys()) {
        let place = format!("{pointer}/properties/{}", name.replace('~', "~0").replace('/', "~1"));
        known.fields.push((name.clone(), place));
    }
    if schema.get("items").is_some() {
        known.items.push(format!("{pointer}/items"));
    }
    let mut composed = false;
    for word in ["allOf", "anyOf", "oneOf"] {
        let count = schema.get(word).and_then(Value::as_array).map_or(0, Vec::len);
        composed |= count > 0;
        (0..count).for_each(|index| gather(description, &format!("{pointer}/{word}/{index}"), depth - 1, known));
    }
    let more = schema.get("additionalProperties").filter(|more| **more != Value::Bool(false));
    let of_this_kind = schema.get("type").is_none_or(|kind| {
        kind == "object" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "object"))
    });
    let says_nothing = properties.is_none() && !composed && schema.get("additionalProperties").is_none();
    known.open |= more.is_some() || schema.get("patternProperties").is_some() || (of_this_kind && says_nothing);
}

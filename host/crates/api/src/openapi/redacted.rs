//! What a caller without `payloads:read` gets in the place of a payload, said in the shapes of
//! answers: a redacted answer is a documented one.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::redact::{FIELDS, SHOWN};

/// Where the shapes stand in the document.
const PLACE: &str = "#/components/schemas/";

/// Adds what stands in the place of payloads to every shape that no request has.
pub(super) fn allow(schemas: &mut Map<String, Value>, paths: &Map<String, Value>) {
    let asked = asked(schemas, paths);
    let given = schemas.iter_mut().filter(|(name, _)| !asked.contains(*name));
    given.for_each(|(_, schema)| in_schema(schema));
}

/// The shapes that requests have, and those within them.
fn asked(schemas: &Map<String, Value>, paths: &Map<String, Value>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let operations = paths.values().filter_map(Value::as_object).flat_map(Map::values);
    for body in operations.filter_map(|operation| operation.get("requestBody")) {
        collect(body, schemas, &mut found);
    }
    found
}

fn collect(part: &Value, schemas: &Map<String, Value>, found: &mut BTreeSet<String>) {
    match part {
        Value::Object(fields) => {
            let name = fields.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix(PLACE));
            if let Some(name) = name
                && found.insert(name.to_owned())
                && let Some(schema) = schemas.get(name)
            {
                collect(schema, schemas, found);
            }
            fields.values().for_each(|value| collect(value, schemas, found));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, schemas, found)),
        _ => {}
    }
}

fn in_schema(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::Object(properties)) = fields.get_mut("properties") {
                let payloads = properties.iter_mut().filter(|(name, _)| FIELDS.contains(&name.as_str()));
                payloads.for_each(|(_, property)| in_property(property));
            }
            fields.values_mut().for_each(in_schema);
        }
        Value::Array(items) => items.iter_mut().for_each(in_schema),
        _ => {}
    }
}

/// An object is replaced by a text; a list becomes empty, and anything fits where anything may stand.
fn in_property(property: &mut Value) {
    let is_object = property.get("type").is_some_and(|kind| kind.to_string().contains("\"object\""));
    if !is_object && property.get("$ref").is_none() {
        return;
    }
    let shown = json!({ "const": SHOWN, "description": "For a key without `payloads:read`." });
    *property = json!({ "anyOf": [property.take(), shown] });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_payloads_of_answers_can_be_redacted() {
        let object = json!({ "properties": { "data": { "type": "object" }, "name": { "type": "object" } } });
        let mut schemas = Map::from_iter([("Asked".to_owned(), object.clone()), ("Given".to_owned(), object.clone())]);
        let body = json!({ "post": { "requestBody": { "schema": { "$ref": "#/components/schemas/Asked" } } } });
        allow(&mut schemas, &Map::from_iter([("/a".to_owned(), body)]));
        assert_eq!(schemas["Asked"], object);
        assert_eq!(schemas["Given"]["properties"]["data"]["anyOf"][1]["const"], "[redacted]");
        assert_eq!(schemas["Given"]["properties"]["name"], object["properties"]["name"]);
    }
}

//! Parameters and the schema that an operation has for them: the part of JSON Schema that is kept to here. A word of
//! JSON Schema that is not is an error, so that nothing seems checked that is not.

use core::cmp::Ordering;

use gatehouse_sdk::json::{self, Object, Value};
use gatehouse_sdk::{Error, Result};

use crate::operation::Operation;

const TYPES: &[&str] = &["string", "integer", "number", "boolean", "array", "object"];

/// Words that only describe.
const NOTES: &[&str] = &["title", "description", "examples", "default"];

/// A call's parameters: an object that fits the schema, with defaults where it has none.
pub(crate) fn read(operation: &Operation, given: Option<&str>) -> Result<Value> {
    let given = match given {
        None => Value::from(Object::new()),
        Some(text) => json::document(text.as_bytes()).map_err(|problem| {
            Error::invalid_input(format!("operation `{}`: `parameters` is no JSON: {problem}", operation.name))
        })?,
    };
    let Some(fields) = given.as_object() else { return Err(operation.wrong("parameters", "is no JSON object")) };
    let mut whole = Object::new();
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
        whole = whole.set(name, value.clone());
    }
    for name in names(&operation.schema) {
        let default = operation.parameter(&name).and_then(|schema| schema.get("default"));
        if fields.get(&name).is_none_or(Value::is_null) {
            whole = whole.set_some(&name, default.cloned());
        }
    }
    let whole = Value::from(whole);
    object(operation, &operation.schema, &whole, "")?;
    Ok(whole)
}

/// The names of the parameters in a schema.
pub(crate) fn names(schema: &Value) -> Vec<String> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

/// Checks that a schema has only what is kept to here.
pub(crate) fn check_schema(operation: &Operation) -> Result<()> {
    if operation.schema.is_null() { Ok(()) } else { check(operation, &operation.schema, "parameters") }
}

fn check(operation: &Operation, schema: &Value, path: &str) -> Result<()> {
    let Some(words) = schema.as_object() else { return Err(operation.wrong(path, "is no schema; write an object")) };
    let is_count = |value: &Value| value.as_u64().is_some();
    for (word, value) in words {
        let fits = match word.as_str() {
            "type" => value.as_str().is_some_and(|kind| TYPES.contains(&kind)),
            "enum" => value.as_array().is_some_and(|all| !all.is_empty()),
            "minimum" | "maximum" => value.is_number(),
            "minLength" | "maxLength" | "minItems" | "maxItems" => is_count(value),
            "required" => value.as_array().is_some_and(|all| all.iter().all(Value::is_string)),
            "additionalProperties" => value.is_boolean(),
            "properties" => value.is_object(),
            "items" => true,
            note => NOTES.contains(&note),
        };
        if !fits {
            return Err(operation.wrong(path, &format!("has a `{word}` that is not kept to here; leave it out")));
        }
    }
    for (name, inner) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        check(operation, inner, &format!("{path}.{name}"))?;
    }
    schema.get("items").map_or(Ok(()), |items| check(operation, items, &format!("{path}[]")))
}

/// An object: what is required is there, what is there is known and fits.
fn object(operation: &Operation, schema: &Value, value: &Value, path: &str) -> Result<()> {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let required = schema.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            return Err(operation.wrong(&below(name), "is absent; give it"));
        }
    }
    let open = schema.get("additionalProperties") == Some(&Value::Bool(true));
    for (name, inner) in value.as_object().into_iter().flatten() {
        match schema.get("properties").and_then(|all| all.get(name)) {
            Some(schema) => fits(operation, schema, inner, &below(name))?,
            None if open => {}
            None => return Err(operation.wrong(&below(name), "is no parameter that it declares; leave it out")),
        }
    }
    Ok(())
}

/// A value: its type, then its bounds.
fn fits(operation: &Operation, schema: &Value, value: &Value, path: &str) -> Result<()> {
    let kind = schema.get("type").and_then(Value::as_str);
    let is_kind = match kind {
        None => true,
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some(_) => value.is_object(),
    };
    if !is_kind {
        return Err(operation.wrong(path, &format!("has to be of the type `{}`", kind.unwrap_or_default())));
    }
    if let Some(all) = schema.get("enum").and_then(Value::as_array).filter(|all| !all.contains(value)) {
        let all: Vec<String> = all.iter().map(json::text).collect();
        return Err(operation.wrong(path, &format!("has to be one of {}", all.join(", "))));
    }
    bounds(operation, schema, value, path)?;
    match value {
        Value::Object(_) if schema.get("properties").is_some() => object(operation, schema, value, path),
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else { return Ok(()) };
            let mut all = items.iter().enumerate();
            all.try_for_each(|(place, item)| fits(operation, schema, item, &format!("{path}[{place}]")))
        }
        _ => Ok(()),
    }
}

fn bounds(operation: &Operation, schema: &Value, value: &Value, path: &str) -> Result<()> {
    let size = match value {
        Value::String(text) => Some(text.chars().count()),
        Value::Array(items) => Some(items.len()),
        _ => None,
    };
    for (word, wrong) in [
        ("minimum", Ordering::Less),
        ("maximum", Ordering::Greater),
        ("minLength", Ordering::Less),
        ("maxLength", Ordering::Greater),
        ("minItems", Ordering::Less),
        ("maxItems", Ordering::Greater),
    ] {
        let Some(bound) = schema.get(word) else { continue };
        let is_for = match value {
            Value::Number(_) => matches!(word, "minimum" | "maximum"),
            Value::String(_) => word.ends_with("Length"),
            Value::Array(_) => word.ends_with("Items"),
            _ => false,
        };
        let found = match size {
            Some(size) => bound.as_u64().map(|bound| (size as u64).cmp(&bound)),
            None => value.as_f64().zip(bound.as_f64()).and_then(|(value, bound)| value.partial_cmp(&bound)),
        };
        if is_for && found == Some(wrong) {
            return Err(operation.wrong(path, &format!("does not fit its `{word}` of {}", json::text(bound))));
        }
    }
    Ok(())
}

//! Where what was sent or answered differs from a fixture, as lines that name the JSON path.

use serde_json::{Map, Value};

use super::fixture::ExpectedRequest;
use crate::bindings::host::gatehouse::plugin::http::{Body, Method, Request};

/// The value without its null fields, as an absent option and a null one are the same.
pub fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(_, field)| !field.is_null());
            Value::Object(kept.map(|(name, field)| (name, without_nulls(field))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// Every difference between two values, below the path.
pub fn values(path: &str, expected: &Value, found: &Value) -> Vec<String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => objects(path, expected, found),
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            let pairs = expected.iter().zip(found).enumerate();
            pairs.flat_map(|(index, (expected, found))| values(&format!("{path}[{index}]"), expected, found)).collect()
        }
        (Value::Array(wanted), Value::Array(got)) => {
            vec![format!(
                "{path}: expected {} items, found {}\n  expected {expected}\n  found    {found}",
                wanted.len(),
                got.len()
            )]
        }
        (expected, found) if expected == found => Vec::new(),
        (expected, found) => vec![format!("{path}: expected {expected}, found {found}")],
    }
}

fn objects(path: &str, expected: &Map<String, Value>, found: &Map<String, Value>) -> Vec<String> {
    let mut differences = Vec::new();
    for (name, wanted) in expected {
        match found.get(name) {
            Some(got) => differences.extend(values(&format!("{path}.{name}"), wanted, got)),
            None => differences.push(format!("{path}.{name}: expected {wanted}, found nothing")),
        }
    }
    let more = found.iter().filter(|(name, _)| !expected.contains_key(*name));
    differences.extend(more.map(|(name, got)| format!("{path}.{name}: expected nothing, found {got}")));
    differences
}

/// Where a sent request differs from the expected one.
pub fn request(expected: &ExpectedRequest, sent: &Request) -> Vec<String> {
    let mut differences = Vec::new();
    let mut same = |field: &str, wanted: &str, got: &str| {
        if wanted != got {
            differences.push(format!(".{field}: expected {wanted}, sent {got}"));
        }
    };
    same("method", &expected.method, method(sent));
    same("path", &expected.path, &sent.url);
    if let Some(key) = &expected.idempotency_key {
        same("idempotency_key", key, sent.idempotency_key.as_deref().unwrap_or("none"));
    }
    for (name, wanted) in &expected.headers {
        let got = sent.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        same(&format!("headers.{name}"), wanted, got.map_or("none", |(_, value)| value));
    }
    pairs("query", &expected.query, &sent.query, &mut differences);
    body(expected, &sent.body, &mut differences);
    differences
}

/// The method's name in upper case.
pub fn method(request: &Request) -> &'static str {
    match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
        Method::Head => "HEAD",
    }
}

fn body(expected: &ExpectedRequest, sent: &Body, differences: &mut Vec<String>) {
    match (&expected.form, &expected.json, sent) {
        (Some(form), None, Body::Form(sent)) => pairs("form", form, sent, differences),
        (None, Some(json), Body::Json(sent)) => match serde_json::from_str::<Value>(sent) {
            Ok(sent) => differences.extend(values(".json", json, &sent)),
            Err(error) => differences.push(format!(".json: what was sent is not JSON: {error}")),
        },
        (None, None, Body::Empty) => {}
        (_, _, Body::Empty) => differences.push(": no body was sent".to_owned()),
        (_, _, sent) => differences.push(format!(": another body was sent than the fixture has: {sent:?}")),
    }
}

fn pairs(field: &str, expected: &[(String, String)], sent: &[(String, String)], differences: &mut Vec<String>) {
    let text =
        |pair: Option<&(String, String)>| pair.map_or("nothing".to_owned(), |(name, value)| format!("{name}={value}"));
    for index in 0..expected.len().max(sent.len()) {
        let (wanted, got) = (expected.get(index), sent.get(index));
        if wanted != got {
            differences.push(format!(".{field}[{index}]: expected {}, sent {}", text(wanted), text(got)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(expected: Value, found: Value, differences: &[&str]) {
        assert_eq!(values("$", &without_nulls(expected), &without_nulls(found)), differences);
    }

    #[test]
    fn differences_name_their_path() {
        check(json!({"a": 1, "b": null}), json!({"a": 1}), &[]);
        check(
            json!({"a": {"b": ["x", "y"]}}),
            json!({"a": {"b": ["x", "z"]}}),
            &["$.a.b[1]: expected \"y\", found \"z\""],
        );
        check(json!({"a": 1}), json!({}), &["$.a: expected 1, found nothing"]);
        check(json!({}), json!({"a": 1}), &["$.a: expected nothing, found 1"]);
        check(json!([1]), json!([]), &["$: expected 1 items, found 0\n  expected [1]\n  found    []"]);
    }
}

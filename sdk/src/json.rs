//! JSON from outside, read in two steps: bytes to a document, then the document to a type.
//!
//! [`read`] takes the fields by name and is the smallest; [`from_bytes`] reads a derived type.
//! Every type is thereby read from one source: a second reader for bytes made the first gateway
//! a quarter larger. An array is never taken for an object.

mod fields;
mod object;
mod reader;
mod usual;

use serde::de::DeserializeOwned;
pub use serde_json::Value;

pub use fields::{Fields, read, read_value};
pub use object::Object;
pub use reader::Mismatch;
pub use usual::decimal;

/// Reads a type from the bytes of a JSON document.
///
/// # Errors
/// What is wrong: the bytes are not JSON, or the document does not have the type's shape.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Mismatch> {
    from_value(&document(bytes)?)
}

/// Reads a type from a part of a document.
///
/// # Errors
/// Where the document does not have the type's shape.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, Mismatch> {
    T::deserialize(reader::Reader::new(value))
}

/// Reads bytes as a document of no particular shape.
///
/// Kept out of line, so that a component holds one parser.
///
/// # Errors
/// Where the bytes are not JSON.
#[inline(never)]
pub fn document(bytes: &[u8]) -> Result<Value, Mismatch> {
    serde_json::from_slice(bytes).map_err(|error| Mismatch::new(format!("not a JSON document: {error}")))
}

/// Writes a document as text. `Value::to_string` does the same with a second writer.
#[inline(never)]
pub fn text(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Record {
        id: String,
        count: Option<u8>,
        #[serde(default)]
        lines: Vec<Line>,
        ratio: Option<f64>,
        kind: Option<Kind>,
        more: Option<Value>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Line(i64);

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Plain,
        Named(String),
    }

    fn check(text: &str, expect: Result<Record, &str>) {
        assert_eq!(
            from_bytes::<Record>(text.as_bytes()).map_err(|error| error.to_string()),
            expect.map_err(str::to_owned)
        );
    }

    #[test]
    fn types_are_read() {
        let least = || Record { id: "a".to_owned(), count: None, lines: vec![], ratio: None, kind: None, more: None };
        check(r#"{"id": "a", "unknown": [1, {"x": null}]}"#, Ok(least()));
        check(
            r#"{"id": "a", "count": null, "lines": [1, -2]}"#,
            Ok(Record { lines: vec![Line(1), Line(-2)], ..least() }),
        );
        check(r#"{"id": "a", "count": 255, "ratio": 1}"#, Ok(Record { count: Some(255), ratio: Some(1.0), ..least() }));
        check(r#"{"id": "a", "kind": "plain"}"#, Ok(Record { kind: Some(Kind::Plain), ..least() }));
        check(
            r#"{"id": "a", "kind": {"named": "b"}}"#,
            Ok(Record { kind: Some(Kind::Named("b".to_owned())), ..least() }),
        );
        check(
            r#"{"id": "a", "more": {"x": [1]}}"#,
            Ok(Record { more: Some(serde_json::json!({"x": [1]})), ..least() }),
        );
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_path() {
        check("{}", Err("missing field `id`"));
        check("[\"a\"]", Err("invalid type: sequence, expected struct Record"));
        check("null", Err("invalid type: null, expected struct Record"));
        check(r#"{"id": 7}"#, Err("id: invalid type: integer `7`, expected a string"));
        check(r#"{"id": "a", "count": 256}"#, Err("count: invalid value: integer `256`, expected u8"));
        check(r#"{"id": "a", "count": 1.5}"#, Err("count: invalid type: a fraction, expected u8"));
        check(r#"{"id": "a", "lines": [1, "x"]}"#, Err("lines.1: invalid type: string, expected i64"));
        check(r#"{"id": "a", "lines": {}}"#, Err("lines: invalid type: map, expected a sequence"));
        check(r#"{"id": "a", "kind": "odd"}"#, Err("kind: unknown variant `odd`, expected `plain` or `named`"));
        check(r#"{"id": "a", "kind": {"plain": 1, "named": 2}}"#, Err("kind: invalid type: map, expected enum Kind"));
        check("{", Err("not a JSON document: EOF while parsing an object at line 1 column 1"));
    }
}

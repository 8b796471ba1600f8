//! What a formula gives, as JSON.

use cel::Value as Cel;
use cel::objects::Key;
use serde_json::{Map, Number, Value};

/// The deepest value that is taken.
const DEEPEST: u32 = 64;

/// A value of the language as JSON.
///
/// # Errors
/// What has no JSON: a number that is none, bytes, a key that is no text.
pub(super) fn json_of(value: &Cel) -> Result<Value, String> {
    convert(value, 0)
}

fn convert(value: &Cel, depth: u32) -> Result<Value, String> {
    if depth > DEEPEST {
        return Err(format!("it gives what nests deeper than {DEEPEST}"));
    }
    match value {
        Cel::Null => Ok(Value::Null),
        Cel::Bool(truth) => Ok(Value::Bool(*truth)),
        Cel::Int(number) => Ok(Value::from(*number)),
        Cel::UInt(number) => Ok(Value::from(*number)),
        Cel::Float(number) => match Number::from_f64(*number) {
            Some(number) => Ok(Value::Number(number)),
            None => Err("it gives a number that JSON does not have".to_owned()),
        },
        Cel::String(text) => Ok(Value::String(text.as_str().to_owned())),
        Cel::List(items) => items.iter().map(|item| convert(item, depth + 1)).collect(),
        Cel::Map(fields) => fields
            .map
            .iter()
            .map(|(key, value)| field(key, value, depth))
            .collect::<Result<Map<_, _>, _>>()
            .map(Value::Object),
        other => Err(format!("it gives a {}, which JSON does not have", other.type_of())),
    }
}

fn field(key: &Key, value: &Cel, depth: u32) -> Result<(String, Value), String> {
    match key {
        Key::String(name) => Ok((name.as_str().to_owned(), convert(value, depth + 1)?)),
        _ => Err("it gives a map with a key that is no text".to_owned()),
    }
}

//! Component values to JSON, by shape: the inverse of the parser.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number, Value, json};
use wasmtime::component::Val;

use super::{Case, Field, Kind, Label, Shape};

/// Renders one value.
///
/// # Errors
/// A sentence on what has no JSON form: a float that is not finite, or a value that is
/// not of the shape at all.
pub(crate) fn value(shape: &Shape, value: &Val) -> Result<Value, String> {
    Ok(match (&shape.kind, value) {
        (Kind::Bool, Val::Bool(value)) => json!(value),
        (Kind::Integer(_), value) => integer(value)?,
        (Kind::Float32, Val::Float32(value)) => float(f64::from(*value))?,
        (Kind::Float64, Val::Float64(value)) => float(*value)?,
        (Kind::Char, Val::Char(value)) => json!(value.to_string()),
        (Kind::Text, Val::String(value)) => json!(value),
        (Kind::Bytes, Val::List(items)) => bytes(items)?,
        (Kind::List(item), Val::List(items)) => {
            items.iter().map(|val| self::value(item, val)).collect::<Result<_, _>>()?
        }
        (Kind::Tuple(shapes), Val::Tuple(items)) => {
            shapes.iter().zip(items).map(|(shape, val)| self::value(shape, val)).collect::<Result<_, _>>()?
        }
        (Kind::Option(_), Val::Option(None)) => Value::Null,
        (Kind::Option(inner), Val::Option(Some(value))) => self::value(inner, value)?,
        (Kind::Result(ok, _), Val::Result(Ok(value))) => json!({ "ok": payload(ok.as_deref(), value.as_deref())? }),
        (Kind::Result(_, error), Val::Result(Err(value))) => {
            json!({ "error": payload(error.as_deref(), value.as_deref())? })
        }
        (Kind::Record(fields), Val::Record(values)) => record(fields, values)?,
        (Kind::Variant(cases), Val::Variant(name, value)) => variant(cases, name, value.as_deref())?,
        (Kind::Enum(labels), Val::Enum(name)) => json!(label(labels, name)?),
        (Kind::Flags(labels), Val::Flags(names)) => {
            names.iter().map(|name| label(labels, name).map(Value::from)).collect::<Result<_, _>>()?
        }
        (_, value) => return Err(format!("{value:?} is not of the declared type")),
    })
}

fn integer(value: &Val) -> Result<Value, String> {
    Ok(match value {
        Val::U8(value) => json!(value),
        Val::U16(value) => json!(value),
        Val::U32(value) => json!(value),
        Val::U64(value) => json!(value),
        Val::S8(value) => json!(value),
        Val::S16(value) => json!(value),
        Val::S32(value) => json!(value),
        Val::S64(value) => json!(value),
        other => return Err(format!("{other:?} is not an integer")),
    })
}

fn float(value: f64) -> Result<Value, String> {
    Number::from_f64(value).map(Value::Number).ok_or_else(|| format!("{value} has no JSON form"))
}

fn bytes(items: &[Val]) -> Result<Value, String> {
    let byte = |item: &Val| match item {
        Val::U8(byte) => Ok(*byte),
        other => Err(format!("{other:?} is not a byte")),
    };
    let bytes = items.iter().map(byte).collect::<Result<Vec<u8>, String>>()?;
    Ok(Value::String(STANDARD.encode(bytes)))
}

fn record(fields: &[Field], values: &[(String, Val)]) -> Result<Value, String> {
    let mut object = Map::new();
    for (field, (_, value)) in fields.iter().zip(values) {
        if matches!(value, Val::Option(None)) {
            continue;
        }
        let json = self::value(&field.shape, value).map_err(|error| format!("{}: {error}", field.name.json))?;
        object.insert(field.name.json.clone(), json);
    }
    Ok(Value::Object(object))
}

fn variant(cases: &[Case], name: &str, value: Option<&Val>) -> Result<Value, String> {
    let case = cases.iter().find(|case| case.name.wit == name).ok_or_else(|| format!("`{name}` is no case"))?;
    let mut object = Map::from_iter([("kind".to_owned(), Value::from(case.name.json.as_str()))]);
    if case.shape.is_some() {
        object.insert("value".to_owned(), payload(case.shape.as_ref(), value)?);
    }
    Ok(Value::Object(object))
}

fn payload(shape: Option<&Shape>, value: Option<&Val>) -> Result<Value, String> {
    match (shape, value) {
        (Some(shape), Some(value)) => self::value(shape, value),
        (None, None) => Ok(Value::Null),
        _ => Err("a payload is missing or too many".to_owned()),
    }
}

fn label<'a>(labels: &'a [Label], name: &str) -> Result<&'a str, String> {
    labels
        .iter()
        .find(|label| label.wit == name)
        .map(|l| l.json.as_str())
        .ok_or_else(|| format!("`{name}` is no member"))
}

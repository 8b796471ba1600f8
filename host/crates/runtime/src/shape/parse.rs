//! JSON to component values, by shape. Every wrong place is named with its JSON path;
//! nothing is guessed, converted or dropped.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::error::{Error, Problem, Result};
use serde_json::{Map, Value};
use wasmtime::component::Val;

use super::{Case, Field, Kind, Label, Shape, Signature, Width};

/// How many wrong places one answer names.
const MAX_PROBLEMS: usize = 100;

/// Parses the parameters of a function.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] with a problem for each wrong place.
pub(crate) fn parameters(signature: &Signature, json: &Value) -> Result<Vec<Val>> {
    let mut parser = Parser::default();
    let values = parser.object(signature.fields(), json);
    let (Some(values), true) = (values, parser.problems.is_empty()) else {
        return Err(Error::problems("the parameters do not fit the capability's schema", parser.problems));
    };
    if signature.record().is_some() {
        return Ok(vec![Val::Record(values)]);
    }
    Ok(values.into_iter().map(|(_, value)| value).collect())
}

/// Parses a result, `null` where the function answers nothing, with the shape that it has.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] with a problem for each wrong place.
pub(crate) fn result<'s>(signature: &'s Signature, json: &Value) -> Result<Option<(&'s Shape, Val)>> {
    let mut parser = Parser::default();
    let Some(shape) = &signature.result else {
        if json.is_null() {
            return Ok(None);
        }
        parser.wrong::<Val>("null", json);
        return Err(Error::problems("the capability answers nothing", parser.problems));
    };
    match parser.shape(shape, json) {
        Some(value) if parser.problems.is_empty() => Ok(Some((shape, value))),
        _ => Err(Error::problems("the result does not fit the capability's schema", parser.problems)),
    }
}

#[derive(Default)]
struct Parser {
    path: String,
    problems: Vec<Problem>,
}

impl Parser {
    fn shape(&mut self, shape: &Shape, json: &Value) -> Option<Val> {
        match &shape.kind {
            Kind::Bool => json.as_bool().map(Val::Bool).or_else(|| self.wrong("true or false", json)),
            Kind::Integer(width) => self.integer(*width, json),
            Kind::Float32 => self.float32(json),
            Kind::Float64 => json.as_f64().map(Val::Float64).or_else(|| self.wrong("a number", json)),
            Kind::Char => self.char(json),
            Kind::Text => json.as_str().map(|s| Val::String(s.into())).or_else(|| self.wrong("a string", json)),
            Kind::Bytes => self.bytes(json),
            Kind::List(item) => self.list(item, json),
            Kind::Tuple(items) => self.tuple(items, json),
            Kind::Option(_) if json.is_null() => Some(Val::Option(None)),
            Kind::Option(inner) => self.shape(inner, json).map(|value| Val::Option(Some(value.into()))),
            Kind::Result(ok, error) => self.result(ok.as_deref(), error.as_deref(), json),
            Kind::Record(fields) => self.object(fields, json).map(Val::Record),
            Kind::Variant(cases) => self.variant(cases, json),
            Kind::Enum(labels) => self.member(labels, json).map(Val::Enum),
            Kind::Flags(labels) => self.flags(labels, json),
        }
    }

    fn integer(&mut self, width: Width, json: &Value) -> Option<Val> {
        let Some(number) = whole_number(json) else { return self.wrong("an integer", json) };
        let (low, high) = width.range();
        if !(low..=high).contains(&number) {
            return self.problem(format!("{number} is out of range: give an integer from {low} to {high}"));
        }
        integer(width, number)
    }

    fn float32(&mut self, json: &Value) -> Option<Val> {
        let Some(number) = json.as_f64() else { return self.wrong("a number", json) };
        let narrow = number as f32;
        if !narrow.is_finite() {
            return self.problem(format!("{number} is out of range for a 32-bit float"));
        }
        Some(Val::Float32(narrow))
    }

    fn char(&mut self, json: &Value) -> Option<Val> {
        let mut chars = json.as_str().unwrap_or_default().chars();
        match (chars.next(), chars.next()) {
            (Some(only), None) => Some(Val::Char(only)),
            _ => self.wrong("a string of exactly one character", json),
        }
    }

    fn bytes(&mut self, json: &Value) -> Option<Val> {
        let Some(text) = json.as_str() else { return self.wrong("a base64 string", json) };
        match STANDARD.decode(text) {
            Ok(bytes) => Some(Val::List(bytes.into_iter().map(Val::U8).collect())),
            Err(error) => self.problem(format!("is not base64 (RFC 4648 section 4): {error}")),
        }
    }

    fn list(&mut self, item: &Shape, json: &Value) -> Option<Val> {
        let Some(items) = json.as_array() else { return self.wrong("an array", json) };
        let mut values = Vec::with_capacity(items.len());
        for (index, json) in items.iter().enumerate() {
            values.extend(self.at_index(index, |parser| parser.shape(item, json)));
        }
        (values.len() == items.len()).then_some(Val::List(values))
    }

    fn tuple(&mut self, shapes: &[Shape], json: &Value) -> Option<Val> {
        let Some(items) = json.as_array().filter(|items| items.len() == shapes.len()) else {
            return self.wrong(&format!("an array of exactly {}", shapes.len()), json);
        };
        let mut values = Vec::with_capacity(items.len());
        for (index, (shape, json)) in shapes.iter().zip(items).enumerate() {
            values.extend(self.at_index(index, |parser| parser.shape(shape, json)));
        }
        (values.len() == items.len()).then_some(Val::Tuple(values))
    }

    fn result(&mut self, ok: Option<&Shape>, error: Option<&Shape>, json: &Value) -> Option<Val> {
        let object = json.as_object().filter(|object| object.len() == 1);
        match object.and_then(|object| object.iter().next()) {
            Some((name, json)) if name == "ok" => Some(Val::Result(Ok(self.arm("ok", ok, json)?))),
            Some((name, json)) if name == "error" => Some(Val::Result(Err(self.arm("error", error, json)?))),
            _ => self.wrong("an object with either `ok` or `error`", json),
        }
    }

    fn arm(&mut self, name: &str, shape: Option<&Shape>, json: &Value) -> Option<Option<Box<Val>>> {
        self.at_field(name, |parser| match shape {
            Some(shape) => parser.shape(shape, json).map(|value| Some(value.into())),
            None if json.is_null() => Some(None),
            None => parser.wrong("null", json),
        })
    }

    fn object(&mut self, fields: &[Field], json: &Value) -> Option<Vec<(String, Val)>> {
        let Some(object) = json.as_object() else { return self.wrong("an object", json) };
        self.refuse_unknown(fields.iter().map(|field| field.name.json.as_str()), object);
        let mut values = Vec::with_capacity(fields.len());
        for field in fields {
            let value = self.at_field(&field.name.json, |parser| parser.field(field, object.get(&field.name.json)));
            values.extend(value.map(|value| (field.name.wit.clone(), value)));
        }
        (values.len() == fields.len()).then_some(values)
    }

    fn field(&mut self, field: &Field, json: Option<&Value>) -> Option<Val> {
        match json {
            Some(json) => self.shape(&field.shape, json),
            None if field.shape.is_optional() => Some(Val::Option(None)),
            None => self.problem("is missing".to_owned()),
        }
    }

    fn refuse_unknown<'a>(&mut self, known: impl Iterator<Item = &'a str> + Clone, object: &Map<String, Value>) {
        for name in object.keys().filter(|name| !known.clone().any(|known| known == *name)) {
            let list: Vec<&str> = known.clone().collect();
            let message = match list.as_slice() {
                [] => "is unknown: nothing is expected here".to_owned(),
                list => format!("is unknown: use {}", list.join(", ")),
            };
            self.at_field(name, |parser| parser.problem::<()>(message));
        }
    }

    fn variant(&mut self, cases: &[Case], json: &Value) -> Option<Val> {
        let Some(object) = json.as_object() else { return self.wrong("an object with `kind`", json) };
        let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
        let Some(case) = cases.iter().find(|case| case.name.json == kind) else {
            let known = list(cases.iter().map(|case| &case.name));
            return self.at_field("kind", |parser| parser.problem(format!("must be one of {known}")));
        };
        let known: &[&str] = if case.shape.is_some() { &["kind", "value"] } else { &["kind"] };
        self.refuse_unknown(known.iter().copied(), object);
        let payload = match &case.shape {
            None => None,
            Some(shape) => {
                let value = object.get("value");
                let value = self.at_field("value", |parser| match value {
                    Some(json) => parser.shape(shape, json),
                    None if shape.is_optional() => Some(Val::Option(None)),
                    None => parser.problem("is missing".to_owned()),
                })?;
                Some(Box::new(value))
            }
        };
        Some(Val::Variant(case.name.wit.clone(), payload))
    }

    fn member(&mut self, labels: &[Label], json: &Value) -> Option<String> {
        let found = json.as_str().and_then(|name| labels.iter().find(|label| label.json == name));
        match found {
            Some(label) => Some(label.wit.clone()),
            None => self.wrong(&format!("one of {}", list(labels.iter())), json),
        }
    }

    fn flags(&mut self, labels: &[Label], json: &Value) -> Option<Val> {
        let Some(items) = json.as_array() else { return self.wrong("an array of strings", json) };
        let mut set: Vec<String> = Vec::new();
        for (index, json) in items.iter().enumerate() {
            let name = self.at_index(index, |parser| parser.member(labels, json))?;
            if set.contains(&name) {
                return self.at_index(index, |parser| parser.problem(format!("{json} is given twice")));
            }
            set.push(name);
        }
        Some(Val::Flags(set))
    }

    fn at_field<T>(&mut self, name: &str, inner: impl FnOnce(&mut Self) -> T) -> T {
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let step = if plain { format!(".{name}") } else { format!("[{}]", Value::from(name)) };
        self.at(&step, inner)
    }

    fn at_index<T>(&mut self, index: usize, inner: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        let _ = write!(self.path, "[{index}]");
        let value = inner(self);
        self.path.truncate(length);
        value
    }

    fn at<T>(&mut self, step: &str, inner: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        self.path.push_str(step);
        let value = inner(self);
        self.path.truncate(length);
        value
    }

    fn wrong<T>(&mut self, wanted: &str, json: &Value) -> Option<T> {
        self.problem(format!("must be {wanted}, and is {}", describe(json)))
    }

    fn problem<T>(&mut self, message: String) -> Option<T> {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem::at(format!("${}", self.path), message));
        }
        None
    }
}

/// The integer that a JSON number stands for; `2.0` is one (JSON Schema 2020-12, core §6.3).
fn whole_number(json: &Value) -> Option<i128> {
    let number = json.as_number()?;
    if let Some(number) = number.as_i64() {
        return Some(number.into());
    }
    if let Some(number) = number.as_u64() {
        return Some(number.into());
    }
    let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 1e30)?;
    Some(float as i128)
}

fn integer(width: Width, number: i128) -> Option<Val> {
    Some(match width {
        Width::U8 => Val::U8(number.try_into().ok()?),
        Width::U16 => Val::U16(number.try_into().ok()?),
        Width::U32 => Val::U32(number.try_into().ok()?),
        Width::U64 => Val::U64(number.try_into().ok()?),
        Width::S8 => Val::S8(number.try_into().ok()?),
        Width::S16 => Val::S16(number.try_into().ok()?),
        Width::S32 => Val::S32(number.try_into().ok()?),
        Width::S64 => Val::S64(number.try_into().ok()?),
    })
}

fn list<'a>(labels: impl Iterator<Item = &'a Label>) -> String {
    labels.map(|label| label.json.as_str()).collect::<Vec<_>>().join(", ")
}

/// What is there, without repeating a value that may be long or private.
fn describe(json: &Value) -> String {
    match json {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.len() <= 40 => format!("{json}"),
        Value::String(text) => format!("a string of {} bytes", text.len()),
        Value::Array(items) => format!("an array of {}", items.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}

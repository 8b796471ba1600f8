//! A reader of types from a JSON document, made for small components: each method accepts the one
//! JSON kind that it is for, and an error is a text with the path to what did not fit. The text
//! never repeats a string of the document, which may be personal data.

use core::fmt;

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error, Expected, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::{Map, Value};

/// Where and how a document does not have the expected shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    path: String,
    problem: String,
}

impl Mismatch {
    pub(super) fn new(problem: String) -> Self {
        Self { path: String::new(), problem }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn below(mut self, part: &str) -> Self {
        let separator = if self.path.is_empty() { "" } else { "." };
        self.path = format!("{part}{separator}{}", self.path);
        self
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.path.is_empty() { "" } else { ": " };
        write!(to, "{}{separator}{}", self.path, self.problem)
    }
}

impl core::error::Error for Mismatch {}

impl Error for Mismatch {
    fn custom<T: fmt::Display>(message: T) -> Self {
        said(&message)
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        invalid("type", found, expected)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        invalid("value", found, expected)
    }
}

/// Names what was found without repeating text, and without the 30 KB of code that print a fraction.
#[cold]
#[inline(never)]
fn invalid(what: &str, found: Unexpected<'_>, expected: &dyn Expected) -> Mismatch {
    let found = match found {
        Unexpected::Unsigned(number) => format!("integer `{number}`"),
        Unexpected::Signed(number) => format!("integer `{number}`"),
        Unexpected::Bool(value) => format!("boolean `{value}`"),
        Unexpected::Float(_) => "a fraction".to_owned(),
        Unexpected::Str(_) => "string".to_owned(),
        Unexpected::Unit | Unexpected::Option => "null".to_owned(),
        Unexpected::Seq => "sequence".to_owned(),
        Unexpected::Map => "map".to_owned(),
        Unexpected::Other(text) => text.to_owned(),
        _ => "another kind".to_owned(),
    };
    Mismatch::new(format!("invalid {what}: {found}, expected {expected}"))
}

#[cold]
#[inline(never)]
fn said(message: &dyn fmt::Display) -> Mismatch {
    Mismatch::new(message.to_string())
}

/// Reads one value.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a Value);

impl<'a> Reader<'a> {
    pub(super) fn new(value: &'a Value) -> Self {
        Self(value)
    }

    fn number<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let Value::Number(number) = self.0 else { return Err(wrong(self.0, &visitor)) };
        match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), ..) => visitor.visit_u64(number),
            (None, Some(number), _) => visitor.visit_i64(number),
            (None, None, number) => visitor.visit_f64(number.unwrap_or(f64::NAN)),
        }
    }

    fn text<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::String(text) => visitor.visit_borrowed_str(text),
            other => Err(wrong(other, &visitor)),
        }
    }

    fn object<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::Object(fields) => visitor.visit_map(Fields::new(fields)),
            other => Err(wrong(other, &visitor)),
        }
    }

    fn array<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(Items { items: items.iter(), index: 0 }),
            other => Err(wrong(other, &visitor)),
        }
    }
}

#[cold]
#[inline(never)]
fn wrong(value: &Value, expected: &dyn Expected) -> Mismatch {
    let found = match value {
        Value::Null => Unexpected::Other("null"),
        Value::Bool(value) => Unexpected::Bool(*value),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Unexpected::Unsigned(number),
            (None, Some(number)) => Unexpected::Signed(number),
            (None, None) => Unexpected::Other("a fraction"),
        },
        Value::String(_) => Unexpected::Other("string"),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    };
    Mismatch::invalid_type(found, expected)
}

/// Methods that all read the same JSON kind.
macro_rules! read_as {
    ($kind:ident: $($method:ident)+) => {
        $(fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
            self.$kind(visitor)
        })+
    };
}

impl<'a> Deserializer<'a> for Reader<'a> {
    type Error = Mismatch;

    read_as!(number: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64);
    read_as!(number: deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64);
    read_as!(number: deserialize_f32 deserialize_f64);
    read_as!(text: deserialize_char deserialize_str deserialize_string deserialize_identifier);
    read_as!(text: deserialize_bytes deserialize_byte_buf);
    read_as!(array: deserialize_seq);
    read_as!(object: deserialize_map);

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(_) => self.number(visitor),
            Value::String(_) => self.text(visitor),
            Value::Array(_) => self.array(visitor),
            Value::Object(_) => self.object(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::Bool(value) => visitor.visit_bool(*value),
            other => Err(wrong(other, &visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            other => Err(wrong(other, &visitor)),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'a>>(self, _: &'static str, visitor: V) -> Result<V::Value, Mismatch> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(self, _: &'static str, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value, Mismatch> {
        self.array(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        self.array(visitor)
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        self.object(visitor)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(BorrowedStrDeserializer::new(name)),
            Value::Object(fields) if fields.len() == 1 => {
                visitor.visit_enum(MapAccessDeserializer::new(Fields::new(fields)))
            }
            other => Err(wrong(other, &visitor)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_unit()
    }
}

struct Items<'a> {
    items: core::slice::Iter<'a, Value>,
    index: usize,
}

impl<'a> SeqAccess<'a> for Items<'a> {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Mismatch> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        seed.deserialize(Reader(item)).map(Some).map_err(|error| error.below(&index.to_string()))
    }
}

struct Fields<'a> {
    fields: serde_json::map::Iter<'a>,
    current: Option<(&'a str, &'a Value)>,
}

impl<'a> Fields<'a> {
    fn new(fields: &'a Map<String, Value>) -> Self {
        Self { fields: fields.iter(), current: None }
    }
}

impl<'a> MapAccess<'a> for Fields<'a> {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Mismatch> {
        self.current = self.fields.next().map(|(name, value)| (name.as_str(), value));
        let Some((name, _)) = self.current else { return Ok(None) };
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Mismatch> {
        let Some((name, value)) = self.current.take() else {
            return Err(Mismatch::new("a value was asked for before its key".to_owned()));
        };
        seed.deserialize(Reader(value)).map_err(|error| error.below(name))
    }
}

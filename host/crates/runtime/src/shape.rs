//! The shape of a value: what a WIT type looks like as JSON. The schema, the parser and
//! the renderer all walk this one tree, so they cannot drift from each other.

use serde::{Deserialize, Serialize};

pub(crate) mod build;
pub(crate) mod compiled;
pub(crate) mod parse;
pub(crate) mod render;
pub(crate) mod schema;

#[cfg(test)]
mod tests;

/// A type with what its author says of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shape {
    pub(crate) docs: Option<String>,
    pub(crate) kind: Kind,
}

/// Every WIT type that has a JSON form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Kind {
    Bool,
    Integer(Width),
    Float32,
    Float64,
    Char,
    Text,
    /// `list<u8>`, as base64.
    Bytes,
    List(Box<Shape>),
    Tuple(Vec<Shape>),
    Option(Box<Shape>),
    Result(Option<Box<Shape>>, Option<Box<Shape>>),
    Record(Vec<Field>),
    Variant(Vec<Case>),
    Enum(Vec<Label>),
    Flags(Vec<Label>),
}

/// The integers of WIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Width {
    U8,
    U16,
    U32,
    U64,
    S8,
    S16,
    S32,
    S64,
}

/// A name in WIT, its form in JSON, and what is said of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Label {
    pub(crate) wit: String,
    pub(crate) json: String,
    pub(crate) docs: Option<String>,
}

/// A field of a record, or a parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Field {
    pub(crate) name: Label,
    pub(crate) shape: Shape,
}

/// A case of a variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Case {
    pub(crate) name: Label,
    pub(crate) shape: Option<Shape>,
}

/// What a function takes and gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Signature {
    pub(crate) parameters: Vec<Field>,
    pub(crate) result: Option<Shape>,
    /// Whether it answers `result<_, error>` with the error of `gatehouse:plugin/types`.
    pub(crate) fallible: bool,
    /// Whether WIT gives it any result at all.
    pub(crate) answers: bool,
}

impl Width {
    /// The smallest and the largest value.
    pub(crate) fn range(self) -> (i128, i128) {
        match self {
            Self::U8 => (0, u8::MAX.into()),
            Self::U16 => (0, u16::MAX.into()),
            Self::U32 => (0, u32::MAX.into()),
            Self::U64 => (0, u64::MAX.into()),
            Self::S8 => (i8::MIN.into(), i8::MAX.into()),
            Self::S16 => (i16::MIN.into(), i16::MAX.into()),
            Self::S32 => (i32::MIN.into(), i32::MAX.into()),
            Self::S64 => (i64::MIN.into(), i64::MAX.into()),
        }
    }
}

impl Shape {
    /// Whether a field of this shape may be left out.
    pub(crate) fn is_optional(&self) -> bool {
        matches!(self.kind, Kind::Option(_))
    }
}

impl Signature {
    /// The fields of the JSON object of parameters: those of the one record where the
    /// function takes just that, the parameters themselves otherwise.
    pub(crate) fn fields(&self) -> &[Field] {
        self.record().unwrap_or(&self.parameters)
    }

    /// The fields of the record that is the only parameter.
    pub(crate) fn record(&self) -> Option<&[Field]> {
        match self.parameters.as_slice() {
            [Field { shape: Shape { kind: Kind::Record(fields), .. }, .. }] => Some(fields),
            _ => None,
        }
    }
}

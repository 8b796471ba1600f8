//! Where in a request something is: a header, a query parameter, a form field, or a place in a
//! JSON body. Written as one short text.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A place in a request. `X-Name` is a header, `query:name` a query parameter, `form:name` a field
/// of a form, `/a/b` a JSON pointer (RFC 6901) into the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Place {
    /// A header, in lower case. A `*` at its end stands for any rest.
    Header(String),
    /// A query parameter.
    Query(String),
    /// A field of a body in `application/x-www-form-urlencoded`.
    Form(String),
    /// A JSON pointer. A `*` stands for every element of a list.
    Json(String),
}

impl Place {
    /// The header's name in lower case, where it is one.
    pub fn header(&self) -> Option<String> {
        if let Self::Header(name) = self { Some(name.clone()) } else { None }
    }

    /// Whether it is in the body.
    pub fn is_in_body(&self) -> bool {
        matches!(self, Self::Form(_) | Self::Json(_))
    }
}

impl FromStr for Place {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::invalid(format!(
                "`{text}` is no place in a request; write a header's name, query:NAME, form:NAME or a JSON pointer that begins with /"
            ))
        };
        let named = |name: &str| if name.is_empty() { Err(wrong()) } else { Ok(name.to_owned()) };
        if let Some(name) = text.strip_prefix("query:") {
            return named(name).map(Self::Query);
        }
        if let Some(name) = text.strip_prefix("form:") {
            return named(name).map(Self::Form);
        }
        let pointer = text.strip_prefix("json:").unwrap_or(text);
        if pointer.starts_with('/') {
            return Ok(Self::Json(pointer.to_owned()));
        }
        let name = text.strip_prefix("header:").unwrap_or(text);
        let stem = name.strip_suffix('*').unwrap_or(name);
        let fits =
            !stem.is_empty() && stem.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if fits { Ok(Self::Header(name.to_ascii_lowercase())) } else { Err(wrong()) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => f.write_str(name),
            Self::Query(name) => write!(f, "query:{name}"),
            Self::Form(name) => write!(f, "form:{name}"),
            Self::Json(pointer) => f.write_str(pointer),
        }
    }
}

impl TryFrom<String> for Place {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.to_string()
    }
}

impl JsonSchema for Place {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Place".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_as_it_is_read() {
        for (text, written) in [
            ("X-Signature", "x-signature"),
            ("header:X-Signature", "x-signature"),
            ("X-Signature-*", "x-signature-*"),
            ("query:hub.challenge", "query:hub.challenge"),
            ("form:verifier", "form:verifier"),
            ("/value/*/state", "/value/*/state"),
            ("json:/id", "/id"),
        ] {
            let place: Place = text.parse().unwrap();
            assert_eq!(place.to_string(), written);
            assert_eq!(written.parse::<Place>().unwrap(), place);
        }
    }

    #[test]
    fn what_is_no_place_is_named() {
        for text in ["", "query:", "form:", "json:id", "X Y", "*", "X-*-Y", "header:", "a/b"] {
            let error = text.parse::<Place>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
    }
}

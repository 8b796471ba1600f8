//! What a provider signs, as a text with placeholders, read once into parts.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::place::Place;
use crate::error::{Error, Result};

/// A text with placeholders:
///
/// - `{body}`, the raw bytes; `{body_sha256}`, their SHA-256 in lower-case hexadecimal;
///   `{body_crc32}`, their CRC-32 as a decimal number
/// - `{timestamp}`, as the provider wrote it
/// - `{method}`; `{url}`, our public address as the provider knows it, with its query; `{path}`
///   and `{query}` of it
/// - `{form}`: each form field's name and value in the order of the names, nothing between them
/// - `{form_json}`: the form as one JSON object of texts in its own order, with a space after
///   each comma and colon; `{form_json_compact}` without them
/// - `{lines:A,B?}`: for each named field of the JSON body its name, a line break, its value
///   and a line break; what ends in `?` may be absent
/// - `{at:PLACE}`: what a [`Place`] holds, such as `{at:x-id}` or `{at:/data/id}`
/// - `{field:NAME}`: a field of the credential
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text that stands for itself.
    Literal(String),
    /// The raw body.
    Body,
    /// The body's SHA-256.
    BodySha256,
    /// The body's CRC-32.
    BodyCrc32,
    /// The timestamp.
    Timestamp,
    /// The method.
    Method,
    /// Our address.
    Url,
    /// The path of our address.
    Path,
    /// The query, without its `?`.
    Query,
    /// The form's fields in the order of their names.
    Form,
    /// The form as JSON.
    FormJson {
        /// Without spaces.
        compact: bool,
    },
    /// Named fields of a JSON body, and whether each may be absent.
    Lines(Vec<(String, bool)>),
    /// What a place holds.
    At(Place),
    /// A field of the credential.
    Field(String),
}

impl Template {
    /// Its parts.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether the body, or something in it, is part of it.
    pub fn binds_body(&self) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Body | Part::BodySha256 | Part::BodyCrc32 | Part::Form | Part::FormJson { .. } | Part::Lines(_) => {
                true
            }
            Part::At(place) => place.is_in_body(),
            _ => false,
        })
    }

    /// Whether it has this part.
    pub fn has(&self, part: &Part) -> bool {
        self.parts.contains(part)
    }

    /// The credential fields that it needs.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| if let Part::Field(name) = part { Some(name.as_str()) } else { None })
    }
}

impl FromStr for Template {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('{') {
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| Error::invalid(format!("`{text}` has a {{ without its }}; close the placeholder")))?;
            parts.push(part(name)?);
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self { text: text.to_owned(), parts })
    }
}

fn part(name: &str) -> Result<Part> {
    let word = match name {
        "body" => Part::Body,
        "body_sha256" => Part::BodySha256,
        "body_crc32" => Part::BodyCrc32,
        "timestamp" => Part::Timestamp,
        "method" => Part::Method,
        "url" => Part::Url,
        "path" => Part::Path,
        "query" => Part::Query,
        "form" => Part::Form,
        "form_json" => Part::FormJson { compact: false },
        "form_json_compact" => Part::FormJson { compact: true },
        _ => return valued(name),
    };
    Ok(word)
}

fn valued(name: &str) -> Result<Part> {
    let unknown = || {
        Error::invalid(format!(
            "`{{{name}}}` is no placeholder; use body, body_sha256, body_crc32, timestamp, method, url, path, query, form, \
             form_json, form_json_compact, lines:NAMES, at:PLACE or field:NAME"
        ))
    };
    match name.split_once(':') {
        Some(("at", place)) => place.parse().map(Part::At),
        Some(("field", field)) if !field.is_empty() => Ok(Part::Field(field.to_owned())),
        Some(("lines", names)) if names.split(',').all(|name| !name.trim_end_matches('?').is_empty()) => {
            let lines = names.split(',').map(|name| match name.strip_suffix('?') {
                Some(name) => (name.to_owned(), true),
                None => (name.to_owned(), false),
            });
            Ok(Part::Lines(lines.collect()))
        }
        _ => Err(unknown()),
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for Template {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.text
    }
}

impl JsonSchema for Template {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_read_into_its_parts() {
        let read = |text: &str| text.parse::<Template>().unwrap().parts;
        let literal = |text: &str| Part::Literal(text.to_owned());
        assert_eq!(read("v0:{timestamp}:{body}"), [literal("v0:"), Part::Timestamp, literal(":"), Part::Body]);
        assert_eq!(
            read("{at:X-Id}|{field:hook}"),
            [Part::At(Place::Header("x-id".to_owned())), literal("|"), Part::Field("hook".to_owned())]
        );
        assert_eq!(read("{lines:A,B?}"), [Part::Lines(vec![("A".to_owned(), false), ("B".to_owned(), true)])]);
        assert_eq!(read("plain"), [literal("plain")]);
    }

    #[test]
    fn what_is_no_template_is_named() {
        for (text, expect) in [
            ("{bdy}", "`{bdy}` is no placeholder"),
            ("{body", "close the placeholder"),
            ("{field:}", "no placeholder"),
            ("{lines:}", "no placeholder"),
            ("{lines:A,,B}", "no placeholder"),
            ("{at:}", "no place in a request"),
        ] {
            let error = text.parse::<Template>().unwrap_err().to_string();
            assert!(error.contains(expect), "{error}");
        }
    }

    #[test]
    fn it_knows_whether_the_body_could_be_exchanged() {
        for (text, binds) in [
            ("{url}{form}", true),
            ("{body_crc32}", true),
            ("{at:/id}", true),
            ("{at:form:id}", true),
            ("{timestamp}{at:x-id}{field:a}{url}", false),
        ] {
            assert_eq!(text.parse::<Template>().unwrap().binds_body(), binds, "{text}");
        }
    }
}

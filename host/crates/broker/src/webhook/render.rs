//! What is signed: a template filled in once, so that nothing in a delivery is read as a placeholder.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use gatehouse_domain::manifest::webhook::{Part, Template};
use ring::digest::{SHA256, digest};
use serde_json::Value;

use super::Refusal;
use super::fields::Fields;
use super::request::{Read, malformed};

/// The bytes that a template stands for.
pub(super) fn render(
    template: &Template,
    read: &Read<'_>,
    timestamp: Option<&str>,
    fields: &Fields<'_>,
) -> Result<Vec<u8>, Refusal> {
    let mut message = Vec::with_capacity(read.request.body.len() + 64);
    for part in template.parts() {
        match part {
            Part::Literal(text) => message.extend_from_slice(text.as_bytes()),
            Part::Body => message.extend_from_slice(read.request.body),
            Part::BodySha256 => message.extend_from_slice(hex(digest(&SHA256, read.request.body).as_ref()).as_bytes()),
            Part::BodyCrc32 => message.extend_from_slice(crc32fast::hash(read.request.body).to_string().as_bytes()),
            Part::Timestamp => {
                let timestamp = timestamp.ok_or_else(|| malformed("the signature has no timestamp"))?;
                message.extend_from_slice(timestamp.as_bytes());
            }
            Part::Method => message.extend_from_slice(read.request.method.as_bytes()),
            Part::Url => message.extend_from_slice(read.request.url.as_bytes()),
            Part::Path => message.extend_from_slice(read.path().as_bytes()),
            Part::Query => message.extend_from_slice(read.query().as_bytes()),
            Part::Form => message.extend_from_slice(sorted_form(read).as_bytes()),
            Part::FormJson { compact } => message.extend_from_slice(form_json(read, *compact)?.as_bytes()),
            Part::Lines(names) => message.extend_from_slice(lines(read, names)?.as_bytes()),
            Part::At(place) => message.extend_from_slice(read.one(place)?.as_bytes()),
            Part::Field(name) => message.extend_from_slice(fields.first(name)?),
        }
    }
    Ok(message)
}

/// Names in the order of their bytes, each of a name's values once, in the order of theirs.
fn sorted_form(read: &Read<'_>) -> String {
    let mut sorted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in read.form().unwrap_or_default() {
        sorted.entry(name).or_default().insert(value);
    }
    let mut text = String::new();
    for (name, values) in sorted {
        values.into_iter().for_each(|value| text.extend([name, value]));
    }
    text
}

fn form_json(read: &Read<'_>, compact: bool) -> Result<String, Refusal> {
    let form = read.form().ok_or_else(|| malformed("the body is no form"))?;
    let mut members: Vec<(&str, &str)> = Vec::with_capacity(form.len());
    for (name, value) in form {
        // As in the objects that it is made from: a name keeps its first place and its last value.
        match members.iter_mut().find(|(known, _)| known == name) {
            Some(member) => member.1 = value,
            None => members.push((name, value)),
        }
    }
    let (comma, colon) = if compact { (",", ":") } else { (", ", ": ") };
    let member = |(name, value): &(&str, &str)| format!("{}{colon}{}", quoted(name, compact), quoted(value, compact));
    let members: Vec<String> = members.iter().map(member).collect();
    Ok(format!("{{{}}}", members.join(comma)))
}

/// A JSON text; with spaces also in ASCII alone, as those who write spaces do.
fn quoted(text: &str, compact: bool) -> String {
    let json = Value::from(text).to_string();
    if compact {
        return json;
    }
    let mut ascii = String::with_capacity(json.len());
    for c in json.chars() {
        if matches!(c, ' '..='~') {
            ascii.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string does not fail.
            let _ = write!(ascii, "\\u{unit:04x}");
        }
    }
    ascii
}

fn lines(read: &Read<'_>, names: &[(String, bool)]) -> Result<String, Refusal> {
    let body = read.json().and_then(Value::as_object).ok_or_else(|| malformed("the body is no JSON object"))?;
    let mut text = String::new();
    for (name, optional) in names {
        match body.get(name) {
            Some(Value::String(value)) => text.extend([name, "\n", value, "\n"]),
            None | Some(Value::Null) if *optional => {}
            Some(_) => return Err(malformed(format!("`/{name}` in the body is no text"))),
            None => return Err(malformed(format!("`/{name}` in the body is missing"))),
        }
    }
    Ok(text)
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! An inbound request as verification reads it: what stands in which place, each part read once.

use std::cell::OnceCell;

use gatehouse_domain::manifest::webhook::Place;
use serde_json::Value;
use url::form_urlencoded;

use super::{Refusal, RefusalReason, refuse};

/// The most values that one place may have.
const MAX_VALUES: usize = 100;
/// The media type of a form.
const FORM: &str = "application/x-www-form-urlencoded";

/// A request to an endpoint, as it came.
#[derive(Debug, Clone, Copy)]
pub struct Inbound<'a> {
    /// The method, in capital letters.
    pub method: &'a str,
    /// Our public address as the provider knows it, with the query that came.
    pub url: &'a str,
    /// The headers.
    pub headers: &'a [(String, String)],
    /// The raw body.
    pub body: &'a [u8],
}

impl Inbound<'_> {
    /// The one text at a place; none where there is none, or more than one.
    pub fn text_at(&self, place: &Place) -> Option<String> {
        Read::new(*self).one(place).ok()
    }
}

/// A request with its body and query read where they are asked for.
pub(super) struct Read<'a> {
    pub(super) request: Inbound<'a>,
    json: OnceCell<Option<Value>>,
    form: OnceCell<Option<Vec<(String, String)>>>,
}

impl<'a> Read<'a> {
    pub(super) fn new(request: Inbound<'a>) -> Self {
        Self { request, json: OnceCell::new(), form: OnceCell::new() }
    }

    /// The only value at a place. Of two, another reader might take the other one.
    pub(super) fn one(&self, place: &Place) -> Result<String, Refusal> {
        let mut values = self.all(place)?.into_iter();
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value),
            (Some(_), Some(_)) => Err(malformed(format!("{} occurs twice", shown(place)))),
            (None, _) => Err(missing(place)),
        }
    }

    /// The values at a place: one at least.
    pub(super) fn all(&self, place: &Place) -> Result<Vec<String>, Refusal> {
        let values = self.values(place)?;
        if values.is_empty() {
            return Err(missing(place));
        }
        if values.len() > MAX_VALUES {
            return Err(malformed(format!("{} has more than {MAX_VALUES} values", shown(place))));
        }
        Ok(values)
    }

    /// The values at a place, of which there may be none.
    pub(super) fn values(&self, place: &Place) -> Result<Vec<String>, Refusal> {
        let named = |pairs: &[(String, String)], name: &str| -> Vec<String> {
            pairs.iter().filter(|(given, _)| given == name).map(|(_, value)| value.clone()).collect()
        };
        match place {
            Place::Header(name) => self.headers(name),
            Place::Query(name) => Ok(named(&pairs(self.query().as_bytes()), name)),
            Place::Form(name) => Ok(self.form().map(|pairs| named(pairs, name)).unwrap_or_default()),
            Place::Json(pointer) => {
                let mut found = Vec::new();
                if let Some(json) = self.json() {
                    collect(json, pointer, &mut found)?;
                }
                Ok(found)
            }
        }
    }

    /// The body as JSON, where it is.
    pub(super) fn json(&self) -> Option<&Value> {
        self.json.get_or_init(|| serde_json::from_slice(self.request.body).ok()).as_ref()
    }

    /// The form's fields in their order, where the body says that it is a form.
    pub(super) fn form(&self) -> Option<&[(String, String)]> {
        let read = || self.is_form().then(|| pairs(self.request.body));
        self.form.get_or_init(read).as_deref()
    }

    /// The query, without its `?`.
    pub(super) fn query(&self) -> &'a str {
        self.request.url.split_once('?').map_or("", |(_, query)| query)
    }

    /// The path of our address.
    pub(super) fn path(&self) -> &'a str {
        let place = self.request.url.split('?').next().unwrap_or_default();
        let after = place.split_once("://").map_or(place, |(_, rest)| rest);
        after.find('/').and_then(|at| after.get(at..)).unwrap_or("/")
    }

    fn is_form(&self) -> bool {
        let of = |value: &str| value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(FORM));
        self.request.headers.iter().any(|(name, value)| name.eq_ignore_ascii_case("content-type") && of(value))
    }

    fn headers(&self, name: &str) -> Result<Vec<String>, Refusal> {
        let headers = self.request.headers.iter();
        let Some(stem) = name.strip_suffix('*') else {
            let found: Vec<String> = headers
                .filter(|(given, _)| given.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim().to_owned())
                .collect();
            // A header that occurs twice is read differently by different programs.
            if found.len() > 1 {
                return Err(malformed(format!("the header `{name}` occurs twice")));
            }
            return Ok(found);
        };
        let fits = |given: &str| given.get(..stem.len()).is_some_and(|start| start.eq_ignore_ascii_case(stem));
        Ok(headers.filter(|(given, _)| fits(given)).map(|(_, value)| value.trim().to_owned()).collect())
    }
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

/// Adds what the pointer leads to. Each `*` goes through a list, and every element has to have it.
fn collect(value: &Value, pointer: &str, found: &mut Vec<String>) -> Result<(), Refusal> {
    let Some((before, after)) = split_star(pointer) else {
        if let Some(value) = value.pointer(pointer) {
            found.push(text(value, pointer)?);
        }
        return Ok(());
    };
    let Some(Value::Array(items)) = value.pointer(before) else { return Ok(()) };
    if items.len() > MAX_VALUES {
        return Err(malformed(format!("`{before}` has more than {MAX_VALUES} elements")));
    }
    for item in items {
        let known = found.len();
        collect(item, after, found)?;
        if found.len() == known {
            return Err(malformed(format!("`{pointer}` is missing in one of its elements")));
        }
    }
    Ok(())
}

/// A pointer's parts around its first `*`.
fn split_star(pointer: &str) -> Option<(&str, &str)> {
    if let Some(before) = pointer.strip_suffix("/*").filter(|before| !before.contains("/*/")) {
        return Some((before, ""));
    }
    let at = pointer.find("/*/")?;
    Some((pointer.get(..at)?, pointer.get(at + 2..)?))
}

fn text(value: &Value, pointer: &str) -> Result<String, Refusal> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(truth.to_string()),
        _ => Err(malformed(format!("`{pointer}` is neither a text nor a number"))),
    }
}

fn shown(place: &Place) -> String {
    match place {
        Place::Header(name) => format!("the header `{name}`"),
        Place::Query(name) => format!("the query parameter `{name}`"),
        Place::Form(name) => format!("the form field `{name}`"),
        Place::Json(pointer) => format!("`{pointer}` in the body"),
    }
}

fn missing(place: &Place) -> Refusal {
    refuse(RefusalReason::MissingHeader, format!("{} is missing", shown(place)))
}

pub(super) fn malformed(text: impl Into<String>) -> Refusal {
    refuse(RefusalReason::Malformed, text)
}

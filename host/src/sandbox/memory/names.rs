//! The ids of a provider's things, as its fixtures show them: which values name something, and new
//! ones of the same form.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::sandbox::fixture::{Fixtures, Request};
use crate::sandbox::given::pairs;

/// Shorter values name nothing for certain.
const SHORTEST: usize = 4;
/// Fields that name the object they stand in, the surest first.
const FIELDS: [&str; 7] = ["id", "Id", "ID", "sid", "uuid", "guid", "token"];
/// How many characters of an id are made anew.
const ANEW: usize = 12;

/// The values by which requests name what answers spoke of.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// Those of the fixtures: what stands both in an answer and in some request.
    pub(super) fn of(fixtures: &Fixtures) -> Self {
        let (mut asked, mut answered) = (BTreeSet::new(), BTreeSet::new());
        for exchange in fixtures.cases.iter().flat_map(|case| &case.record.exchange) {
            asked.extend(asked_by(&exchange.request));
            exchange.response.iter().filter_map(|response| response.json.as_ref()).for_each(|json| {
                leaves(json, &mut answered);
            });
        }
        Self(asked.intersection(&answered).filter(|name| is_telling(name)).cloned().collect())
    }

    /// Whether a value names something.
    pub(super) fn has(&self, value: &str) -> bool {
        self.0.contains(value)
    }
}

/// What an object calls itself: the field and its value.
pub(in crate::sandbox) fn own_name(object: &Map<String, Value>) -> Option<String> {
    let by_ending =
        || object.iter().find(|(name, _)| name.ends_with("ID") || name.ends_with("Id") || name.ends_with("_id"));
    let field = FIELDS.iter().find_map(|name| object.get(*name)).or_else(|| by_ending().map(|(_, value)| value))?;
    as_name(field).filter(|name| name.len() > 1)
}

/// A text or a whole number as the text by which it is asked for.
fn as_name(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

/// Another name of the same form: what stands before the last `_` stays, digits stay digits,
/// letters letters. Two numbers give two names, as long as the form has room for them.
pub(in crate::sandbox) fn anew(name: &str, number: u64) -> String {
    let kept = name.rfind(['_', '/']).map_or(0, |at| at + 1);
    let (prefix, rest) = name.split_at(kept);
    let hexadecimal = rest.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let places = rest.chars().filter(char::is_ascii_alphanumeric).count();
    let mut digits = Spread::new(number);
    let mut place = 0;
    let text = rest.chars().map(|c| {
        let counted = c.is_ascii_alphanumeric();
        place += usize::from(counted);
        if !counted || places.saturating_sub(place) >= ANEW {
            return c;
        }
        // A number does not begin with a zero.
        digits.like(c, hexadecimal, place == 1)
    });
    let text: String = text.collect();
    format!("{prefix}{text}")
}

/// A number as characters: its own digits first, from the left, then what follows from them.
struct Spread {
    left: u64,
    state: u64,
}

impl Spread {
    fn new(number: u64) -> Self {
        Self { left: number, state: number.wrapping_mul(0x9e37_79b9_7f4a_7c15) }
    }

    fn like(&mut self, c: char, hexadecimal: bool, first: bool) -> char {
        let (base, first) = match c {
            '0'..='9' if first => (9, b'1'),
            '0'..='9' => (10, b'0'),
            'a'..='z' => (if hexadecimal { 6 } else { 26 }, b'a'),
            _ => (if hexadecimal { 6 } else { 26 }, b'A'),
        };
        let digit = if self.left > 0 {
            let digit = self.left % base;
            self.left /= base;
            digit
        } else {
            self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.state >> 33) % base
        };
        char::from(first + u8::try_from(digit).unwrap_or(0))
    }
}

fn is_telling(name: &str) -> bool {
    let numbered = name.len() >= SHORTEST && name.bytes().any(|b| b.is_ascii_digit());
    numbered && !name.contains([' ', '\n']) && !is_date(name)
}

/// Whether it begins as a date or a moment does (RFC 3339 §5.6), which is asked for and answered and names nothing.
fn is_date(text: &str) -> bool {
    let form = |(at, byte): (usize, u8)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    text.len() >= 10 && text.bytes().take(10).enumerate().all(form)
}

fn asked_by(request: &Request) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let path = request.path.split_once("://").map_or(request.path.as_str(), |(_, rest)| rest);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    found.extend(path.split('/').map(str::to_owned));
    let values = |pairs: &[(String, String)]| pairs.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>();
    found.extend(values(&pairs(query.as_bytes())));
    found.extend(values(&request.query));
    found.extend(request.form.iter().flat_map(|form| values(form)));
    request.json.iter().for_each(|json| leaves(json, &mut found));
    found
}

/// Every text and whole number of a document.
pub(super) fn leaves(json: &Value, into: &mut BTreeSet<String>) {
    match json {
        Value::Object(fields) => fields.values().for_each(|field| leaves(field, into)),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, into)),
        scalar => into.extend(as_name(scalar)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn new_names_have_the_form_of_the_old() {
        let cases = [
            ("pi_3PqLw2Kd81mXtQ4R0aVbN7ce", 199),
            ("450789469", 199),
            ("2a4f1c9e-0b6d-4e57-9c1a-7f0d3b5e8a21", 199),
            ("gid://shop/Order/77", 90),
            ("a1", 60),
        ];
        for (name, room) in cases {
            let made: BTreeSet<String> = (1..200).map(|number| anew(name, number)).collect();
            assert_eq!(made.len(), room, "{name}");
            for made in made {
                assert_eq!(made.len(), name.len(), "{made}");
                let class = |c: char| (c.is_ascii_digit(), c.is_ascii_lowercase(), c.is_ascii_uppercase());
                assert!(made.chars().zip(name.chars()).all(|(new, old)| class(new) == class(old)), "{made} {name}");
            }
        }
    }

    #[test]
    fn a_name_is_what_requests_repeat() {
        let fixtures = Fixtures::from_json(&json!({
            "make": { "example": { "output": 1, "exchange": [{
                "request": { "method": "POST", "path": "/v1/things", "form": [["amount", "1999"]] },
                "response": { "status": 200, "json": { "id": "th_123", "other": "ot_999", "number": 4711 } } }] } },
            "get": { "example": { "output": 1, "exchange": [{
                "request": { "method": "GET", "path": "/v1/things/th_123/4711", "query": [["since", "2026-01-02T03:04:05Z"]] },
                "response": { "status": 200, "json": { "id": "th_123", "changed": "2026-01-02T03:04:05Z" } } }] } },
        }))
        .unwrap();
        let names = Names::of(&fixtures);
        let found = ["th_123", "4711", "ot_999", "1999", "things", "2026-01-02T03:04:05Z"].map(|name| names.has(name));
        assert_eq!(found, [true, true, false, false, false, false]);
    }

    #[test]
    fn an_object_names_itself() {
        let check = |object: Value, expect: Option<&str>| {
            assert_eq!(own_name(object.as_object().unwrap()).as_deref(), expect, "{object}");
        };
        check(json!({ "customer_id": "c1", "id": "p1" }), Some("p1"));
        check(json!({ "ContactID": "c-1", "Name": "x" }), Some("c-1"));
        check(json!({ "id": 77 }), Some("77"));
        check(json!({ "name": "x" }), None);
    }
}

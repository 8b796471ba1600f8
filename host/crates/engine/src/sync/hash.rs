//! The digest of a record's content, by which a record that is as known is told from one that
//! changed. The order of an object's fields is no content.

use std::fmt::Write;

use gatehouse_domain::sync::ContentHash;
use serde_json::{Map, Value};

use crate::execute::sha256_hex;

/// The digest of a record's content.
pub(super) fn of(data: &Map<String, Value>) -> ContentHash {
    sha256_hex(canonical(data).as_bytes())
}

/// The content as JSON, with the fields of every object in the order of their names.
pub(super) fn canonical(data: &Map<String, Value>) -> String {
    let mut text = String::new();
    object(data, &mut text);
    text
}

/// Whether everything that `part` says is said by `whole`, which may say more.
pub(super) fn holds(whole: &Map<String, Value>, part: &Map<String, Value>) -> bool {
    part.iter().all(|(name, value)| match (whole.get(name), value) {
        (Some(Value::Object(whole)), Value::Object(part)) => holds(whole, part),
        (found, value) => found == Some(value),
    })
}

fn object(fields: &Map<String, Value>, text: &mut String) {
    let mut sorted: Vec<(&String, &Value)> = fields.iter().collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    text.push('{');
    for (place, (name, value)) in sorted.into_iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        // Writing to a string can not fail.
        let _ = write!(text, "{}:", Value::from(name.as_str()));
        append(value, text);
    }
    text.push('}');
}

fn append(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => object(fields, text),
        Value::Array(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                append(item, text);
            }
            text.push(']');
        }
        plain => {
            let _ = write!(text, "{plain}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(one: &str, other: &str, same: bool) {
        let hash = |text: &str| of(&serde_json::from_str(text).unwrap());
        assert_eq!(hash(one) == hash(other), same, "{one} {other}");
    }

    #[test]
    fn a_whole_says_what_its_part_says() {
        let map = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap();
        let whole = map(r#"{"a":1,"b":{"c":2,"d":3},"e":[1,2]}"#);
        for (part, held) in [
            ("{}", true),
            (r#"{"a":1,"b":{"c":2}}"#, true),
            (r#"{"a":2}"#, false),
            (r#"{"b":{"x":1}}"#, false),
            (r#"{"e":[1]}"#, false),
            (r#"{"x":null}"#, false),
        ] {
            assert_eq!(holds(&whole, &map(part)), held, "{part}");
        }
    }

    #[test]
    fn the_order_of_fields_is_no_content_and_all_else_is() {
        check(r#"{"a":1,"b":{"c":2,"d":[1,{"x":1,"y":2}]}}"#, r#"{"b":{"d":[1,{"y":2,"x":1}],"c":2},"a":1}"#, true);
        check(r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, false);
        check(r#"{"a":null}"#, "{}", false);
        check(r#"{"a":"1"}"#, r#"{"a":1}"#, false);
        check(r#"{"a":"b,\"c\":1"}"#, r#"{"a":"b","c":1}"#, false);
    }
}

//! Host names with `{setting}` placeholders: each stands for exactly one DNS label of a fixed
//! suffix, so a tenant's setting can choose an account and never a destination.

use serde_json::{Map, Value};

/// Why a template names no host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfilled {
    /// The setting at fault; none where the template itself is.
    pub(crate) setting: Option<String>,
    /// Whether the setting is absent rather than wrong.
    pub(crate) missing: bool,
    /// What is wrong and what would be right.
    pub(crate) message: String,
}

/// The host that `template` names with these settings.
pub(crate) fn expand(template: &str, settings: &Map<String, Value>) -> Result<String, Unfilled> {
    let labels: Vec<&str> = template.split('.').collect();
    let fixed = labels.iter().rev().take(2).all(|label| !label.contains(['{', '}']));
    if labels.len() < 2 || !fixed {
        return Err(wrong(format!("`{template}` must end in two fixed labels, such as `{{shop}}.example.com`")));
    }
    let labels: Result<Vec<String>, Unfilled> = labels.into_iter().map(|label| expand_label(label, settings)).collect();
    Ok(labels?.join("."))
}

/// One label: as it stands, or the setting that it names.
pub(crate) fn expand_label(label: &str, settings: &Map<String, Value>) -> Result<String, Unfilled> {
    let Some(name) = label.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
        return fixed_label(label);
    };
    let at = |missing, message| Unfilled { setting: Some(name.to_owned()), missing, message };
    let value = settings.get(name).and_then(Value::as_str);
    let value = value
        .ok_or_else(|| at(true, format!("the setting `{name}` is needed to reach the provider and is not set")))?;
    if is_label(value) {
        return Ok(value.to_owned());
    }
    Err(at(
        false,
        format!(
            "the setting `{name}` must be one DNS label of 1 to 63 lower-case letters, digits and inner dashes, such as `my-shop`"
        ),
    ))
}

fn fixed_label(label: &str) -> Result<String, Unfilled> {
    let label = label.to_ascii_lowercase();
    if is_label(&label) {
        Ok(label)
    } else {
        Err(wrong(format!("`{label}` in the manifest's host is not a DNS label")))
    }
}

fn wrong(message: String) -> Unfilled {
    Unfilled { setting: None, missing: false, message }
}

/// A label by RFC 1123 §2.1, without the `xn--` of an internationalised one.
pub(crate) fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.starts_with("xn--")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(template: &str, shop: &str, expect: Result<&str, &str>) {
        let Value::Object(settings) = json!({ "shop": shop, "count": 3 }) else { return };
        match (expand(template, &settings), expect) {
            (Ok(host), Ok(expected)) => assert_eq!(host, expected),
            (Err(why), Err(part)) => assert!(why.message.contains(part), "{why:?}"),
            (other, _) => panic!("{template} {shop}: {other:?}"),
        }
    }

    #[test]
    fn a_placeholder_is_one_label_and_no_more() {
        check("{shop}.shops.example", "my-shop-1", Ok("my-shop-1.shops.example"));
        check("API.shops.example", "", Ok("api.shops.example"));
        check("v1.{shop}.shops.example", "a", Ok("v1.a.shops.example"));
        for bad in [
            "",
            "a.b",
            "evil.com/",
            "evil.com#",
            "a@b",
            "A",
            "-a",
            "a-",
            "xn--a",
            "ä",
            "a b",
            "a%2e",
            "{shop}",
            &"a".repeat(64),
        ] {
            check("{shop}.shops.example", bad, Err("one DNS label"));
        }
        check("{count}.shops.example", "", Err("`count` is needed"));
        check("{other}.shops.example", "", Err("`other` is needed"));
        check("pre{shop}.shops.example", "a", Err("not a DNS label"));
        check("{shop}.example", "a", Err("two fixed labels"));
        check("shops.{shop}", "a", Err("two fixed labels"));
        check("{shop}", "evil", Err("two fixed labels"));
    }
}

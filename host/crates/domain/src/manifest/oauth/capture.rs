//! What is kept of a provider's answers: facts such as an account's number, never a secret.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One fact that is kept with the integration. Requests fill placeholders with it and the gateway
/// reads it among its settings, where it takes the place of a setting of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// Its name.
    pub name: String,
    /// In which answer it stands (default the one with the token).
    #[serde(default)]
    pub from: CaptureFrom,
    /// Where it stands: a JSON pointer (RFC 6901), or the name of the callback's parameter.
    pub at: String,
    /// The form that the value has, with one `*` for the part that is kept, such as
    /// `https://*.my.acme.example`; the whole value where absent.
    #[serde(default)]
    pub pattern: Option<String>,
    /// Whether connecting fails without it (default yes).
    #[serde(default = "yes")]
    pub required: bool,
}

/// In which answer a fact stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaptureFrom {
    /// The answer with the token.
    #[default]
    Token,
    /// The callback's query.
    Callback,
}

/// One `GET` with the new token, attached as the first `oauth2` scheme says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// Where it is asked.
    pub url: String,
    /// What is kept of its answer, which is JSON.
    pub capture: Vec<Capture>,
}

impl Capture {
    /// The part of `value` that is kept; none where it does not have the form, or is no plain
    /// text of at most 512 characters.
    pub fn part_of<'v>(&self, value: &'v str) -> Option<&'v str> {
        let kept = match self.pattern.as_deref().and_then(|pattern| pattern.split_once('*')) {
            None => value,
            Some((before, after)) => value.strip_prefix(before)?.strip_suffix(after)?,
        };
        let plain = (1..=512).contains(&kept.len()) && !kept.chars().any(char::is_control);
        plain.then_some(kept)
    }
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_keeps_what_its_star_stands_for() {
        for (pattern, value, kept) in [
            (None, "acct_1", Some("acct_1")),
            (None, "", None),
            (None, "a\nb", None),
            (Some("https://*.my.example.com"), "https://shop.my.example.com", Some("shop")),
            (Some("https://*.my.example.com"), "https://.my.example.com", None),
            (Some("https://*.my.example.com"), "https://shop.my.example.com.evil", None),
            (Some("https://*.my.example.com"), "http://shop.my.example.com", None),
            (Some("ab*ba"), "aba", None),
        ] {
            let capture = Capture {
                name: "fact".to_owned(),
                from: CaptureFrom::Token,
                at: "/fact".to_owned(),
                pattern: pattern.map(str::to_owned),
                required: true,
            };
            assert_eq!(capture.part_of(value), kept, "{pattern:?} {value}");
        }
        let capture: Capture = serde_json::from_str(r#"{"name":"a","at":"/a"}"#).unwrap();
        assert!(capture.part_of(&"x".repeat(513)).is_none() && capture.required);
    }
}

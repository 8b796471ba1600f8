//! What a token endpoint answered, read with care: only a token that can be used as the manifest
//! says is one (RFC 6749 §5), and everything that is not wanted is dropped.

use std::collections::BTreeMap;
use std::fmt;

use gatehouse_domain::manifest::OAuth;
use gatehouse_domain::manifest::oauth::{Capture, CaptureFrom};
use gatehouse_domain::time::Timestamp;
use serde_json::Value;

use crate::secret::Secret;

/// The longest text of a provider's that is passed on.
const LONGEST: usize = 300;
/// No provider gives a token for longer than ten years; a number beyond is a mistake.
const LONGEST_LIFE: u64 = 10 * 366 * 86_400;

/// A token as it was issued.
#[derive(Debug)]
pub struct Issued {
    /// The access token.
    pub access: Secret,
    /// A refresh token, where one came with it.
    pub refresh: Option<Secret>,
    /// How long the access token is good, in seconds; none where it has no known end.
    pub lifetime: Option<u64>,
    /// The scopes that were granted, as the provider wrote them; none where it did not say.
    pub scope: Option<String>,
    /// What the manifest wants kept, by name.
    pub facts: BTreeMap<String, String>,
}

/// Why there is no token. The texts hold no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenError {
    /// The provider does not take the grant any more: a person has to agree again.
    Expired(String),
    /// The provider refuses how it is asked: something is configured wrongly. Asking again at
    /// once is of no use.
    Refused(String),
    /// It could not be asked, or was too busy, and has done nothing.
    Busy(String),
    /// It was asked and nobody knows what it did: the answer was lost or makes no sense.
    Lost(String),
}

impl TokenError {
    pub(crate) fn refused(text: &str) -> Self {
        Self::Refused(text.to_owned())
    }

    /// What went wrong, in words.
    pub fn text(&self) -> &str {
        match self {
            Self::Expired(text) | Self::Refused(text) | Self::Busy(text) | Self::Lost(text) => text,
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for TokenError {}

/// Reads an answer.
pub(crate) fn read(rules: &OAuth, status: u16, body: &[u8], now: Timestamp) -> Result<Issued, TokenError> {
    let json: Option<Value> = serde_json::from_slice(body).ok().filter(Value::is_object);
    match status {
        200 | 201 => match json {
            Some(json) => good(rules, &json, now),
            None => Err(TokenError::Lost("the token endpoint's answer is no JSON object".to_owned())),
        },
        429 | 500..=599 => Err(busy(status)),
        300..=399 => {
            Err(TokenError::Refused(format!("the token endpoint answered {status}; redirects are not followed")))
        }
        _ => Err(bad(rules, status, json.as_ref())),
    }
}

/// A server that fails may have done its work all the same.
fn busy(status: u16) -> TokenError {
    let text = format!("the token endpoint answered {status}");
    if status == 429 || status == 503 { TokenError::Busy(text) } else { TokenError::Lost(text) }
}

fn bad(rules: &OAuth, status: u16, json: Option<&Value>) -> TokenError {
    let code = json.and_then(|json| error_of(json)).unwrap_or_default();
    let described = json.and_then(|json| json.get("error_description")).and_then(Value::as_str).unwrap_or_default();
    let text = match (code, described) {
        ("", "") => format!("the token endpoint answered {status}"),
        ("", described) => format!("the token endpoint answered {status}: {}", plain(described)),
        (code, "") => format!("the provider says `{}`", plain(code)),
        (code, described) => format!("the provider says `{}`: {}", plain(code), plain(described)),
    };
    let expired = code == "invalid_grant" || rules.token.expired_codes.iter().any(|known| known == code);
    match (expired, code) {
        (true, _) => TokenError::Expired(text),
        (false, "temporarily_unavailable" | "server_error" | "slow_down") => TokenError::Busy(text),
        (false, _) => TokenError::Refused(text),
    }
}

fn error_of(json: &Value) -> Option<&str> {
    let error = json.get("error")?;
    error.as_str().or_else(|| error.get("code").and_then(Value::as_str))
}

fn good(rules: &OAuth, json: &Value, now: Timestamp) -> Result<Issued, TokenError> {
    // Some providers answer 200 whatever happened.
    let access = match json.pointer(&rules.token.access_token).and_then(Value::as_str) {
        Some(token) if is_token(token) => Secret::from(token.to_owned()),
        _ if error_of(json).is_some() => return Err(bad(rules, 200, Some(json))),
        _ => return Err(TokenError::Lost("the token endpoint's answer holds no access token".to_owned())),
    };
    let kind = json.get("token_type").and_then(Value::as_str).filter(|kind| !kind.is_empty());
    if kind.is_some_and(|kind| !rules.token.types.iter().any(|known| known.eq_ignore_ascii_case(kind))) {
        let kind = plain(kind.unwrap_or_default());
        let known = rules.token.types.join(", ");
        return Err(TokenError::Refused(format!(
            "the provider gave a token of type `{kind}`; only {known} can be used"
        )));
    }
    // Beside the access token, where that does not stand at the top.
    let home = rules.token.access_token.rsplit_once('/').and_then(|(home, _)| json.pointer(home)).unwrap_or(json);
    let beside = |name: &str| home.get(name).or_else(|| json.get(name));
    let refresh = beside("refresh_token").and_then(Value::as_str).filter(|token| is_token(token));
    Ok(Issued {
        access,
        refresh: refresh.map(|token| Secret::from(token.to_owned())),
        lifetime: lifetime(rules, &beside, now),
        scope: beside("scope").and_then(scope_of),
        facts: facts(&rules.capture, json)?,
    })
}

/// No longer than a header can be, and nothing that a header can not carry (RFC 6750 §2.1 is
/// narrower, and not every provider keeps to it).
fn is_token(text: &str) -> bool {
    (1..=16 << 10).contains(&text.len()) && text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

/// A number, or a text with one. Nought is how some say that there is no end.
fn lifetime<'j>(rules: &OAuth, beside: &impl Fn(&str) -> Option<&'j Value>, now: Timestamp) -> Option<u64> {
    let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    let seconds = beside("expires_in").and_then(number).filter(|seconds| seconds.is_finite());
    if let Some(seconds) = seconds {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is cut to what fits")]
        let seconds = seconds.clamp(0.0, 1e12) as u64;
        return (seconds > 0).then_some(seconds.min(LONGEST_LIFE));
    }
    let at = beside("expires_at").and_then(Value::as_str).and_then(|text| text.parse::<Timestamp>().ok());
    let until = at.map(|at| u64::try_from(at.as_second() - now.as_second()).unwrap_or(1).clamp(1, LONGEST_LIFE));
    until.or(rules.token.lifetime_seconds.map(u64::from))
}

fn scope_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.chars().filter(|c| !c.is_control()).take(4_096).collect()),
        Value::Array(items) => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            Some(texts.join(" "))
        }
        _ => None,
    }
}

/// The facts that stand in a JSON document.
pub(crate) fn facts(captures: &[Capture], json: &Value) -> Result<BTreeMap<String, String>, TokenError> {
    let mut found = BTreeMap::new();
    for capture in captures.iter().filter(|capture| capture.from == CaptureFrom::Token) {
        let value = match json.pointer(&capture.at) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Some(value.to_string()),
            _ => None,
        };
        match value.as_deref().and_then(|value| capture.part_of(value)) {
            Some(kept) => drop(found.insert(capture.name.clone(), kept.to_owned())),
            None if capture.required => {
                let text =
                    format!("the provider's answer has no `{}` at {}, which is needed", capture.name, capture.at);
                return Err(TokenError::Refused(text));
            }
            None => {}
        }
    }
    Ok(found)
}

/// A provider's text as it can stand in a message.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect()
}

#[cfg(test)]
mod tests;

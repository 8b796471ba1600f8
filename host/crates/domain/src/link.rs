//! Links: which integration serves one of the host app's own records, and for what.
//! An entity is the host app's; nothing here knows what it means.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Problem, Result};
use crate::id::{IntegrationId, TenantId};
use crate::time::Timestamp;

/// The type of the entity that stands for a tenant itself: its links are the tenant's defaults.
pub const TENANT: &str = "tenant";

/// The longest type and the longest purpose, in bytes.
const LONGEST_WORD: usize = 64;
/// The longest id of an entity, in bytes.
const LONGEST_ID: usize = 200;

/// One of the host app's own records, such as a customer. Neither part holds a control
/// character, so a zero byte can end each of them in a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Raw")]
pub struct Entity {
    entity_type: String,
    entity_id: String,
}

impl Entity {
    /// An entity of the host app.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for a type that is not a word, or an id that is empty, too
    /// long, a dot that clients drop from paths, or holds control characters.
    pub fn new(entity_type: impl Into<String>, entity_id: impl Into<String>) -> Result<Self> {
        let (entity_type, entity_id) = (entity_type.into(), entity_id.into());
        let mut problems = Vec::new();
        if !is_word(&entity_type) {
            problems.push(Problem::at("entity_type", word_rule()));
        }
        if !is_id(&entity_id) {
            let rule = format!("must have 1 to {LONGEST_ID} bytes, no control characters, and not be `.` or `..`");
            problems.push(Problem::at("entity_id", rule));
        }
        if problems.is_empty() {
            return Ok(Self { entity_type, entity_id });
        }
        Err(Error::problems("the entity does not fit", problems))
    }

    /// The entity that stands for a tenant itself.
    pub fn of_tenant(tenant: TenantId) -> Self {
        Self { entity_type: TENANT.to_owned(), entity_id: tenant.to_string() }
    }

    /// What kind of record it is, such as `customer`.
    pub fn entity_type(&self) -> &str {
        &self.entity_type
    }

    /// The host app's id of it.
    pub fn entity_id(&self) -> &str {
        &self.entity_id
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.entity_type, self.entity_id)
    }
}

/// An entity before it is checked.
#[derive(Deserialize, JsonSchema)]
struct Raw {
    /// What kind of record it is, such as `customer`.
    entity_type: String,
    /// The host app's id of it.
    entity_id: String,
}

impl TryFrom<Raw> for Entity {
    type Error = Error;

    fn try_from(raw: Raw) -> Result<Self> {
        Self::new(raw.entity_type, raw.entity_id)
    }
}

/// What a link is for, such as `payment_processing`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Purpose(String);

impl Purpose {
    /// The purpose as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Purpose {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for Purpose {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        if is_word(&text) {
            return Ok(Self(text));
        }
        Err(Error::problems("the purpose does not fit", vec![Problem::at("purpose", word_rule())]))
    }
}

impl From<Purpose> for String {
    fn from(purpose: Purpose) -> String {
        purpose.0
    }
}

/// Ties an integration to an entity. An entity has at most one link to an integration for
/// each purpose, and at most one default for each purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    /// The integration.
    pub integration: IntegrationId,
    /// Whose it is, in the host app.
    #[serde(flatten)]
    pub entity: Entity,
    /// What for; absent where it serves any purpose that has no link of its own.
    pub purpose: Option<Purpose>,
    /// Whether it is taken before the entity's other links of the same purpose.
    pub is_default: bool,
    /// When it was made.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
}

fn is_word(text: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    first && text.len() <= LONGEST_WORD && text.bytes().all(rest)
}

fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len()) && !matches!(text, "." | "..") && !text.chars().any(char::is_control)
}

fn word_rule() -> String {
    format!("must have 1 to {LONGEST_WORD} of the characters A-Z a-z 0-9 _ - . and begin with a letter or a digit")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(entity_type: &str, entity_id: &str, expect: &[&str]) {
        let found = Entity::new(entity_type, entity_id);
        let paths: Vec<String> = found
            .err()
            .map(|error| error.problems.into_iter().map(|problem| problem.path).collect())
            .unwrap_or_default();
        assert_eq!(paths, expect, "{entity_type:?} {entity_id:?}");
    }

    #[test]
    fn entities_are_bounded_and_hold_no_control_characters() {
        check("customer", "cus_1", &[]);
        check("Order-line.v2", "a/b c%2F?é", &[]);
        check(&"t".repeat(64), &"i".repeat(200), &[]);
        check(&"t".repeat(65), &"i".repeat(201), &["entity_type", "entity_id"]);
        check("", "", &["entity_type", "entity_id"]);
        check("_a", "..", &["entity_type", "entity_id"]);
        check("a b", "a\0b", &["entity_type", "entity_id"]);
        check("é", "a\u{85}b", &["entity_type", "entity_id"]);
    }

    #[test]
    fn purposes_are_words() {
        for (text, good) in [("payments", true), ("a.b-c_9", true), ("", false), ("two words", false), ("a\0", false)] {
            assert_eq!(text.parse::<Purpose>().is_ok(), good, "{text:?}");
        }
    }

    #[test]
    fn a_link_survives_its_json_and_an_unchecked_one_does_not_pass() {
        let link = Link {
            integration: IntegrationId::new(1, [1; 10]),
            entity: Entity::new("customer", "cus_1").unwrap(),
            purpose: Some("payments".parse().unwrap()),
            is_default: true,
            created_at: crate::time::EPOCH,
        };
        let json = serde_json::to_value(&link).unwrap();
        assert_eq!(json.get("entity_type").and_then(|value| value.as_str()), Some("customer"));
        assert_eq!(serde_json::from_value::<Link>(json.clone()).unwrap(), link);
        let bad = json.to_string().replace("cus_1", "cus\\u0000");
        assert!(serde_json::from_str::<Link>(&bad).is_err());
    }
}

//! Who made a plugin: publishers with their keys, the statements that they sign, and what is to be
//! said of a version's signature. Nothing here computes or verifies a signature.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::time::Timestamp;

pub mod document;
pub mod hexadecimal;

pub use document::{Document, NextKey, Statement};

/// The longest id of a publisher, in bytes.
const MAX_ID: usize = 64;

/// Somebody whose signatures this deployment knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Publisher {
    /// The id that statements name: lower-case letters, digits and dashes.
    pub id: String,
    /// The name for people. A manifest's `publisher` is this or the id.
    pub name: String,
    /// The keys, in the order in which they came.
    pub keys: Vec<PublisherKey>,
    /// When an operator entered it.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
}

/// A key that a publisher signs with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublisherKey {
    /// The first 32 hexadecimal digits of the SHA-256 of the public key.
    pub id: String,
    /// The Ed25519 public key (RFC 8032), 64 hexadecimal digits.
    pub public_key: String,
    /// When it came.
    #[schemars(with = "String")]
    pub added_at: Timestamp,
    /// The key that signed for it, where it took that one's place; an operator entered it where
    /// absent.
    #[serde(default)]
    pub follows: Option<String>,
    /// That it is no longer believed.
    #[serde(default)]
    pub revoked: Option<Revoked>,
}

/// That a key is no longer believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revoked {
    /// Since when: what was signed or accepted after this does not count.
    #[schemars(with = "String")]
    pub since: Timestamp,
    /// What becomes of what was signed with it, and accepted here, before that.
    pub earlier: Earlier,
    /// Why.
    pub reason: String,
}

/// What becomes of signatures from before a key was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Earlier {
    /// They stay good, as for a key that was merely replaced.
    Valid,
    /// They are refused too, as for a key that was stolen and nobody knows when.
    Refused,
}

/// The signature that a version came with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// The signature file, as it was given.
    pub document: String,
    /// When it was found good here. The time that a statement names is its signer's word alone.
    pub accepted_at: Timestamp,
}

/// What is to be said of a version's signature now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SignatureState {
    /// Nobody stands for it.
    Unsigned,
    /// A publisher that is known and trusted stands for it.
    Signed {
        /// The publisher's id.
        publisher: String,
        /// The id of the key.
        key: String,
        /// When it was signed, as the signer says.
        #[schemars(with = "String")]
        signed_at: Timestamp,
    },
    /// It has a signature that is not good, or no longer: it does not run.
    Refused {
        /// Why.
        reason: String,
    },
}

impl Publisher {
    /// The key of this id.
    pub fn key(&self, id: &str) -> Option<&PublisherKey> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// Whether a manifest may name this as who publishes the plugin.
    pub fn is_called(&self, name: &str) -> bool {
        self.id == name || self.name == name
    }
}

impl Revoked {
    /// Whether what was signed and accepted at these times still counts.
    pub fn spares(&self, signed_at: Timestamp, accepted_at: Option<Timestamp>) -> bool {
        let before = |at: Timestamp| at < self.since;
        self.earlier == Earlier::Valid && before(signed_at) && accepted_at.is_some_and(before)
    }
}

/// Checks the id of a publisher.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] at `$.id`.
pub fn check_id(id: &str) -> Result<()> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let begins = id.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    if begins && id.len() <= MAX_ID && id.bytes().all(good) {
        return Ok(());
    }
    let message = format!(
        "`{id}` is not an id: write 1 to {MAX_ID} lower-case letters, digits and dashes, a letter first, such as `acme`"
    );
    Err(Error::invalid("the publisher does not fit").at("$.id", message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::from_millis;

    #[test]
    fn only_what_came_before_is_spared_and_only_by_choice() {
        let check = |earlier: Earlier, signed: i64, accepted: Option<i64>, expect: bool| {
            let revoked = Revoked { since: from_millis(100), earlier, reason: "lost".to_owned() };
            let spared = revoked.spares(from_millis(signed), accepted.map(from_millis));
            assert_eq!(spared, expect, "{earlier:?} {signed} {accepted:?}");
        };
        check(Earlier::Valid, 99, Some(99), true);
        check(Earlier::Valid, 100, Some(99), false);
        check(Earlier::Valid, 99, Some(100), false);
        // Whoever has the key can write any date: what is not here yet has no date of ours.
        check(Earlier::Valid, 1, None, false);
        check(Earlier::Refused, 1, Some(1), false);
    }

    #[test]
    fn ids_are_words() {
        for (id, good) in [
            ("a", true),
            ("acme-2", true),
            ("", false),
            ("2acme", false),
            ("-a", false),
            ("Acme", false),
            ("a/b", false),
            ("ä", false),
        ] {
            assert_eq!(check_id(id).is_ok(), good, "{id}");
        }
        assert!(check_id(&"a".repeat(64)).is_ok() && check_id(&"a".repeat(65)).is_err());
    }
}

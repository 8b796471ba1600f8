//! Providers: kinds of external services, whether a plugin serves them yet or not, and what an
//! operator says of their capabilities.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Problem, Result};
use crate::time::Timestamp;
use crate::{Error, capability};

/// How far a provider can be relied on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProviderStatus {
    /// For everybody.
    #[default]
    Active,
    /// It may change yet.
    Beta,
    /// It works and will be taken away: nothing new should be built on it.
    Deprecated,
}

/// What an operator says of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Provider {
    /// Its code, by which integrations name it: lower-case letters, digits, `-` and `_`.
    pub code: String,
    /// Its name for people.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// Where its logo is.
    pub logo_url: Option<String>,
    /// The marketplace category, such as `payments`.
    pub category: String,
    /// How far it can be relied on.
    pub status: ProviderStatus,
    /// When it was declared.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[schemars(with = "String")]
    pub updated_at: Timestamp,
    /// When it was deleted: nobody can make an integration of it since then, and those there
    /// are go on.
    #[schemars(with = "Option<String>")]
    pub deleted_at: Option<Timestamp>,
}

/// What an operator says of one capability of a provider. It can take away and not add: code
/// comes from a plugin alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CapabilityOverride {
    /// The provider's code.
    pub provider: String,
    /// The capability's code.
    pub capability: String,
    /// A description in the place of the component's.
    pub description: Option<String>,
    /// A JSON Schema that parameters must fit beside the component's own.
    pub parameters_schema: Option<Value>,
    /// Whether it may be called.
    pub enabled: bool,
    /// When this was said first.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[schemars(with = "String")]
    pub updated_at: Timestamp,
}

/// The longest code of a provider or a capability, in characters.
pub const LONGEST_CODE: usize = 64;

/// Refuses what can not be a provider's code.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`], at `path`.
pub fn check_code(path: &str, code: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let starts = code.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    if starts && code.len() <= LONGEST_CODE && code.bytes().all(plain) {
        return Ok(());
    }
    let message = format!(
        "must begin with a lower-case letter and have lower-case letters, digits, - and _ only, at most {LONGEST_CODE}"
    );
    Err(Error::problems("the provider's code does not fit", vec![Problem::at(path, message)]))
}

/// Refuses what can not be a capability's code.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`], at `path`.
pub fn check_capability(path: &str, code: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let starts = code.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase());
    if starts && code.len() <= LONGEST_CODE && code.bytes().all(plain) && capability::code_of(code) == code {
        return Ok(());
    }
    let message = format!("must be in upper snake case such as PROCESS_PAYMENT, at most {LONGEST_CODE} characters");
    Err(Error::problems("the capability's code does not fit", vec![Problem::at(path, message)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_plain_words() {
        let long = "a".repeat(LONGEST_CODE);
        for good in ["acme", "acme-2", "a", "acme_pay", long.as_str()] {
            assert!(check_code("$.code", good).is_ok(), "{good}");
        }
        for bad in ["", "Acme", "2acme", "ac me", "acme/", "äcme", "-a", &format!("{long}a"), "int_1!"] {
            assert_eq!(check_code("$.code", bad).unwrap_err().problems.len(), 1, "{bad}");
        }
        for good in ["PROCESS_PAYMENT", "A", "SYNC_2"] {
            assert!(check_capability("$", good).is_ok(), "{good}");
        }
        for bad in ["", "process_payment", "PROCESS-PAYMENT", "_A", "A B", "1A"] {
            assert!(check_capability("$", bad).is_err(), "{bad}");
        }
    }
}

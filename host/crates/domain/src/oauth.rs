//! OAuth as it is seen from outside: where callbacks come back to, and how tokens fare.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Where the callbacks of an app come back to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Redirect {
    /// To an address for each tenant and plugin that nobody can guess.
    #[default]
    Context,
    /// To one address a provider, for apps that can be registered with no more. The state alone
    /// tells then whose flow ends.
    Fixed,
}

/// Why a generation of tokens was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenCause {
    /// A person agreed, or nothing was there.
    First,
    /// The one before was about to end.
    Age,
    /// The provider refused the one before.
    Rejected,
    /// Nobody had used the refresh token for long, and the provider forgets one that is not used.
    Idle,
}

/// How an integration's tokens fare. None of them is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenStatus {
    /// Which generation is in use; 0 before the first.
    pub generation: u32,
    /// Why that was asked for.
    pub cause: TokenCause,
    /// When it was issued: the last refresh.
    #[schemars(with = "Option<String>")]
    pub refreshed_at: Option<Timestamp>,
    /// When it ends, as far as is known.
    #[schemars(with = "Option<String>")]
    pub expires_at: Option<Timestamp>,
    /// When the next one is to be asked for.
    #[schemars(with = "Option<String>")]
    pub refresh_at: Option<Timestamp>,
    /// Whether it can be renewed without a person.
    pub renewable: bool,
    /// The scopes that the plugin asks for.
    pub scopes_asked: Vec<String>,
    /// The scopes that were granted; absent where the provider did not say.
    pub scopes_granted: Option<Vec<String>>,
    /// Those that are asked for and were not granted.
    pub scopes_missing: Vec<String>,
    /// When the right to renew it ends, as far as the plugin's manifest tells: a refresh token that
    /// nobody uses, or the consent itself.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub consent_ends_at: Option<Timestamp>,
    /// How often in a row it could not be renewed.
    pub failures: u32,
    /// When that is tried again.
    #[schemars(with = "Option<String>")]
    pub retry_at: Option<Timestamp>,
    /// What the last failure said.
    pub last_error: Option<String>,
    /// When the provider said that a person has to agree again.
    #[schemars(with = "Option<String>")]
    pub expired_at: Option<Timestamp>,
}

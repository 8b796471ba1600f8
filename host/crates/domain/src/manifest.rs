//! `plugin.toml`: everything about a plugin that is data rather than code.
//!
//! Unknown keys are refused, so that a misspelt rule is an error and not a missing rule.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::capability::Effect;

pub mod auth;
pub mod check;
pub mod egress;
pub mod oauth;
pub mod rate;
pub mod webhook;

pub use auth::{AuthScheme, Sigv4};
pub use egress::{Egress, ReadBy, Rule};
pub use oauth::OAuth;
pub use rate::RateLimit;
pub use webhook::WebhookRules;

/// A plugin's manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The plugin's id: lower-case letters, digits and dashes.
    pub id: String,
    /// Its version.
    pub version: Version,
    /// Whether it is a helper: no gateway, but code that gateways have linked into them. It talks
    /// to nobody, so it has no provider, no egress and no capabilities.
    #[serde(default, skip_serializing_if = "is_false")]
    pub helper: bool,
    /// The provider that it is a gateway to, such as `acme`; a helper has none.
    #[serde(default)]
    pub provider: String,
    /// The provider's name for people.
    pub name: String,
    /// One sentence on what it does.
    pub description: String,
    /// Who publishes it.
    pub publisher: String,
    /// An SPDX licence expression.
    pub license: String,
    /// The marketplace category, such as `payments`.
    pub category: String,
    /// The version of `gatehouse:plugin` that it is built against.
    pub contract: Version,
    /// Helpers that it needs, by id. They are chosen when it is published and linked into it.
    #[serde(default)]
    pub dependencies: BTreeMap<String, VersionReq>,
    /// Where it may send requests; a helper sends none.
    #[serde(default)]
    pub egress: Egress,
    /// How the host authenticates its requests; the first one is the default.
    #[serde(default)]
    pub auth: Vec<AuthScheme>,
    /// How the provider's OAuth works; needed by an auth scheme of type `oauth2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth: Option<OAuth>,
    /// JSON Schema of the credential's fields; secret ones are marked `writeOnly`.
    #[serde(default = "empty_schema")]
    pub credentials: Value,
    /// JSON Schema of the settings.
    #[serde(default = "empty_schema")]
    pub settings: Value,
    /// What is known of each capability, by code. Every exported one is listed.
    #[serde(default)]
    pub capabilities: BTreeMap<String, CapabilityRules>,
    /// How the provider limits requests.
    #[serde(default)]
    pub rate_limit: Option<RateLimit>,
    /// How the provider's webhooks are verified; needed by an exported `webhook`.
    #[serde(default)]
    pub webhook: Option<WebhookRules>,
    /// The entities of an exported `sync`, by name.
    #[serde(default)]
    pub sync: BTreeMap<String, SyncRules>,
}

fn is_false(value: &bool) -> bool {
    !value
}

fn empty_schema() -> Value {
    serde_json::json!({ "type": "object", "additionalProperties": false })
}

/// What the manifest says of one capability.
/// The default is the careful choice: a write that nobody recognises when it is repeated.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapabilityRules {
    /// Whether it can change something at the provider.
    pub effect: Effect,
    /// How the provider recognises a repeated write.
    #[serde(default)]
    pub idempotency: Idempotency,
    /// How long the provider remembers the key, in hours: within this a write whose answer was
    /// lost is repeated with the same key, and answered with the first result. Where it is
    /// absent nothing is repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_hours: Option<u32>,
    /// How long after sending it is of use to ask the provider again, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_up_after_seconds: Option<u32>,
    /// How long after sending the provider's "I do not have it" is to be believed, in seconds.
    /// Where it is absent, it never is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent_after_seconds: Option<u32>,
}

/// How a provider recognises a repeated write. PROVIDERS has seven shapes; these are
/// the ones the host applies by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "snake_case", tag = "in", deny_unknown_fields)]
pub enum Idempotency {
    /// It does not: an unanswered write is unknown until it is looked up.
    #[default]
    None,
    /// The key goes into this request header.
    Header {
        /// The header's name.
        name: String,
    },
    /// The key goes into this query parameter.
    Query {
        /// The parameter's name.
        name: String,
    },
    /// The gateway puts the key, or a natural key, into the body itself.
    Body,
}

/// How one entity is synchronised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncRules {
    /// `full` or `incremental`.
    pub mode: SyncMode,
    /// Which ways records travel.
    pub direction: SyncDirection,
    /// The default pause between two runs, in minutes; 0 for runs that only a person starts.
    pub every_minutes: u32,
}

/// What a pull reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SyncMode {
    /// Every record each time.
    Full,
    /// What changed since the cursor.
    Incremental,
}

/// Which ways records travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SyncDirection {
    /// From the provider to us.
    Pull,
    /// From us to the provider.
    Push,
    /// Both ways.
    Both,
}

impl Manifest {
    /// The names of the credential's fields.
    pub fn credential_fields(&self) -> impl Iterator<Item = &str> {
        self.credentials
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|fields| fields.keys().map(String::as_str))
    }

    /// The credential's fields with the first example of each that has one.
    pub fn credential_examples(&self) -> BTreeMap<String, String> {
        let example = |name: &str| {
            let example = self.credentials.pointer(&format!("/properties/{name}/examples/0"))?.as_str()?;
            Some((name.to_owned(), example.to_owned()))
        };
        self.credential_fields().filter_map(example).collect()
    }

    /// What the manifest says of a capability; the careful choice where it says nothing.
    pub fn rules_of(&self, code: &str) -> CapabilityRules {
        self.capabilities.get(code).cloned().unwrap_or_default()
    }
}

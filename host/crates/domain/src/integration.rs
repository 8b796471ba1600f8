//! Integrations: a tenant's configured instance of a provider.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::guest::Account;
use crate::id::{EndpointId, IntegrationId};
use crate::plugin::PluginRef;
use crate::time::Timestamp;

/// Where an integration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IntegrationStatus {
    /// Configured and not yet seen to work.
    Draft,
    /// The provider accepted the credential when last asked.
    Active,
    /// The last test or call failed in a way that needs a person.
    Error,
    /// Switched off by the tenant.
    Disabled,
}

/// A tenant's configured instance of a provider. Its credential is kept apart, sealed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Integration {
    /// Its identifier.
    pub id: IntegrationId,
    /// The provider's code.
    pub provider: String,
    /// A name for people.
    pub name: String,
    /// The plugin version it is pinned to.
    pub plugin: PluginRef,
    /// Where it stands.
    pub status: IntegrationStatus,
    /// Settings, valid under the plugin's schema.
    pub settings: Map<String, Value>,
    /// Whatever the host app wants kept with it.
    pub metadata: Map<String, Value>,
    /// For each credential field its beginning and end, never more.
    pub credential_hints: BTreeMap<String, String>,
    /// Which generation of the credential is in use; it grows with each replacement.
    pub credential_version: u32,
    /// Where the provider's webhooks reach us.
    pub endpoint: Option<EndpointId>,
    /// Who the credential belongs to, as the last good test found.
    pub account: Option<Account>,
    /// What is known of its health.
    pub health: Health,
    /// When it was created.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[schemars(with = "String")]
    pub updated_at: Timestamp,
}

/// What is known of an integration's health.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// When its connection was tested last.
    #[schemars(with = "Option<String>")]
    pub last_tested_at: Option<Timestamp>,
    /// When a test last succeeded.
    #[schemars(with = "Option<String>")]
    pub last_success_at: Option<Timestamp>,
    /// What the last failure said.
    pub last_error: Option<String>,
}

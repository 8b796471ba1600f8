//! Integrations: a tenant's configured instance of a provider.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::cassette::Recording;
use crate::guest::Account;
use crate::id::{EndpointId, IntegrationId};
use crate::plugin::PluginRef;
use crate::time::Timestamp;

pub mod status;

pub use status::IntegrationStatus;

/// Which of a provider's worlds an integration acts in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Real money and real data.
    #[default]
    Live,
    /// The provider's place for trying things out.
    Sandbox,
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
    /// Which of the provider's worlds it acts in.
    #[serde(default)]
    pub environment: Environment,
    /// The plugin version it is pinned to.
    pub plugin: PluginRef,
    /// Where it stands.
    pub status: IntegrationStatus,
    /// Its own settings. With what the install says for all of its kind they are valid under the
    /// plugin's schema.
    pub settings: Map<String, Value>,
    /// Whatever the host app wants kept with it.
    pub metadata: Map<String, Value>,
    /// For each credential field its beginning and end, never more.
    pub credential_hints: BTreeMap<String, String>,
    /// What the provider said of the account when a person agreed, by the names that the plugin
    /// gives; the gateway reads them among the settings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
    /// Which generation of the credential is in use; it grows with each replacement.
    pub credential_version: u32,
    /// When it was given the credential that it has; absent where it has none.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub connected_at: Option<Timestamp>,
    /// Where the provider's webhooks reach us.
    pub endpoint: Option<EndpointId>,
    /// Which of its calls are recorded, so that they can be run again offline.
    #[serde(default)]
    pub recording: Recording,
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

impl Integration {
    /// Settings with the facts, as placeholders and the gateway have them.
    pub fn with_facts(&self, settings: &Map<String, Value>) -> Map<String, Value> {
        let mut known = settings.clone();
        known.extend(self.facts.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))));
        known
    }
}

/// What is known of an integration's health.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "IntegrationHealth")]
pub struct Health {
    /// When its connection was tested last.
    #[schemars(with = "Option<String>")]
    pub last_tested_at: Option<Timestamp>,
    /// When a test or a call last succeeded; of calls it is kept to the minute.
    #[schemars(with = "Option<String>")]
    pub last_success_at: Option<Timestamp>,
    /// When a test or a call last failed in a way that is the integration's own.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub last_error_at: Option<Timestamp>,
    /// What that failure said.
    pub last_error: Option<String>,
    /// When records were last synchronised.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub last_synced_at: Option<Timestamp>,
    /// How synchronisation went.
    #[serde(default)]
    pub sync: SyncStats,
}

/// How an integration's synchronisation went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SyncStats {
    /// Records known of all entities.
    pub total_records: u64,
    /// Records that the last run read or wrote.
    pub last_sync_count: u64,
    /// Records that failed in the last run.
    pub failed_sync_count: u64,
}

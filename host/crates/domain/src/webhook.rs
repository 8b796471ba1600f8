//! Webhooks in: endpoints, and what was delivered there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{DeliveryId, EndpointId, IntegrationId, TenantId};
use crate::time::Timestamp;

/// Where one integration's webhooks reach us.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its identifier, which is the secret part of its URL.
    pub id: EndpointId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Which integration it belongs to.
    pub integration: IntegrationId,
    /// When it ends, where another has taken its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The one whose place it took, which may still be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<EndpointId>,
}

/// How far a delivery is to be believed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Nothing shows where it came from: it is taken for a hint to look at the provider, and
    /// nothing it says is passed on.
    Untrusted,
    /// Its sender knows a secret, and its bytes are not signed.
    Authenticated,
    /// Its sender signed these very bytes.
    #[default]
    Verified,
}

/// How a delivery reached us.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "DeliverySource")]
pub enum Source {
    /// The provider sent it to the endpoint.
    #[default]
    Sent,
    /// It was found in the provider's own list of events, and had not come.
    Listed,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum DeliveryState {
    /// Verified and stored; not parsed yet.
    Pending,
    /// Parsed by the gateway.
    Parsed {
        /// How many events were in it.
        events: u32,
    },
    /// The gateway could not parse it, however often it tried.
    Failed {
        /// What it said last.
        reason: String,
    },
    /// It could not be verified: kept for the tenant to see, never shown to plugin code.
    Quarantined {
        /// Which rule it broke.
        reason: String,
    },
}

/// One request that reached an endpoint, or an event of the provider's list in the place of one. Its
/// raw bytes are kept beside it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Delivery {
    /// Its identifier.
    pub id: DeliveryId,
    /// Which integration it is for.
    pub integration: IntegrationId,
    /// The headers, names in lower case, without those that carry a proof or a secret.
    pub headers: Vec<(String, String)>,
    /// The body's size in bytes.
    pub size: u64,
    /// How far it is to be believed.
    #[serde(default)]
    pub trust: Trust,
    /// How it reached us.
    #[serde(default)]
    pub source: Source,
    /// What became of it.
    #[serde(flatten)]
    pub state: DeliveryState,
    /// How often the gateway was asked to parse it.
    pub attempts: u32,
    /// When it arrived.
    #[schemars(with = "String")]
    pub received_at: Timestamp,
}

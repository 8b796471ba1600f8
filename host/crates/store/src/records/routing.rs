//! Routing policies, by name, and what is known of how often an integration succeeds.

use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::routing::Policy;
use serde::{Deserialize, Serialize};

use crate::record::{Kind, Record, RecordId, TenantRecord};

/// How an integration's calls of one capability went, by minute. Written now and then; what
/// was counted since the last time is lost with the process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteWindow {
    /// The integration.
    pub integration: IntegrationId,
    /// The capability's code.
    pub capability: String,
    /// The minutes in which there were calls, oldest first.
    pub minutes: Vec<RouteMinute>,
}

/// The calls of one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteMinute {
    /// Minutes since 1970.
    pub at: i64,
    /// Calls that succeeded.
    pub good: u32,
    /// Calls that did not.
    pub bad: u32,
}

/// Policies are found by name, as a name has one policy.
impl Record for Policy {
    const KIND: Kind = Kind::RoutingPolicy;
    const SCHEMA: u8 = 1;
    type Id = String;
    fn id(&self) -> String {
        self.name.clone()
    }
}
impl TenantRecord for Policy {}

/// An integration and a capability's code.
impl RecordId for (IntegrationId, String) {
    fn key_bytes(&self) -> Vec<u8> {
        let mut bytes = self.0.to_bytes().to_vec();
        bytes.extend_from_slice(self.1.as_bytes());
        bytes
    }
}

impl Record for RouteWindow {
    const KIND: Kind = Kind::RouteWindow;
    const SCHEMA: u8 = 1;
    type Id = (IntegrationId, String);
    fn id(&self) -> Self::Id {
        (self.integration, self.capability.clone())
    }
}
impl TenantRecord for RouteWindow {}

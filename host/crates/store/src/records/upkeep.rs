//! What is kept of an endpoint's registrations with its provider.

use gatehouse_domain::guest::Registration;
use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::record::{Kind, Record, TenantRecord};

/// An integration's endpoint at its provider. There is one an integration, and it goes with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EndpointUpkeep {
    /// Whose it is.
    pub integration: IntegrationId,
    /// The registrations that are ours, as the provider had them last.
    pub registrations: Vec<Registration>,
    /// Whether the provider may have been asked to register without our knowing its answer.
    pub asked: bool,
    /// Whether the host looks after an endpoint that a person had registered.
    pub taken_over: bool,
    /// When the provider's list was last found, or brought, in order.
    pub checked_at: Option<Timestamp>,
    /// When it is looked at again.
    pub next_at: Timestamp,
    /// How often in a row that failed.
    pub failures: u32,
    /// What the last failure said.
    pub last_error: Option<String>,
}

impl EndpointUpkeep {
    /// Nothing yet, to be looked at now.
    pub fn none(integration: IntegrationId, now: Timestamp) -> Self {
        Self {
            integration,
            registrations: Vec::new(),
            asked: false,
            taken_over: false,
            checked_at: None,
            next_at: now,
            failures: 0,
            last_error: None,
        }
    }
}

impl Record for EndpointUpkeep {
    const KIND: Kind = Kind::EndpointUpkeep;
    const SCHEMA: u8 = 1;
    type Id = IntegrationId;
    fn id(&self) -> IntegrationId {
        self.integration
    }
}
impl TenantRecord for EndpointUpkeep {}

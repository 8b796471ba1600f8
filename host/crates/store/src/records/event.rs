//! Events, and where to find an integration's.

use gatehouse_domain::event::Event;
use gatehouse_domain::id::{EventId, IntegrationId};
use serde::{Deserialize, Serialize};

use crate::entry::{Entry, TenantEntry};
use crate::record::{Kind, Record, TenantRecord};

/// Lists an integration's events in the order of their time. Written with the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventByIntegration {
    /// The integration.
    pub integration: IntegrationId,
    /// Its event.
    pub event: EventId,
}

impl Record for Event {
    const KIND: Kind = Kind::Event;
    const SCHEMA: u8 = 1;
    type Id = EventId;
    fn id(&self) -> EventId {
        self.id
    }
}
impl TenantRecord for Event {}

impl Record for EventByIntegration {
    const KIND: Kind = Kind::EventByIntegration;
    const SCHEMA: u8 = 1;
    type Id = (IntegrationId, EventId);
    fn id(&self) -> Self::Id {
        (self.integration, self.event)
    }
}
impl TenantRecord for EventByIntegration {}

/// One event's place in the tenant's feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFeed {
    /// The event.
    pub event: EventId,
}

impl Entry for EventFeed {
    const KIND: Kind = Kind::EventFeed;
    const SCHEMA: u8 = 1;
}
impl TenantEntry for EventFeed {}

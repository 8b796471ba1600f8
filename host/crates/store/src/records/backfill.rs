//! How far an endpoint's events are known to be complete, and the reading of the provider's list that
//! is under way. It holds no event.

use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::record::{Kind, Record, TenantRecord};

/// What is known of an endpoint's events. There is one an integration, and it goes with the connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointBackfill {
    /// Whose it is.
    pub integration: IntegrationId,
    /// Every event that happened before has come, or was listed. Only a list that was read to its end
    /// moves it.
    pub complete_until: Timestamp,
    /// The reading that is under way.
    pub listing: Option<Listing>,
    /// When the last reading ended well.
    pub checked_at: Option<Timestamp>,
    /// When the list is read next.
    pub next_at: Timestamp,
    /// The start of the server in which it was read last: another start reads it again.
    pub epoch: u64,
    /// How many events were found in the list that had not come, ever.
    pub found: u64,
    /// The last time whose events the provider did not list any more.
    pub out_of_reach: Option<OutOfReach>,
    /// How often in a row a reading failed.
    pub failures: u32,
    /// What the last failure said.
    pub last_error: Option<String>,
}

/// A reading of the provider's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// From when on, that moment included.
    pub since: Timestamp,
    /// When it began: so far it makes the events complete.
    pub begun_at: Timestamp,
    /// The next page; the first where absent.
    pub cursor: Option<String>,
    /// How many pages were read.
    pub pages: u32,
}

/// A time that the provider lists no events of any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutOfReach {
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

impl EndpointBackfill {
    /// An endpoint of which nothing is missing yet, to be read now.
    pub fn none(integration: IntegrationId, now: Timestamp) -> Self {
        Self {
            integration,
            complete_until: now,
            listing: None,
            checked_at: None,
            next_at: now,
            epoch: 0,
            found: 0,
            out_of_reach: None,
            failures: 0,
            last_error: None,
        }
    }
}

impl Record for EndpointBackfill {
    const KIND: Kind = Kind::EndpointBackfill;
    const SCHEMA: u8 = 1;
    type Id = IntegrationId;
    fn id(&self) -> IntegrationId {
        self.integration
    }
}
impl TenantRecord for EndpointBackfill {}

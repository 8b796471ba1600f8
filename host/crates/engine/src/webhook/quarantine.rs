//! Deliveries that did not verify: kept for the tenant to see, never shown to plugin code.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use gatehouse_domain::Result;
use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::webhook::{DeliveryState, Endpoint};
use gatehouse_store::records::DeliveryBody;

use super::accept::{Incoming, index_of};
use crate::Engine;

/// How many an integration keeps in an hour. Whoever learns an endpoint's URL can send
/// forged deliveries to it, and they must not fill the disk.
const KEPT_AN_HOUR: u32 = 100;

/// How many were kept of late, by integration.
#[derive(Default)]
pub(crate) struct Quarantine(Mutex<HashMap<IntegrationId, (Timestamp, u32)>>);

impl Quarantine {
    /// Counts one more; whether it may be kept.
    fn admits(&self, integration: IntegrationId, now: Timestamp) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = counts.entry(integration).or_insert((now, 0));
        if now.duration_since(*since) > SignedDuration::from_hours(1) {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        *count <= KEPT_AN_HOUR
    }
}

impl Engine {
    pub(super) async fn quarantine_delivery(
        &self,
        endpoint: &Endpoint,
        incoming: Incoming,
        reason: &str,
    ) -> Result<()> {
        tracing::warn!(integration.id = %endpoint.integration, reason, "a webhook delivery did not verify");
        if !self.0.quarantine.admits(endpoint.integration, self.now()) {
            return Ok(());
        }
        let state = DeliveryState::Quarantined { reason: reason.to_owned() };
        let delivery = self.describe_delivery(endpoint, self.new_id()?, &incoming, state);
        let mut change = self.0.store.change();
        change.tenant(endpoint.tenant).create(&delivery)?;
        change.tenant(endpoint.tenant).create(&DeliveryBody { delivery: delivery.id, body: incoming.body })?;
        change.tenant(endpoint.tenant).create(&index_of(&delivery))?;
        change.commit().await.map(|_| ())
    }
}

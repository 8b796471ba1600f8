//! Deliveries that did not verify: kept for the tenant to see, never shown to plugin code. How many
//! are kept, and how many bytes, is bounded: whoever learns an endpoint's URL can send forged ones.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use gatehouse_domain::Result;
use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::webhook::{DeliveryState, Trust};
use gatehouse_store::Page;
use gatehouse_store::records::{DeliveryBody, QuarantinedDelivery};

use super::door::{Incoming, Receiver};
use super::keep::index_of;
use super::proof::Proof;
use crate::Engine;

/// How many an integration keeps in an hour.
const KEPT_AN_HOUR: u32 = 100;
/// How many it keeps at a time, and how many bytes of them: the oldest make room.
const KEPT: usize = 200;
const KEPT_BYTES: u64 = 8 << 20;

/// How many were kept of late, by integration.
#[derive(Default)]
pub(crate) struct Quarantine(Mutex<HashMap<IntegrationId, (Timestamp, u32)>>);

impl Quarantine {
    /// Counts one more; whether it may be kept.
    fn admits(&self, integration: IntegrationId, now: Timestamp) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |since: Timestamp| now.duration_since(since) > SignedDuration::from_hours(1);
        counts.retain(|_, (since, _)| !is_over(*since));
        let (_, count) = counts.entry(integration).or_insert((now, 0));
        *count += 1;
        *count <= KEPT_AN_HOUR
    }
}

impl Engine {
    pub(super) async fn quarantine_delivery(&self, receiver: &Receiver, incoming: Incoming, why: &str) -> Result<()> {
        let (tenant, integration) = (receiver.endpoint.tenant, receiver.integration.id);
        tracing::warn!(integration.id = %integration, reason = why, "a webhook delivery did not verify");
        if !self.0.quarantine.admits(integration, self.now()) {
            return Ok(());
        }
        let state = DeliveryState::Quarantined { reason: why.to_owned() };
        let delivery = self.describe_delivery(receiver, self.new_id()?, &incoming, state, Trust::Untrusted);
        let entry = QuarantinedDelivery { integration, delivery: delivery.id, size: delivery.size };
        let mut change = self.0.store.change();
        let body = DeliveryBody { delivery: delivery.id, body: incoming.body.clone() };
        let proof = self.seal_proof(delivery.id, &Proof { url: receiver.url.clone(), request: incoming })?;
        let mut scope = change.tenant(tenant);
        scope.create(&delivery)?;
        scope.create(&body)?;
        scope.create(&index_of(&delivery))?;
        scope.create(&proof)?;
        scope.create(&entry)?;
        let kept = self.0.store.tenant(tenant);
        let kept = kept.list_under::<QuarantinedDelivery>(&integration.to_bytes(), &Page::first(KEPT + 1)).await?.items;
        let mut bytes: u64 = kept.iter().map(|kept| kept.size).sum::<u64>() + entry.size;
        let mut count = kept.len() + 1;
        for old in kept.iter().take_while(|old| {
            let full = count > KEPT || bytes > KEPT_BYTES;
            (count, bytes) = (count - 1, bytes.saturating_sub(old.size));
            full
        }) {
            super::release::remove(&mut change, tenant, old)?;
        }
        change.commit().await.map(|_| ())
    }
}

//! Storing a delivery, its place in the queue and the job that works on the queue, in one commit.

use gatehouse_domain::id::{DeliveryId, IntegrationId, TenantId};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::webhook::{Delivery, DeliveryState, Source, Trust};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::Change;
use gatehouse_store::records::{DeliveryBody, DeliveryByIntegration, PendingDelivery, SeenDelivery};

use super::door::{Incoming, Receiver};
use super::{dedupe, parse};
use crate::Engine;

/// How often a commit is tried that loses against the job that is just taken up, or against another
/// copy of the same delivery.
const TRIES: usize = 16;

/// What became of a request that verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It is stored and will be parsed.
    New(DeliveryId),
    /// It was stored before.
    Duplicate(DeliveryId),
}

impl Engine {
    /// Stores a delivery that verified, or says which one it repeats.
    pub(super) async fn keep_delivery(&self, receiver: &Receiver, incoming: Incoming) -> Result<Accepted> {
        let (tenant, integration) = (receiver.endpoint.tenant, receiver.integration.id);
        let id = self.new_id()?;
        let seen = dedupe::seen(integration, &receiver.rules, &incoming, id, self.now());
        let delivery = self.describe_delivery(receiver, id, &incoming, DeliveryState::Pending, receiver.rules.trust());
        let body = DeliveryBody { delivery: id, body: incoming.body };
        for _ in 0..TRIES {
            let mut change = self.0.store.change();
            if let Some(known) = self.note_seen(&mut change, tenant, &seen).await? {
                return Ok(Accepted::Duplicate(known));
            }
            change.tenant(tenant).create(&delivery)?;
            change.tenant(tenant).create(&body)?;
            change.tenant(tenant).create(&index_of(&delivery))?;
            self.queue_delivery(&mut change, tenant, integration, id, delivery.received_at).await?;
            match change.commit().await {
                Ok(_) => return Ok(Accepted::New(id)),
                Err(error) if error.kind == ErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::unavailable("too many deliveries of this integration come at once; send it again"))
    }

    /// Remembers a delivery in a change; the delivery it repeats, where it does.
    pub(super) async fn note_seen(
        &self,
        change: &mut Change,
        tenant: TenantId,
        seen: &SeenDelivery,
    ) -> Result<Option<DeliveryId>> {
        let id = (seen.integration, seen.key);
        match self.0.store.tenant(tenant).get::<SeenDelivery>(&id).await? {
            Some(known) if !dedupe::is_over(&known, self.now()) => return Ok(Some(known.delivery)),
            Some(known) => change.tenant(tenant).replace(&known, seen)?,
            None => change.tenant(tenant).create(seen)?,
        }
        Ok(None)
    }

    /// Puts a delivery into its integration's queue and sees that somebody works on that.
    pub(super) async fn queue_delivery(
        &self,
        change: &mut Change,
        tenant: TenantId,
        integration: IntegrationId,
        delivery: DeliveryId,
        not_before: Timestamp,
    ) -> Result<()> {
        let pending = PendingDelivery { tenant, integration, delivery, not_before, attempts: 0, listed: false };
        change.admin().put(&pending)?;
        parse::enqueue(self, change, tenant, integration, None).await
    }

    pub(super) fn describe_delivery(
        &self,
        receiver: &Receiver,
        id: DeliveryId,
        incoming: &Incoming,
        state: DeliveryState,
        trust: Trust,
    ) -> Delivery {
        let shown = incoming.headers.iter().filter(|(name, _)| !receiver.rules.hides(name));
        Delivery {
            id,
            integration: receiver.integration.id,
            headers: shown.cloned().collect(),
            size: incoming.body.len() as u64,
            trust,
            source: Source::Sent,
            state,
            attempts: 0,
            received_at: self.now(),
        }
    }
}

pub(super) fn index_of(delivery: &Delivery) -> DeliveryByIntegration {
    DeliveryByIntegration { integration: delivery.integration, delivery: delivery.id }
}

//! From the feed to deliveries. The deliveries, the counts and the place in the feed are one
//! commit, which fails where the subscription or its place is not what was looked at.

use gatehouse_domain::event::Event;
use gatehouse_domain::id::{EventId, TenantId};
use gatehouse_domain::subscription::{DeliveryState, Subscription, SubscriptionDelivery};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::Stored;
use gatehouse_store::change::ChangeScope;
use gatehouse_store::records::{DueDelivery, EventFeed, SubscriptionState};
use gatehouse_store::scope::OfTenant;

use crate::Engine;

/// How many events one commit looks at.
const BATCH: usize = 64;

/// What a look at the feed found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accepted {
    /// Nothing more than was there; so many deliveries wait.
    All(u64),
    /// There may be more.
    More,
    /// The subscription is no more.
    Gone,
}

impl Engine {
    /// Takes the next events of the feed on for a subscription.
    pub(super) async fn accept_events(
        &self,
        tenant: TenantId,
        subscription: &Stored<Subscription>,
    ) -> Result<Accepted> {
        let scope = self.0.store.tenant(tenant);
        let Some(state) = scope.get::<SubscriptionState>(&subscription.id).await? else { return Ok(Accepted::Gone) };
        let entries = scope.entries_after::<EventFeed>(state.position(), BATCH).await?;
        let Some(last) = entries.last().map(|entry| entry.position) else {
            return Ok(Accepted::All(state.counts.pending));
        };
        let mut change = self.0.store.change();
        let mut next = SubscriptionState { position: last.to_bytes(), ..state.record.clone() };
        for entry in &entries {
            // One that was pruned meanwhile is passed over.
            let event = scope.get::<Event>(&entry.event).await?;
            if let Some(event) = event.filter(|event| subscription.takes(event)) {
                let delivery = self.new_delivery(subscription, event.id, &event.kind)?;
                add(&mut change.tenant(tenant), &delivery)?;
                next.counts.accept(1);
            }
        }
        change.tenant(tenant).unchanged(subscription)?;
        change.tenant(tenant).replace(&state, &next)?;
        match change.commit().await {
            Ok(_) => Ok(Accepted::More),
            // Changed, sent again or disabled meanwhile: look again.
            Err(error) if error.kind == ErrorKind::Conflict => Ok(Accepted::More),
            Err(error) => Err(error),
        }
    }

    /// A delivery that is due at once.
    pub(super) fn new_delivery(
        &self,
        subscription: &Subscription,
        event: EventId,
        kind: &str,
    ) -> Result<SubscriptionDelivery> {
        let now = self.now();
        Ok(SubscriptionDelivery {
            id: self.new_id()?,
            subscription: subscription.id,
            event,
            kind: kind.to_owned(),
            state: DeliveryState::Pending,
            tries: 0,
            next_attempt_at: Some(now),
            attempts: Vec::new(),
            created_at: now,
            finished_at: None,
        })
    }
}

/// Stores a new delivery with its place among those that are due.
pub(super) fn add(change: &mut ChangeScope<'_, OfTenant>, delivery: &SubscriptionDelivery) -> Result<()> {
    change.create(delivery)?;
    let due = DueDelivery::of(delivery).ok_or_else(|| Error::internal("a new delivery has no time to be sent at"))?;
    change.create(&due)
}

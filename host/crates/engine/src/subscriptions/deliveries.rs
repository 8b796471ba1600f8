//! What people see of deliveries, and the delivery that they ask for to see whether it works.

use gatehouse_domain::event::Event;
use gatehouse_domain::id::{SubscriptionDeliveryId, SubscriptionId, TenantId};
use gatehouse_domain::subscription::{DeliveryState, SubscriptionDelivery};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::records::{DeadDelivery, DueDelivery, SubscriptionState};
use gatehouse_store::{Page, Paged, Stored};
use serde_json::json;

use super::{RETRIES, accept, too_fast};
use crate::{Caller, Engine};

/// The most parts of the list that are read to fill one page of those that were delivered.
const ROUNDS: usize = 32;

impl Engine {
    /// A subscription's deliveries, newest first; those that are pending in the order in which they
    /// are due. A page may be short although there are more.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    pub async fn subscription_deliveries(
        &self,
        by: &Caller,
        id: SubscriptionId,
        state: Option<DeliveryState>,
        page: &Page,
    ) -> Result<Paged<SubscriptionDelivery>> {
        let tenant = by.tenant()?;
        self.find_subscription(by, id).await?;
        let newest_first = Page { reverse: true, ..page.clone() };
        let (scope, prefix) = (self.0.store.tenant(tenant), id.to_bytes());
        match state {
            None => scope.list_under(&prefix, &newest_first).await,
            Some(DeliveryState::Delivered) => self.delivered(tenant, id, newest_first).await,
            Some(DeliveryState::Dead) => {
                let found = scope.list_under::<DeadDelivery>(&prefix, &newest_first).await?;
                let ids = found.items.iter().map(|dead| dead.delivery);
                Ok(Paged { items: self.read_all(tenant, id, ids).await?, next: found.next })
            }
            Some(DeliveryState::Pending) => {
                let found = scope.list_under::<DueDelivery>(&prefix, page).await?;
                let ids = found.items.iter().map(|due| due.delivery);
                Ok(Paged { items: self.read_all(tenant, id, ids).await?, next: found.next })
            }
        }
    }

    /// One delivery.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    pub async fn subscription_delivery(
        &self,
        by: &Caller,
        id: SubscriptionId,
        delivery: SubscriptionDeliveryId,
    ) -> Result<SubscriptionDelivery> {
        self.find_subscription(by, id).await?;
        Ok(self.stored_delivery(by.tenant()?, id, delivery).await?.record)
    }

    /// Sends a test event to one subscription now, and to no other.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`] where it is off.
    pub async fn test_subscription(&self, by: &Caller, id: SubscriptionId) -> Result<SubscriptionDelivery> {
        let tenant = by.tenant()?;
        for _ in 0..RETRIES {
            let subscription = self.find_subscription(by, id).await?;
            if !subscription.enabled {
                let message = format!("the subscription `{id}` is off; PUT it with `enabled: true` first");
                return Err(Error::conflict(message));
            }
            let state = self.subscription_state(tenant, id).await?;
            let event = self.test_event(id)?;
            let delivery = self.new_delivery(&subscription, event.id, &event.kind)?;
            let mut next: SubscriptionState = state.record.clone();
            next.counts.accept(1);
            let mut work = self.work(by);
            let mut change = work.tenant(tenant);
            change.create(&event)?;
            accept::add(&mut change, &delivery)?;
            change.replace(&state, &next)?;
            work.audit("subscription.tested", id, None::<&()>, None)?;
            match work.commit_now().await {
                Err(error) if error.kind == ErrorKind::Conflict => {}
                outcome => return outcome.map(|()| delivery),
            }
        }
        Err(too_fast(id))
    }

    /// It stands in no feed, so that no other subscription takes it.
    fn test_event(&self, id: SubscriptionId) -> Result<Event> {
        let now = self.now();
        Ok(Event {
            id: self.new_id()?,
            kind: "subscription.test".to_owned(),
            integration: None,
            provider: None,
            told: None,
            subject: Some(id.to_string()),
            data: json!({ "message": "this is a test; nothing happened" }),
            occurred_at: now,
            received_at: now,
        })
    }

    pub(super) async fn stored_delivery(
        &self,
        tenant: TenantId,
        id: SubscriptionId,
        delivery: SubscriptionDeliveryId,
    ) -> Result<Stored<SubscriptionDelivery>> {
        let stored = self.0.store.tenant(tenant).get::<SubscriptionDelivery>(&(id, delivery)).await?;
        stored.ok_or_else(|| Error::not_found("delivery", delivery))
    }

    async fn delivered(&self, tenant: TenantId, id: SubscriptionId, page: Page) -> Result<Paged<SubscriptionDelivery>> {
        let scope = self.0.store.tenant(tenant);
        let (limit, mut rest, mut items) = (page.limit.max(1), page, Vec::new());
        for _ in 0..ROUNDS {
            // Never more than there is room for, so that the cursor is that of the last one kept.
            rest.limit = limit - items.len();
            let found = scope.list_under::<SubscriptionDelivery>(&id.to_bytes(), &rest).await?;
            items.extend(found.items.into_iter().filter(|delivery| delivery.state == DeliveryState::Delivered));
            rest.after = found.next;
            if rest.after.is_none() || items.len() >= limit {
                break;
            }
        }
        Ok(Paged { items, next: rest.after })
    }

    async fn read_all(
        &self,
        tenant: TenantId,
        id: SubscriptionId,
        deliveries: impl Iterator<Item = SubscriptionDeliveryId>,
    ) -> Result<Vec<SubscriptionDelivery>> {
        let scope = self.0.store.tenant(tenant);
        let mut items = Vec::new();
        for delivery in deliveries {
            items.extend(scope.get::<SubscriptionDelivery>(&(id, delivery)).await?.map(|found| found.record));
        }
        Ok(items)
    }
}

//! Retention of deliveries to subscriptions. One that is pending is never touched: only its end
//! takes it out of the count of those.

use gatehouse_domain::Result;
use gatehouse_domain::subscription::{DeliveryState, Subscription, SubscriptionDelivery};

use super::Sweep;
use crate::change::Change;
use crate::page::{MAX_LIMIT, Page};
use crate::record::{Record, Stored};
use crate::records::DeadDelivery;

impl Sweep<'_> {
    /// Deletes a tenant's deliveries that were delivered or given up.
    pub(super) async fn sent(&self, cutoff: [u8; 6]) -> Result<u64> {
        let mut pruned = 0;
        let mut page = Page::first(MAX_LIMIT);
        loop {
            let found = self.store.tenant(self.tenant).list::<Subscription>(&page).await?;
            for subscription in &found.items {
                pruned += self.sent_to(subscription, cutoff).await?;
            }
            let Some(next) = found.next else { return Ok(pruned) };
            page.after = Some(next);
        }
    }

    async fn sent_to(&self, subscription: &Subscription, cutoff: [u8; 6]) -> Result<u64> {
        let remove = |found: &Stored<SubscriptionDelivery>, change: &mut Change| {
            if found.state == DeliveryState::Pending {
                return Ok(false);
            }
            let mut change = change.tenant(self.tenant);
            change.remove(found)?;
            change.delete::<DeadDelivery>(&found.record.id())?;
            Ok(true)
        };
        self.go_through(&subscription.id.to_bytes(), Some(cutoff), remove).await
    }
}

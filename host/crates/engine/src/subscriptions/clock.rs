//! What follows when the clock is set back: a delivery that waits for a time of the clock as it was
//! waits as long by the clock as it is, and no longer.

use gatehouse_domain::id::{SubscriptionId, TenantId};
use gatehouse_domain::subscription::SubscriptionDelivery;
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::Page;
use gatehouse_store::records::DueDelivery;

use super::{later, move_due};
use crate::Engine;

/// How many deliveries are read at a time.
const BATCH: usize = 200;

impl Engine {
    /// Looks at every pending delivery of a subscription, as the clock was set back.
    pub(super) async fn follow_clock(&self, tenant: TenantId, id: SubscriptionId) -> Result<()> {
        let scope = self.0.store.tenant(tenant);
        let mut page = Page::first(BATCH);
        loop {
            let found = scope.list_under::<DueDelivery>(&id.to_bytes(), &page).await?;
            for due in &found.items {
                match self.bring_forward(tenant, due).await {
                    // Settled or sent again meanwhile.
                    Err(error) if error.kind == ErrorKind::Conflict => {}
                    outcome => outcome?,
                }
            }
            let Some(next) = found.next else { return Ok(()) };
            page.after = Some(next);
        }
    }

    async fn bring_forward(&self, tenant: TenantId, due: &DueDelivery) -> Result<()> {
        let id = (due.subscription, due.delivery);
        let Some(stored) = self.0.store.tenant(tenant).get::<SubscriptionDelivery>(&id).await? else { return Ok(()) };
        let Some(at) = by_this_clock(&stored, self.now()) else { return Ok(()) };
        let next = SubscriptionDelivery { next_attempt_at: Some(at), ..stored.record.clone() };
        let mut work = self.own_work(Some(tenant));
        work.tenant(tenant).replace(&stored, &next)?;
        move_due(&mut work, tenant, DueDelivery::of(&stored), DueDelivery::of(&next))?;
        work.commit().await
    }
}

/// When a delivery is due whose last moment is still to come; none where it need not move.
fn by_this_clock(delivery: &SubscriptionDelivery, now: Timestamp) -> Option<Timestamp> {
    let planned_at = delivery.attempts.last().map_or(delivery.created_at, |last| last.at);
    let due = delivery.next_attempt_at.filter(|due| *due > now && planned_at > now)?;
    Some(later(now, due.duration_since(planned_at)).min(due))
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::id::{EventId, SubscriptionDeliveryId};
    use gatehouse_domain::subscription::{Attempt, DeliveryState};
    use gatehouse_domain::time::from_millis;

    use super::*;

    #[test]
    fn a_wait_is_as_long_by_the_new_clock() {
        // Created, tried, due, now; then when it is due.
        for (created, tried, due, now, expect) in [
            (100, None, 100, 50, Some(50)),
            (100, Some(200), 230, 150, Some(180)),
            (100, Some(200), 230, 210, None),
            (100, Some(200), 230, 240, None),
            (100, None, 100, 100, None),
            (100, Some(200), 190, 150, Some(150)),
        ] {
            let at = |millis: i64| from_millis(1_700_000_000_000 + millis);
            let attempt = |millis| Attempt { at: at(millis), status: None, error: None, duration_ms: 1, excerpt: None };
            let delivery = SubscriptionDelivery {
                id: SubscriptionDeliveryId::from_bytes([1; 16]),
                subscription: SubscriptionId::from_bytes([2; 16]),
                event: EventId::from_bytes([3; 16]),
                kind: "batch.finished".to_owned(),
                state: DeliveryState::Pending,
                tries: 1,
                next_attempt_at: Some(at(due)),
                attempts: tried.map(attempt).into_iter().collect(),
                created_at: at(created),
                finished_at: None,
            };
            let found = by_this_clock(&delivery, at(now)).map(|found| found.max(at(now)));
            assert_eq!(found, expect.map(at), "{created} {tried:?} {due} {now}");
        }
    }
}

//! Sending deliveries again: one, or those of a range. The event and its `webhook-id` are the
//! same, the schedule begins anew, and the counts move with each in one commit.

use gatehouse_domain::id::{SubscriptionDeliveryId, SubscriptionId, TenantId};
use gatehouse_domain::subscription::{DeliveryState, SubscriptionDelivery};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, ErrorKind, Problem, Result};
use gatehouse_store::records::{DeadDelivery, DueDelivery, SubscriptionState};
use gatehouse_store::{Cursor, Page, Stored};

use super::{RETRIES, move_due, too_fast};
use crate::{Caller, Engine};

/// How many deliveries one commit moves.
const BATCH: usize = 64;
/// The most deliveries of one request.
const MOST: usize = 10_000;

/// Which deliveries to send again.
#[derive(Debug, Clone, Copy)]
pub struct Again {
    /// Those that were taken on at this time or later.
    pub from: Option<Timestamp>,
    /// Those that were taken on before this time.
    pub to: Option<Timestamp>,
    /// Only those that were given up; otherwise also those that were delivered.
    pub only_dead: bool,
}

impl Engine {
    /// Has one delivery sent again now, whatever became of it.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    pub async fn replay_delivery(
        &self,
        by: &Caller,
        id: SubscriptionId,
        delivery: SubscriptionDeliveryId,
    ) -> Result<SubscriptionDelivery> {
        let tenant = by.tenant()?;
        self.find_subscription(by, id).await?;
        for _ in 0..RETRIES {
            let stored = self.stored_delivery(tenant, id, delivery).await?;
            if self.send_again(by, tenant, id, &[stored]).await?.is_some() {
                return Ok(self.stored_delivery(tenant, id, delivery).await?.record);
            }
        }
        Err(too_fast(id))
    }

    /// Has the deliveries of a range sent again now; those that are pending stay as they are.
    /// Answers how many, and whether there are more than one request moves.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Invalid`] for a range without an end or that is
    /// empty.
    pub async fn replay_deliveries(&self, by: &Caller, id: SubscriptionId, again: Again) -> Result<(u64, bool)> {
        check(&again)?;
        let tenant = by.tenant()?;
        self.find_subscription(by, id).await?;
        let (mut moved, mut after) = (0, None);
        while moved < MOST as u64 {
            let (found, next) = self.part(tenant, id, &again, after.clone()).await?;
            match self.send_again(by, tenant, id, &found).await? {
                Some(count) => moved += count,
                // One of them changed: the same part again, without those that no longer fit.
                None => continue,
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok((moved, false)),
            }
        }
        Ok((moved, true))
    }

    /// A part of the range, oldest first, and where it goes on.
    async fn part(
        &self,
        tenant: TenantId,
        id: SubscriptionId,
        again: &Again,
        after: Option<Cursor>,
    ) -> Result<(Vec<Stored<SubscriptionDelivery>>, Option<Cursor>)> {
        let scope = self.0.store.tenant(tenant);
        let page = Page { after, ..Page::first(BATCH) };
        let (found, next) = if again.only_dead {
            let dead = scope.list_under::<DeadDelivery>(&id.to_bytes(), &page).await?;
            let mut found = Vec::new();
            for entry in &dead.items {
                found.extend(scope.get::<SubscriptionDelivery>(&(id, entry.delivery)).await?);
            }
            (found, dead.next)
        } else {
            let all = scope.list_stored::<SubscriptionDelivery>(&id.to_bytes(), &page).await?;
            (all.items, all.next)
        };
        let fits = |delivery: &Stored<SubscriptionDelivery>| {
            let early = again.from.is_some_and(|from| delivery.created_at < from);
            let late = again.to.is_some_and(|to| delivery.created_at >= to);
            !early && !late && delivery.state != DeliveryState::Pending
        };
        Ok((found.into_iter().filter(fits).collect(), next))
    }

    /// Moves deliveries back to pending; nothing where one of them changed meanwhile.
    async fn send_again(
        &self,
        by: &Caller,
        tenant: TenantId,
        id: SubscriptionId,
        deliveries: &[Stored<SubscriptionDelivery>],
    ) -> Result<Option<u64>> {
        if deliveries.is_empty() {
            return Ok(Some(0));
        }
        let state = self.subscription_state(tenant, id).await?;
        let mut next: SubscriptionState = state.record.clone();
        let mut work = self.work(by);
        for stored in deliveries {
            let delivery = SubscriptionDelivery {
                state: DeliveryState::Pending,
                tries: 0,
                next_attempt_at: Some(self.now()),
                finished_at: None,
                ..stored.record.clone()
            };
            if stored.state == DeliveryState::Dead {
                work.tenant(tenant).delete::<DeadDelivery>(&(id, delivery.id))?;
            }
            if stored.state != DeliveryState::Pending {
                next.counts.shift(stored.state, DeliveryState::Pending);
            }
            work.tenant(tenant).replace(stored, &delivery)?;
            move_due(&mut work, tenant, DueDelivery::of(stored), DueDelivery::of(&delivery))?;
        }
        work.tenant(tenant).replace(&state, &next)?;
        work.audit("subscription.replayed", id, None::<&()>, None)?;
        match work.commit_now().await {
            Ok(()) => Ok(Some(deliveries.len() as u64)),
            Err(error) if error.kind == ErrorKind::Conflict => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn check(again: &Again) -> Result<()> {
    let mut problems = Vec::new();
    if !again.only_dead && (again.from.is_none() || again.to.is_none()) {
        let message = "is asked for with `to`, unless `only_dead` is true: name both ends of the range";
        problems.push(Problem::at("$.from", message));
    }
    if let (Some(from), Some(to)) = (again.from, again.to)
        && from >= to
    {
        problems.push(Problem::at("$.to", format!("`{to}` is not after `from`, which is `{from}`")));
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::problems("the range does not fit", problems)) }
}

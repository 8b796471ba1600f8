//! Webhooks out: who asked to be told of which events, and the deliveries.
//!
//! Nobody who changes something pays for a subscriber: events go into their tenant's feed, and
//! each subscription has a durable place in it. One task a subscription (`lane`) turns the events
//! after that place into deliveries; deliveries, counts and the new place are one commit
//! (`accept`). It sends what is due (`attempt`) and stores what came of it, again with the counts
//! (`settle`). So an event is neither missed nor taken twice, whenever the server is killed, and
//! `accepted = delivered + pending + dead` holds in every commit. What a kill can cause is that a
//! request is sent again, with the same `webhook-id`.
//!
//! The order of deliveries is not promised: `webhook-id` and `occurred_at` tell it.

mod accept;
mod attempt;
mod body;
mod clock;
mod deliveries;
mod draft;
mod forget;
mod lane;
mod lanes;
mod pace;
mod replay;
mod sending;
mod settle;
mod signing;
mod slots;

use gatehouse_domain::id::{SubscriptionId, TenantId};
use gatehouse_domain::subscription::{Counts, Subscription};
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::records::{DueDelivery, EventFeed, SubscriptionPlace, SubscriptionSecret, SubscriptionState};
use gatehouse_store::{Page, Paged, Position, Stored};
use zeroize::Zeroizing;

pub use draft::NewSubscription;
pub(crate) use forget::Forget;
pub(crate) use lanes::keep_lanes;
pub use replay::Again;
pub use sending::Sending;
pub(crate) use slots::Slots;

use crate::narrow::Lens;
use crate::tag::IfMatch;
use crate::work::Work;
use crate::{Caller, Engine};

/// The most subscriptions of one tenant.
pub const MOST_SUBSCRIPTIONS: usize = 500;
/// How often a change is tried again that lost against the subscription's own lane.
const RETRIES: usize = 32;

/// A subscription with how it fares.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The subscription.
    pub subscription: Subscription,
    /// How many deliveries there are of each state, as of one commit.
    pub counts: Counts,
    /// Since when nothing but failures came of it.
    pub failing_since: Option<Timestamp>,
    /// When a delivery succeeded last.
    pub last_delivered_at: Option<Timestamp>,
    /// When an attempt failed last.
    pub last_failed_at: Option<Timestamp>,
}

impl Standing {
    fn of(subscription: Subscription, state: Option<&SubscriptionState>) -> Self {
        Self {
            subscription,
            counts: state.map(|state| state.counts).unwrap_or_default(),
            failing_since: state.and_then(|state| state.failing_since),
            last_delivered_at: state.and_then(|state| state.last_delivered_at),
            last_failed_at: state.and_then(|state| state.last_failed_at),
        }
    }
}

impl Engine {
    /// Makes a subscription to events from now on. Answers the secret for its receiver, which is
    /// shown this once; none for `v1a`.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] with the JSON path of what does not fit; [`ErrorKind::Forbidden`] for
    /// a caller who may not see payloads, or whose key is restricted to less;
    /// [`ErrorKind::Conflict`] beyond [`MOST_SUBSCRIPTIONS`].
    pub async fn create_subscription(
        &self,
        by: &Caller,
        new: NewSubscription,
    ) -> Result<(Standing, Option<Zeroizing<String>>)> {
        let tenant = by.tenant()?;
        let mut subscription = self.draft_subscription(new)?;
        self.check_subscription(by, &subscription).await?;
        let known = self.0.store.tenant(tenant).list::<Subscription>(&Page::first(MOST_SUBSCRIPTIONS)).await?;
        if known.items.len() >= MOST_SUBSCRIPTIONS {
            let message = format!("there are {MOST_SUBSCRIPTIONS} subscriptions, which is the most; delete one");
            return Err(Error::conflict(message));
        }
        let (secret, shown) = self.new_signing(tenant, &mut subscription, None).await?;
        let state = SubscriptionState::at(subscription.id, self.end_of_feed(tenant).await?);
        let mut work = self.work(by);
        let secret = self.sealed_by_newest(&mut work, tenant, secret).await?;
        let mut change = work.tenant(tenant);
        change.create(&subscription)?;
        change.create(&state)?;
        change.create(&secret)?;
        work.admin().create(&place_of(tenant, &subscription))?;
        work.audit("subscription.created", subscription.id, None, Some(&subscription))?;
        work.commit().await?;
        Ok((Standing::of(subscription, Some(&state)), shown))
    }

    /// The tenant's subscriptions, oldest first. A restricted key gets those that it may know of,
    /// so a page may be short although there are more.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn subscriptions(&self, by: &Caller, page: &Page) -> Result<Paged<Standing>> {
        let scope = self.0.store.tenant(by.tenant()?);
        let Paged { items: found, next } = scope.list::<Subscription>(page).await?;
        let mut items = Vec::with_capacity(found.len());
        let mut lens = Lens::new(self, by);
        for subscription in found {
            if sees(&mut lens, by, &subscription).await? {
                let state = scope.get::<SubscriptionState>(&subscription.id).await?;
                items.push(Standing::of(subscription, state.as_deref()));
            }
        }
        Ok(Paged { items, next })
    }

    /// One subscription.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], also for another tenant's and for one that the key may not know of.
    pub async fn subscription(&self, by: &Caller, id: SubscriptionId) -> Result<Standing> {
        let found = self.find_subscription(by, id).await?;
        let state = self.0.store.tenant(by.tenant()?).get::<SubscriptionState>(&id).await?;
        Ok(Standing::of(found.record, state.as_deref()))
    }

    /// Puts another registration in its place. Its id, its secret and its deliveries stay. One that
    /// was off and is on again is for events from now on, and goes on with what waits.
    ///
    /// # Errors
    /// As [`Engine::create_subscription`]; [`ErrorKind::Stale`]; [`ErrorKind::NotFound`].
    pub async fn replace_subscription(
        &self,
        by: &Caller,
        id: SubscriptionId,
        expected: &IfMatch,
        new: NewSubscription,
    ) -> Result<Standing> {
        let tenant = by.tenant()?;
        let asked = new.signature;
        let draft = self.draft_subscription(new)?;
        // Before anything is said of the draft, as it may be none of the caller's business.
        self.find_subscription(by, id).await?;
        self.check_subscription(by, &draft).await?;
        for _ in 0..RETRIES {
            let stored = self.find_subscription(by, id).await?;
            expected.check(&stored.record)?;
            let next = draft::over(&stored, &draft, asked)?;
            let state = self.subscription_state(tenant, id).await?;
            let mut work = self.work(by);
            work.tenant(tenant).replace(&stored, &next)?;
            work.admin().put(&place_of(tenant, &next))?;
            if next.enabled && !stored.enabled {
                let position = self.end_of_feed(tenant).await?.to_bytes();
                let fresh = SubscriptionState { position, failing_since: None, ..state.record.clone() };
                work.tenant(tenant).replace(&state, &fresh)?;
            }
            work.audit("subscription.updated", id, Some(&stored.record), Some(&next))?;
            match work.commit().await {
                Err(error) if error.kind == ErrorKind::Conflict => {}
                outcome => return outcome.map(|()| Standing::of(next, Some(&state.record))),
            }
        }
        Err(too_fast(id))
    }

    /// Deletes a subscription at once, and its deliveries soon after: what waits is not sent.
    ///
    /// # Errors
    /// [`ErrorKind::Stale`]; [`ErrorKind::NotFound`].
    pub async fn delete_subscription(&self, by: &Caller, id: SubscriptionId, expected: &IfMatch) -> Result<()> {
        let tenant = by.tenant()?;
        for _ in 0..RETRIES {
            let stored = self.find_subscription(by, id).await?;
            expected.check(&stored.record)?;
            let mut work = self.work(by);
            let mut change = work.tenant(tenant);
            change.remove(&stored)?;
            change.delete::<SubscriptionState>(&id)?;
            change.delete::<SubscriptionSecret>(&id)?;
            work.admin().delete::<SubscriptionPlace>(&id)?;
            forget::enqueue(self, &mut work, tenant, id).await?;
            work.audit("subscription.deleted", id, Some(&stored.record), None)?;
            match work.commit().await {
                Err(error) if error.kind == ErrorKind::Conflict => {}
                outcome => return outcome,
            }
        }
        Err(too_fast(id))
    }

    /// A subscription that exists for the caller.
    async fn find_subscription(&self, by: &Caller, id: SubscriptionId) -> Result<Stored<Subscription>> {
        let stored = self.0.store.tenant(by.tenant()?).get::<Subscription>(&id).await?;
        let Some(stored) = stored else { return Err(Error::not_found("subscription", id)) };
        if sees(&mut Lens::new(self, by), by, &stored).await? {
            return Ok(stored);
        }
        Err(Error::not_found("subscription", id))
    }

    async fn subscription_state(&self, tenant: TenantId, id: SubscriptionId) -> Result<Stored<SubscriptionState>> {
        let state = self.0.store.tenant(tenant).get::<SubscriptionState>(&id).await?;
        state.ok_or_else(|| Error::not_found("subscription", id))
    }

    async fn end_of_feed(&self, tenant: TenantId) -> Result<Position> {
        let last = self.0.store.tenant(tenant).last_position::<EventFeed>().await?;
        Ok(last.unwrap_or(Position::START))
    }
}

/// Whether a subscription exists for a caller: a restricted key knows of those that are for
/// nothing but integrations that it knows of.
async fn sees(lens: &mut Lens<'_>, by: &Caller, subscription: &Subscription) -> Result<bool> {
    if !by.is_restricted() {
        return Ok(true);
    }
    for integration in &subscription.integrations {
        if !lens.sees_records_of(*integration).await? {
            return Ok(false);
        }
    }
    Ok(!subscription.integrations.is_empty())
}

fn place_of(tenant: TenantId, subscription: &Subscription) -> SubscriptionPlace {
    SubscriptionPlace { subscription: subscription.id, tenant, enabled: subscription.enabled }
}

/// Moves a pending delivery's entry in the order of what is due.
fn move_due(work: &mut Work, tenant: TenantId, from: Option<DueDelivery>, to: Option<DueDelivery>) -> Result<()> {
    if from == to {
        return Ok(());
    }
    let mut change = work.tenant(tenant);
    if let Some(from) = from {
        change.delete::<DueDelivery>(&from.key())?;
    }
    to.map_or(Ok(()), |to| change.create(&to))
}

/// A moment after a pause, held within what can be written as a date.
fn later(now: Timestamp, pause: SignedDuration) -> Timestamp {
    now.saturating_add(pause).unwrap_or(Timestamp::MAX)
}

fn too_fast(id: SubscriptionId) -> Error {
    Error::conflict(format!("the subscription `{id}` changes too fast; retry"))
}

//! How an attempt gets in: a place in each compartment, a request of the budget, a circuit that
//! lets it through. Interactive calls wait a short while for the first two.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::manifest::rate::RateNumbers;
use gatehouse_domain::time::{Timestamp, from_millis};
use gatehouse_domain::{Error, ErrorKind};
use gatehouse_store::Store;
use tokio::time::{Duration, Instant, sleep, timeout_at};

use super::lane::{Lane, TenantShare};
use super::pass::Pass;
use super::retry::LEAST_MS;
use super::{Blocked, Millis, Resilience};
use crate::Clock;

/// What a refusal for want of a place says to wait, in milliseconds.
const FULL_MS: u64 = 1_000;

/// How urgent a call is. The less urgent leave something for the more urgent, and do not wait:
/// their job is put off instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Somebody waits for the answer.
    Interactive,
    /// What a provider told us is being worked on.
    Webhook,
    /// A sync, or anything else that can be done later.
    Sync,
}

/// An attempt that is about to be made.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Whose it is.
    pub tenant: TenantId,
    /// The provider's code.
    pub provider: &'a str,
    /// Which integration is called.
    pub integration: IntegrationId,
    /// The manifest's numbers for this integration's account, where they apply to it.
    pub rate: Option<RateNumbers>,
    /// How urgent it is.
    pub priority: Priority,
    /// Which attempt it is, from 1.
    pub attempt: u32,
}

/// Why an attempt may not be made now. Nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// What stands in the way.
    pub blocked: Blocked,
    /// How long to wait, in milliseconds.
    pub after_ms: u64,
    /// The compartment that is full, by its place.
    full: Option<usize>,
}

impl Priority {
    /// The share of the budget that this leaves alone.
    pub(super) fn reserve(self) -> f64 {
        match self {
            Self::Interactive => 0.0,
            Self::Webhook => 0.1,
            Self::Sync => 0.3,
        }
    }

    /// The places that this leaves alone in each compartment.
    fn places(self) -> u32 {
        match self {
            Self::Interactive => 0,
            Self::Webhook | Self::Sync => 1,
        }
    }
}

impl Refused {
    fn new(blocked: Blocked, after: Millis) -> Self {
        Self { blocked, after_ms: u64::try_from(after).unwrap_or_default(), full: None }
    }

    /// The refusal as the caller is told.
    pub fn into_error(self, integration: IntegrationId) -> Error {
        let (kind, why) = match self.blocked {
            Blocked::CircuitOpen => (ErrorKind::CircuitOpen, "its provider fails so often that it is left alone"),
            Blocked::RateLimited => (ErrorKind::RateLimited, "its provider takes no more requests for the moment"),
            Blocked::Full => (ErrorKind::Overloaded, "as many calls run as may run at a time"),
        };
        let seconds = self.after_ms.div_ceil(1_000).max(1);
        let message = format!("the integration `{integration}` can not be called now: {why}; try again in {seconds} s");
        Error::new(kind, message).retry_after(self.after_ms.max(1))
    }
}

impl Resilience {
    /// Lets an attempt in, or says at once why not.
    ///
    /// # Errors
    /// What stands in the way, and how long to wait.
    pub fn try_enter(&self, entry: &Entry<'_>, now: Timestamp) -> Result<Pass, Refused> {
        let lane = self.lane(entry, now.as_millisecond());
        self.admit(&lane, entry, now.as_millisecond())
    }

    /// As [`Resilience::try_enter`]; what is kept of the integration is read first, and an
    /// interactive attempt waits for a place or for the provider's limit, as long as the
    /// settings allow and `until` leaves a hundred milliseconds for the attempt itself.
    ///
    /// # Errors
    /// [`ErrorKind::CircuitOpen`], [`ErrorKind::RateLimited`] or [`ErrorKind::Overloaded`], with
    /// how long to wait.
    pub async fn enter(
        &self,
        store: &Store,
        clock: &dyn Clock,
        entry: &Entry<'_>,
        until: Instant,
    ) -> Result<Pass, Error> {
        let lane = self.lane(entry, clock.now().as_millisecond());
        self.recall(store, &lane, entry, clock.now()).await;
        let latest = until.checked_sub(Duration::from_millis(LEAST_MS)).filter(|latest| *latest > Instant::now());
        let Some(latest) = latest else { return Err(too_late()) };
        let patience = if entry.priority == Priority::Interactive { self.settings().wait_ms } else { 0 };
        let latest = latest.min(Instant::now() + Duration::from_millis(patience.into()));
        let entered = self.enter_by(&lane, clock, entry, latest).await;
        entered.map_err(|refused| refused.into_error(entry.integration))
    }

    async fn enter_by(
        &self,
        lane: &Arc<Lane>,
        clock: &dyn Clock,
        entry: &Entry<'_>,
        latest: Instant,
    ) -> Result<Pass, Refused> {
        let mut waiting = None;
        let mut told: Option<usize> = None;
        loop {
            let result = self.admit(lane, entry, clock.now().as_millisecond());
            let full = result.as_ref().err().and_then(|refused| refused.full);
            if let Some(place) = told.take().filter(|place| Some(*place) != full) {
                pass_on(lane, place);
            }
            let refused = match result {
                Ok(pass) => return Ok(pass),
                Err(refused) => refused,
            };
            if refused.blocked == Blocked::CircuitOpen {
                return Err(refused);
            }
            if waiting.is_none() {
                let place = Waiting::begin(&lane.group.tenant, self.settings().per_tenant);
                waiting = Some(place.ok_or(refused)?);
            }
            match full.and_then(|place| Some((place, lane.compartments().into_iter().nth(place)?))) {
                Some((place, slots)) => {
                    timeout_at(latest, slots.wait()).await.map_err(|_| refused)?;
                    told = Some(place);
                }
                None => {
                    let ready = Instant::now() + Duration::from_millis(refused.after_ms);
                    if ready > latest {
                        return Err(refused);
                    }
                    sleep(Duration::from_millis(refused.after_ms)).await;
                }
            }
        }
    }

    pub(super) fn lane(&self, entry: &Entry<'_>, now: Millis) -> Arc<Lane> {
        self.0.lanes.lane(entry.tenant, entry.provider, entry.integration, &self.0.settings, now)
    }

    fn admit(&self, lane: &Arc<Lane>, entry: &Entry<'_>, now: Millis) -> Result<Pass, Refused> {
        let settings = &self.0.settings;
        if let Some(place) = take_places(lane, entry.priority.places()) {
            // A circuit that is open is the better reason, and nothing to wait for.
            let open = lane.state().breaker.check(now, settings);
            open.map_err(|wait| Refused::new(Blocked::CircuitOpen, wait))?;
            return Err(Refused { blocked: Blocked::Full, after_ms: FULL_MS, full: Some(place) });
        }
        let ticket = {
            let mut state = lane.state();
            state.budget.follow(entry.rate, now);
            let open = state.breaker.check(now, settings).map_err(|wait| Refused::new(Blocked::CircuitOpen, wait));
            open.and_then(|()| {
                let taken = state.budget.take(now, entry.priority);
                taken.map_err(|wait| Refused::new(Blocked::RateLimited, wait))?;
                let ticket = state.breaker.admit(now, settings);
                ticket.map_err(|wait| Refused::new(Blocked::CircuitOpen, wait))
            })
        };
        match ticket {
            Ok(ticket) => {
                if entry.attempt == 1 {
                    lane.group.retries().request(now);
                }
                Ok(Pass::new(self.clone(), Arc::clone(lane), ticket, now))
            }
            Err(refused) => {
                lane.compartments().into_iter().for_each(super::slots::Slots::give);
                Err(refused)
            }
        }
    }
}

/// Takes a place in each compartment, or none; then the place of the one that is full.
fn take_places(lane: &Lane, reserve: u32) -> Option<usize> {
    let compartments = lane.compartments();
    let full = compartments.iter().position(|slots| !slots.take(reserve))?;
    compartments.into_iter().take(full).for_each(super::slots::Slots::give);
    Some(full)
}

/// One word may stand for several places that came free at the same time, and whoever heard it
/// may have found another compartment full.
fn pass_on(lane: &Lane, place: usize) {
    let slots = lane.compartments().into_iter().nth(place);
    if let Some(slots) = slots.filter(|slots| slots.taken() < slots.most()) {
        slots.tell_next();
    }
}

fn too_late() -> Error {
    let message = format!("the time of the request is over: an attempt is begun with {LEAST_MS} ms left or more");
    Error::new(ErrorKind::Overloaded, message).retry_after(FULL_MS)
}

/// One call that waits. A tenant has only so many of them.
struct Waiting(Arc<TenantShare>);

impl Waiting {
    fn begin(tenant: &Arc<TenantShare>, most: u32) -> Option<Self> {
        let waiting = Self(Arc::clone(tenant));
        (waiting.0.waiting.fetch_add(1, Ordering::AcqRel) < most).then_some(waiting)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A moment from milliseconds.
pub(super) fn moment(millis: Millis) -> Timestamp {
    from_millis(millis)
}

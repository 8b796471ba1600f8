//! An attempt under way: it holds its places, and what it showed is learned when it ends. One
//! that is dropped gives everything back and teaches nothing.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::time::Timestamp;

use super::adaptive::Load;
use super::breaker::{Change, Health, Ticket};
use super::enter::{Entry, moment};
use super::lane::{Lane, State};
use super::seen::Seen;
use super::{Circuit, Millis, Resilience, Transition};

/// How often what the headers say is kept, in milliseconds.
const KEEP_EVERY: Millis = 30_000;
/// A wait of this length is kept at once, in milliseconds.
const LONG_WAIT: Millis = 5_000;

/// An attempt under way.
#[must_use = "an attempt that is dropped is as if it had not been made"]
pub struct Pass {
    resilience: Resilience,
    lane: Arc<Lane>,
    /// Taken when what the attempt showed is learned.
    ticket: Option<Ticket>,
    entered: Millis,
}

impl Pass {
    pub(super) fn new(resilience: Resilience, lane: Arc<Lane>, ticket: Ticket, entered: Millis) -> Self {
        Self { resilience, lane, ticket: Some(ticket), entered }
    }

    /// Ends the attempt with what it showed. Says where a circuit opened or closed by it.
    pub fn finish(mut self, seen: &Seen, now: Timestamp) -> Option<Transition> {
        let ticket = self.ticket.take()?;
        learn(&self.resilience, &self.lane, (ticket, 1), seen, now.as_millisecond())
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let seen = Seen::nothing();
            learn(&self.resilience, &self.lane, (ticket, 1), &seen, self.entered);
        }
        self.lane.compartments().into_iter().for_each(super::slots::Slots::give);
    }
}

impl Resilience {
    /// Learns from requests that were made without asking first, such as a connection test or
    /// a look-up of what became of a write.
    pub fn observe(&self, entry: &Entry<'_>, seen: &Seen, now: Timestamp) -> Option<Transition> {
        if seen.sent == 0 && seen.health == Health::Untold {
            return None;
        }
        let now = now.as_millisecond();
        let lane = self.lane(entry, now);
        lane.state().budget.follow(entry.rate, now);
        learn(self, &lane, (Ticket::Usual, 0), seen, now)
    }

    /// Takes one retry of the tenant's at the provider, where there is one and the circuit is
    /// not open.
    pub fn take_retry(&self, integration: IntegrationId, now: Timestamp) -> bool {
        let (now, settings) = (now.as_millisecond(), self.settings());
        self.0.lanes.find(integration).is_some_and(|lane| {
            let open = lane.state().breaker.check(now, settings).is_err();
            !open && lane.group.retries().take(now, settings)
        })
    }
}

/// Takes in what an attempt showed that had been let in with a ticket and so many requests of
/// the budget.
fn learn(
    resilience: &Resilience,
    lane: &Lane,
    (ticket, taken): (Ticket, u32),
    seen: &Seen,
    now: Millis,
) -> Option<Transition> {
    let settings = resilience.settings();
    let mut state = lane.state();
    let beside = lane.slots.taken().saturating_sub(1);
    let told = state.learn_budget(seen, (taken, beside), now);
    let full = lane.slots.taken() >= state.adaptive.allowed();
    state.adaptive.record(now, load_of(seen, full));
    lane.slots.resize(state.adaptive.allowed());
    let change = state.breaker.record(ticket, seen.health, now, settings, || resilience.roll());
    if let Some(why) = &seen.why {
        state.last_failure = Some((now, why.clone()));
    }
    if told && state.is_worth_keeping(now) {
        state.marked_at = now;
        lane.dirty.store(true, Ordering::Release);
    }
    drop(state);
    let change = change?;
    Some(announce(resilience, lane, change, seen))
}

fn load_of(seen: &Seen, full: bool) -> Load {
    match (seen.too_much, seen.took_ms) {
        (true, _) => Load::TooMuch,
        (false, Some(took_ms)) => Load::Answered { took_ms, full },
        (false, None) => Load::Untold,
    }
}

impl State {
    /// Whether the provider said anything of its limits.
    fn learn_budget(&mut self, seen: &Seen, (taken, beside): (u32, u32), now: Millis) -> bool {
        self.budget.settle(taken, seen.sent);
        if seen.throttled {
            self.budget.exhaust(now);
        }
        if let Some(rate) = &seen.rate {
            self.budget.learn(now, rate, beside);
        }
        seen.throttled || seen.rate.is_some()
    }

    fn is_worth_keeping(&self, now: Millis) -> bool {
        let since = now.saturating_sub(self.marked_at);
        self.budget.parked(now) >= LONG_WAIT || !(0..KEEP_EVERY).contains(&since)
    }
}

fn announce(resilience: &Resilience, lane: &Lane, change: Change, seen: &Seen) -> Transition {
    let integration = lane.integration;
    let tenant = lane.group.tenant.id;
    let circuit = match change {
        Change::Opened { until } => {
            resilience.0.opened.fetch_add(1, Ordering::Relaxed);
            let (until, why) = (moment(until), seen.why.as_deref().unwrap_or_default());
            tracing::warn!(integration.id = %integration, tenant.id = %tenant, circuit.until = %until, why, "a circuit opened");
            Circuit::Open { until }
        }
        Change::Closed => {
            resilience.0.closed.fetch_add(1, Ordering::Relaxed);
            tracing::info!(integration.id = %integration, tenant.id = %tenant, "a circuit closed");
            Circuit::Closed
        }
    };
    Transition { integration, why: seen.why.clone().filter(|_| circuit != Circuit::Closed), circuit }
}

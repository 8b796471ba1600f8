//! What keeps one failing provider from taking the others with it: breaker, bulkheads, rate
//! budget and retry budget of each integration. It decides whether a call may start and
//! whether it may be made again; it never makes one.
//!
//! Read in this order: what the operator decides (`settings`), what an attempt showed
//! (`seen`), the state machines (`window`, `breaker`, `adaptive`, `budget`, `retries`,
//! `retry`), what holds them (`slots`, `lane`, `registry`), how a call gets in and out
//! (`enter`, `pass`), and what others see (`standing`, `keep`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::time::Timestamp;

mod adaptive;
mod breaker;
mod budget;
mod enter;
mod keep;
mod lane;
mod pass;
mod registry;
mod retries;
mod retry;
mod seen;
mod settings;
mod slots;
mod standing;
mod window;

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

pub use enter::{Entry, Priority, Refused};
pub use pass::Pass;
pub use retry::{Attempt, next_try};
pub use seen::Seen;
pub use settings::Settings;
pub use standing::{Blocked, BudgetStanding, Circuit, Failure, RetryStanding, Slot, Standing, Surroundings};

pub(crate) use keep::keep_budgets;

/// Milliseconds since 1970.
pub(crate) type Millis = i64;

/// Gives a number from 0 up to 1, never 1 itself.
pub type Dice = Arc<dyn Fn() -> f64 + Send + Sync>;

/// A circuit that opened or closed, for the log, for events and for the integration's status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// Whose circuit it is.
    pub integration: IntegrationId,
    /// What it is now: [`Circuit::Open`] or [`Circuit::Closed`].
    pub circuit: Circuit,
    /// What the last failure was, where it opened.
    pub why: Option<String>,
}

/// All that is known of how providers fare. Cheap to clone; every clone is the same.
#[derive(Clone)]
pub struct Resilience(Arc<Shared>);

struct Shared {
    settings: Settings,
    dice: Dice,
    lanes: registry::Registry,
    opened: AtomicU64,
    closed: AtomicU64,
}

impl Resilience {
    /// Nothing is known yet, so everything is let through up to its limits.
    pub fn new(settings: Settings, dice: Dice) -> Self {
        let lanes = registry::Registry::new(&settings);
        Self(Arc::new(Shared { settings, dice, lanes, opened: AtomicU64::new(0), closed: AtomicU64::new(0) }))
    }

    /// What the operator decided.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Where an integration stands at `now`. It reads what is in memory, takes one short lock
    /// and changes nothing, so that routing can ask for every candidate of every call.
    pub fn standing(&self, integration: IntegrationId, now: Timestamp) -> Standing {
        match self.0.lanes.find(integration) {
            Some(lane) => lane.standing(&self.0.settings, now.as_millisecond()),
            None => Standing::unknown(&self.0.settings),
        }
    }

    /// Forgets what was learned of an integration: its credential is another, or it is gone.
    pub fn forget(&self, integration: IntegrationId) {
        self.0.lanes.forget(integration);
    }

    /// How many integrations are remembered; never many more than [`Settings::tracked`].
    pub fn remembered(&self) -> usize {
        self.0.lanes.len()
    }

    /// How many circuits were opened and how many were closed since the start.
    pub fn transitions(&self) -> (u64, u64) {
        (self.0.opened.load(Ordering::Relaxed), self.0.closed.load(Ordering::Relaxed))
    }

    /// A number from 0 up to 1.
    pub(crate) fn roll(&self) -> f64 {
        (self.0.dice)()
    }
}

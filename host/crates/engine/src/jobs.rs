//! Jobs: durable work that is done at least once. Nothing accepted lives in memory only; what
//! memory holds is hints and the jobs that run right now.
//!
//! A job is stored with the change that asks for it, claimed under a lease with a fence, and
//! settled together with its effects in one commit. Read in this order: `enqueue`, `claim`,
//! `settle`, then what keeps jobs moving (`waits`, `leases`, `ticks`), what runs them (`runner`)
//! and what people ask (`queries`).

mod backoff;
mod claim;
mod cron;
mod enqueue;
mod faults;
mod handler;
mod ids;
mod leases;
mod look;
mod place;
mod queries;
mod runner;
mod settle;
mod ticks;
mod waits;
mod worker;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use gatehouse_domain::Result;
use gatehouse_domain::id::JobId;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_store::Store;
use gatehouse_store::records::GroupKey;
use tokio::sync::Notify;

pub use backoff::Tries;
pub(crate) use enqueue::payload_of;
pub use enqueue::{Enqueued, NewJob, OnWaiting, Unique, When};
pub use faults::Quarantine;
pub use handler::{Claimed, Handler, Outcome, Signal, Verdict};
pub use queries::{Cancelled, Count, Counts};
pub use runner::{Runner, RunnerLimits};
pub use settle::Settled;
pub use ticks::NewSchedule;

use crate::clock::Clock;
use crate::metrics::Metrics;

/// How long a claim holds without being extended.
pub(crate) const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// The queue over a store. Cheap to clone; every clone is the same queue.
#[derive(Clone)]
pub struct Jobs(Arc<Inner>);

/// Gives random numbers; tests bring their own.
type Dice = Box<dyn Fn() -> Result<u64> + Send + Sync>;

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    dice: Dice,
    /// Which start of the server this is; zero before [`Jobs::begin`].
    epoch: AtomicU64,
    /// Whether the clock showed less at the start than it did before.
    went_back: AtomicBool,
    /// The last id, so that ids never go back, whatever the clock does.
    last_id: Mutex<u128>,
    /// Written before the runner starts, read by it.
    handlers: RwLock<HashMap<&'static str, Arc<dyn Handler>>>,
    /// The jobs that run in this process. A lease of one of them never runs out.
    running: Mutex<HashMap<JobId, Claimed>>,
    /// Groups that have just become free: a hint, which a sweep makes up for.
    freed: Mutex<Vec<GroupKey>>,
    /// Wakes the runner for what no watch shows.
    wake: Notify,
    metrics: OnceLock<Arc<Metrics>>,
    seen: look::Seen,
    /// When the runner last looked at the queue and found it in order.
    beat: look::Beat,
}

impl Jobs {
    /// The queue over a store. It claims nothing until [`Jobs::begin`].
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        let dice = Arc::clone(&clock);
        let dice =
            move || dice.chance().map(|[a, b, c, d, e, f, g, h, ..]| u64::from_be_bytes([a, b, c, d, e, f, g, h]));
        Self::with_dice(store, clock, Box::new(dice))
    }

    pub(crate) fn with_dice(store: Store, clock: Arc<dyn Clock>, dice: Dice) -> Self {
        Self(Arc::new(Inner {
            store,
            clock,
            dice,
            epoch: AtomicU64::new(0),
            went_back: AtomicBool::new(false),
            last_id: Mutex::default(),
            handlers: RwLock::default(),
            running: Mutex::default(),
            freed: Mutex::default(),
            wake: Notify::new(),
            metrics: OnceLock::new(),
            seen: look::Seen::default(),
            beat: look::Beat::default(),
        }))
    }

    /// Has every turn counted in these metrics from now on.
    pub(crate) fn count_in(&self, metrics: Arc<Metrics>) {
        // The first ones stay, should anybody come twice.
        let _ = self.0.metrics.set(metrics);
    }

    /// Has jobs of the handler's kind done by it. A second handler of a kind replaces the first.
    pub fn register(&self, handler: Arc<dyn Handler>) {
        self.0.handlers.write().unwrap_or_else(PoisonError::into_inner).insert(handler.kind(), handler);
    }

    fn handler(&self, kind: &str) -> Option<Arc<dyn Handler>> {
        self.0.handlers.read().unwrap_or_else(PoisonError::into_inner).get(kind).cloned()
    }

    /// The kinds of jobs that are done here.
    fn kinds(&self) -> Vec<&'static str> {
        self.0.handlers.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// How often jobs of a kind are tried.
    fn tries(&self, kind: &str) -> Tries {
        self.handler(kind).map(|handler| handler.tries()).unwrap_or_default()
    }

    /// Which start of this server it is; a later one has a higher number.
    pub(crate) fn epoch(&self) -> u64 {
        self.0.epoch.load(std::sync::atomic::Ordering::Acquire)
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    fn roll(&self) -> Result<u64> {
        (self.0.dice)()
    }

    /// Remembers that a group is free, for the next claim.
    fn free_group(&self, group: GroupKey) {
        self.0.freed.lock().unwrap_or_else(PoisonError::into_inner).push(group);
        self.0.wake.notify_one();
    }
}

/// A moment after a pause, held within what can be written as a date.
fn after(now: Timestamp, pause: SignedDuration) -> Timestamp {
    let limit = if pause.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
    now.saturating_add(pause).unwrap_or(limit)
}

//! Whether the server is well: each part that requests depend on, with the reason and the fix.

use std::time::{Duration, Instant};

use gatehouse_domain::Result;
use gatehouse_domain::time::Timestamp;
use gatehouse_store::State;
use tokio::sync::Mutex;

use crate::Engine;
use crate::metrics::Readings;
use crate::webhook::Backlog;

/// How long a count of what waits is good, so that asking often costs little.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// After how long without a look at the queue the runner of jobs counts as stuck. It looks every second.
const SILENCE: Duration = Duration::from_secs(60);

/// How much may wait before the server counts as not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthLimits {
    /// Deliveries that are to be parsed. Default 5,000; more than 10,000 are not counted.
    pub backlog: u32,
    /// For how long one that is due may wait, in seconds. Default 300.
    pub backlog_seconds: u32,
}

impl Default for HealthLimits {
    fn default() -> Self {
        Self { backlog: 5_000, backlog_seconds: 300 }
    }
}

/// One part that requests depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// `store`, `runtime`, `queue` (webhook deliveries) or `jobs`.
    pub name: &'static str,
    /// Whether it does its work.
    pub ok: bool,
    /// How it stands; where it is not well, why and what to do.
    pub says: String,
}

/// Whether the server is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// For how long it has been running.
    pub uptime: Duration,
    /// Its parts.
    pub components: Vec<Component>,
}

impl Health {
    /// Whether requests can be served.
    pub fn ok(&self) -> bool {
        self.components.iter().all(|component| component.ok)
    }
}

/// When the server began, and the last count of what waits.
pub(crate) struct Checks {
    started: Timestamp,
    /// Held while one counts, so that a crowd that asks counts once.
    backlog: Mutex<Option<(Instant, Backlog)>>,
}

impl Checks {
    pub(crate) fn new(started: Timestamp) -> Self {
        Self { started, backlog: Mutex::new(None) }
    }
}

impl Engine {
    /// Looks at everything that requests depend on.
    pub async fn health(&self) -> Health {
        let uptime = Duration::try_from(self.now().duration_since(self.0.checks.started)).unwrap_or_default();
        let queue = self.queue_health().await;
        let components = vec![
            self.store_health(),
            self.runtime_health(),
            queue,
            judge_runner(self.jobs().silence().unwrap_or(uptime)),
        ];
        Health { uptime, components }
    }

    /// The text that a scraper reads (Prometheus text format 0.0.4).
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Internal`] where it can not be written.
    pub async fn scrape(&self) -> Result<String> {
        let readings = Readings {
            store: self.0.store.storage().health(),
            instances: self.0.runtime.instances(),
            in_memory: self.0.runtime.in_memory(),
            backlog: self.backlog().await.ok(),
            now: self.now(),
        };
        self.0.metrics.system.note(&readings);
        self.0.metrics.circuits.standing(self.0.resilience.not_closed(self.now()));
        if let Err(error) = self.jobs().look(&self.0.metrics).await {
            tracing::warn!(%error, "the jobs could not be counted for a scrape");
        }
        self.0.metrics.registry.render()
    }

    /// What waits to be parsed; at most a second old.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn backlog(&self) -> Result<Backlog> {
        let mut known = self.0.checks.backlog.lock().await;
        if let Some((_, backlog)) = known.filter(|(counted, _)| counted.elapsed() < GOOD_FOR) {
            return Ok(backlog);
        }
        let backlog = Backlog::of(&self.0.store).await?;
        *known = Some((Instant::now(), backlog));
        Ok(backlog)
    }

    fn store_health(&self) -> Component {
        let health = self.0.store.storage().health();
        let says = match &health.state {
            State::Writable => format!("writable, {} bytes on disk, {} free", health.disk_bytes, health.free_bytes),
            State::ReadOnly { reason } | State::Failed { reason } => reason.clone(),
        };
        Component { name: "store", ok: health.is_writable(), says }
    }

    fn runtime_health(&self) -> Component {
        let (free, all) = self.0.runtime.instances();
        let says = match free {
            0 => format!("all {all} instances are in use; raise pool.instances if this lasts"),
            _ => format!("{free} of {all} instances free"),
        };
        Component { name: "runtime", ok: free > 0, says }
    }

    async fn queue_health(&self) -> Component {
        match self.backlog().await {
            Ok(backlog) => judge(&backlog, self.0.policy.health, self.now()),
            Err(error) => Component { name: "queue", ok: false, says: error.message },
        }
    }
}

/// A runner of jobs that has not looked at its queue for a while, or since the start.
fn judge_runner(silence: Duration) -> Component {
    let says = format!("jobs were looked for {} s ago", silence.as_secs());
    let ok = silence <= SILENCE;
    Component {
        name: "jobs",
        ok,
        says: if ok { says } else { format!("{says}; the log says what stops their runner") },
    }
}

/// A queue that is long, or that nobody seems to work on.
fn judge(backlog: &Backlog, limits: HealthLimits, now: Timestamp) -> Component {
    let (pending, waiting) = (backlog.pending, backlog.waiting(now).as_secs());
    let facts = format!("{pending} deliveries to parse, the oldest due for {waiting} s");
    let too_many = pending > usize::try_from(limits.backlog).unwrap_or(usize::MAX);
    let (ok, says) = if too_many {
        (false, format!("{facts}; more than health.backlog = {}", limits.backlog))
    } else if waiting > u64::from(limits.backlog_seconds) {
        (false, format!("{facts}; longer than health.backlog_seconds = {}", limits.backlog_seconds))
    } else {
        (true, facts)
    };
    Component { name: "queue", ok, says }
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::time::SignedDuration;

    use super::*;

    fn check(pending: usize, due_for: Option<i64>, ok: bool, says: &str) {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let due_since = due_for.map(|seconds| now.checked_sub(SignedDuration::from_secs(seconds)).unwrap());
        let found = judge(&Backlog { pending, due_since }, HealthLimits { backlog: 10, backlog_seconds: 60 }, now);
        assert_eq!(found.ok, ok, "{found:?}");
        assert!(found.says.contains(says), "{found:?}");
    }

    #[test]
    fn a_runner_that_is_silent_is_not_ready() {
        for (silence, ok, says) in [
            (Duration::ZERO, true, "0 s ago"),
            (SILENCE, true, "60 s ago"),
            (SILENCE + Duration::from_secs(1), false, "61 s ago; the log"),
        ] {
            let found = judge_runner(silence);
            assert!(found.ok == ok && found.says.contains(says), "{found:?}");
        }
    }

    #[test]
    fn a_long_queue_and_a_stuck_one_are_not_ready() {
        check(0, None, true, "0 deliveries");
        check(10, Some(60), true, "due for 60 s");
        check(11, None, false, "health.backlog = 10");
        check(1, Some(61), false, "health.backlog_seconds = 60");
        check(1, Some(-500), true, "due for 0 s");
    }
}

//! How the queue stands, as a scrape or a health check sees it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use gatehouse_domain::Result;
use gatehouse_domain::id::JobId;
use gatehouse_domain::time::Timestamp;

use super::Jobs;
use crate::metrics::Metrics;

/// Which jobs were due at the last look, and since which look. A job does not say when it became
/// due, so a wait is told too short by the time between two looks.
#[derive(Default)]
pub(super) struct Seen(Mutex<HashMap<JobId, Timestamp>>);

impl Jobs {
    /// Counts what waits and notes it in the metrics. Answers for how long the job that is due
    /// longest has been waiting.
    ///
    /// # Errors
    /// Whatever the store says.
    pub(crate) async fn look(&self, metrics: &Metrics) -> Result<Duration> {
        let mut due = Vec::new();
        let counts = self.counts_and(|job| due.push(job)).await?;
        for kind in self.kinds() {
            let count = counts.kinds.get(kind).copied().unwrap_or_default();
            let states = [
                ("ready", count.ready),
                ("delayed", count.delayed),
                ("queued", count.queued),
                ("running", count.running),
                ("dead", count.dead),
            ];
            states.into_iter().for_each(|(state, count)| metrics.jobs.queued(kind, state, count));
        }
        let oldest = self.0.seen.longest(due, self.now());
        metrics.jobs.oldest_due(oldest);
        Ok(oldest)
    }
}

/// The runner's pulse. It is of the process's own clock, which nobody sets back.
#[derive(Default)]
pub(super) struct Beat(Mutex<Option<Instant>>);

impl Jobs {
    /// Notes that the runner is at work and the queue can be read and written.
    pub(super) fn beat(&self) {
        *self.0.beat.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// How long ago that was; `None` before the first time.
    pub(crate) fn silence(&self) -> Option<Duration> {
        self.0.beat.0.lock().unwrap_or_else(PoisonError::into_inner).map(|beat| beat.elapsed())
    }
}

impl Seen {
    fn longest(&self, due: Vec<JobId>, now: Timestamp) -> Duration {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = due.into_iter().map(|job| (job, seen.get(&job).copied().unwrap_or(now))).collect();
        let waits = seen.values().map(|since| Duration::try_from(now.duration_since(*since)).unwrap_or_default());
        waits.max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_waits_from_the_look_that_first_saw_it_to_the_last_that_did() {
        let seen = Seen::default();
        let [one, two] = [1, 2].map(|byte| JobId::from_bytes([byte; 16]));
        let check = |due: &[JobId], second: i64, expect: u64| {
            let now = Timestamp::from_second(second).unwrap();
            assert_eq!(seen.longest(due.to_vec(), now), Duration::from_secs(expect));
        };
        check(&[one], 100, 0);
        check(&[one, two], 130, 30);
        check(&[two], 140, 10);
        check(&[], 150, 0);
        check(&[two], 160, 0);
        check(&[two], 90, 0);
    }
}

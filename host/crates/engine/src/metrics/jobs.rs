//! What is counted of background jobs, by the kind of job, which is one of the program's own.

use std::time::Duration;

use super::declared::{Declared, SECONDS};
use super::registry::Registry;
use super::series::{Counters, Gauges, Histograms, Value};

const FINISHED: Declared = Declared::counter(
    "gatehouse_jobs_finished_total",
    "Turns of background jobs, by how they ended: done, waiting, dead, cancelled or lost.",
    &["kind", "result"],
);
const DURATION: Declared = Declared::histogram(
    "gatehouse_job_duration_seconds",
    "How long one turn of a background job took.",
    SECONDS,
    &["kind"],
);
const QUEUED: Declared = Declared::gauge(
    "gatehouse_jobs_queued",
    "Background jobs by state: ready, delayed, queued, running or dead; counted up to 10000.",
    &["kind", "state"],
);
const OLDEST: Declared = Declared::gauge(
    "gatehouse_jobs_oldest_due_seconds",
    "For how long the background job that is due longest has been waiting, from when a scrape first saw it.",
    &[],
);

pub(super) const DECLARED: &[&Declared] = &[&FINISHED, &DURATION, &QUEUED, &OLDEST];

/// Background jobs.
pub struct Jobs {
    finished: Counters,
    duration: Histograms,
    queued: Gauges,
    oldest: Gauges,
}

impl Jobs {
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            finished: registry.counters(&FINISHED),
            duration: registry.histograms(&DURATION),
            queued: registry.gauges(&QUEUED),
            oldest: registry.gauges(&OLDEST),
        }
    }

    /// One turn of a job ended.
    pub fn finished(&self, kind: &'static str, result: &'static str, took: Duration) {
        self.finished.one(&[Value::Word(kind), Value::Word(result)]);
        self.duration.time(&[Value::Word(kind)], took);
    }

    /// How many jobs of a kind are in a state now.
    #[allow(clippy::cast_precision_loss, reason = "no queue comes near 2^52 jobs")]
    pub fn queued(&self, kind: &'static str, state: &'static str, count: u64) {
        self.queued.set(&[Value::Word(kind), Value::Word(state)], count as f64);
    }

    /// For how long the job that is due longest has been waiting.
    pub fn oldest_due(&self, waiting: Duration) {
        self.oldest.set(&[], waiting.as_secs_f64());
    }
}

//! What is counted of syncs.

use std::time::Duration;

use gatehouse_domain::sync::{RunState, SyncRun};

use super::declared::{Declared, SECONDS};
use super::registry::Registry;
use super::series::{Counters, Histograms, Value};

const RUNS: Declared = Declared::counter(
    "gatehouse_sync_runs_total",
    "Runs of syncs that ended: succeeded, failed, cancelled or discarded.",
    &["provider", "result"],
);
const RECORDS: Declared = Declared::counter(
    "gatehouse_sync_records_total",
    "Records of ended runs: added, updated, deleted, unchanged, pushed or failed.",
    &["provider", "result"],
);
const DURATION: Declared = Declared::histogram(
    "gatehouse_sync_run_duration_seconds",
    "How long runs were at work, without their waits.",
    SECONDS,
    &["provider"],
);

pub(super) const DECLARED: &[&Declared] = &[&RUNS, &RECORDS, &DURATION];

/// Syncs.
pub struct Syncs {
    runs: Counters,
    records: Counters,
    duration: Histograms,
}

impl Syncs {
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            runs: registry.counters(&RUNS),
            records: registry.counters(&RECORDS),
            duration: registry.histograms(&DURATION),
        }
    }

    /// A run has ended.
    pub fn ended(&self, provider: &str, run: &SyncRun) {
        let result = match run.state {
            RunState::Succeeded => "succeeded",
            RunState::Failed => "failed",
            RunState::Discarded => "discarded",
            _ => "cancelled",
        };
        self.runs.one(&[Value::Name(provider), Value::Word(result)]);
        let counts = &run.counts;
        for (result, count) in [
            ("added", counts.added),
            ("updated", counts.updated),
            ("deleted", counts.deleted),
            ("unchanged", counts.unchanged),
            ("pushed", counts.pushed),
            ("failed", counts.failed),
        ] {
            self.records.add(&[Value::Name(provider), Value::Word(result)], count as f64);
        }
        self.duration.time(&[Value::Name(provider)], Duration::from_millis(run.busy_ms));
    }
}

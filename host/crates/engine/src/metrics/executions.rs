//! What is counted of calls of capabilities.

use std::time::Duration;

use gatehouse_domain::execution::{Execution, Outcome};
use prometheus::Gauge;

use super::declared::{Declared, SECONDS};
use super::registry::Registry;
use super::series::{Counters, Histograms, Value};

const TOTAL: Declared = Declared::counter(
    "gatehouse_executions_total",
    "Calls of capabilities that came to an end, by what became of them.",
    &["provider", "capability", "outcome"],
);
const DURATION: Declared = Declared::histogram(
    "gatehouse_execution_duration_seconds",
    "How long a call took, from its durable intent to its answer.",
    SECONDS,
    &["provider", "capability"],
);
const IN_FLIGHT: Declared =
    Declared::gauge("gatehouse_executions_in_flight", "Calls of capabilities that are running now.", &[]);
const REPLAYS: Declared = Declared::counter(
    "gatehouse_idempotent_replays_total",
    "Calls that were answered with the record of an earlier one with the same idempotency key.",
    &["provider"],
);

pub(super) const DECLARED: &[&Declared] = &[&TOTAL, &DURATION, &IN_FLIGHT, &REPLAYS];

/// Calls of capabilities.
pub struct Executions {
    total: Counters,
    duration: Histograms,
    in_flight: Option<Gauge>,
    replays: Counters,
}

/// A call that is running; dropped as it ends, however it ends.
pub struct InFlight(Option<Gauge>);

impl Executions {
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            total: registry.counters(&TOTAL),
            duration: registry.histograms(&DURATION),
            in_flight: registry.gauges(&IN_FLIGHT).0.of(&[]),
            replays: registry.counters(&REPLAYS),
        }
    }

    /// Counts a call as running for as long as the answer is held.
    pub fn begin(&self) -> InFlight {
        if let Some(running) = &self.in_flight {
            running.inc();
        }
        InFlight(self.in_flight.clone())
    }

    /// A call came to its end.
    pub fn ended(&self, execution: &Execution) {
        let took = Duration::from_micros(execution.duration_us);
        let (provider, capability) = (Value::Name(&execution.provider), Value::Name(&execution.capability));
        self.counted(provider, capability, outcome(execution.outcome), took);
    }

    /// A call of which only this is known came to its end.
    pub fn counted(&self, provider: Value<'_>, capability: Value<'_>, outcome: &'static str, took: Duration) {
        self.total.one(&[provider, capability, Value::Word(outcome)]);
        self.duration.time(&[provider, capability], took);
    }

    /// A known answer was given again.
    pub fn replayed(&self, provider: &str) {
        self.replays.one(&[Value::Name(provider)]);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(running) = &self.0 {
            running.dec();
        }
    }
}

/// The outcome's word, as in JSON.
pub(crate) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Queued => "queued",
        Outcome::Running => "running",
        Outcome::Succeeded => "succeeded",
        Outcome::Failed => "failed",
        Outcome::Unknown => "unknown",
        Outcome::Cancelled => "cancelled",
    }
}

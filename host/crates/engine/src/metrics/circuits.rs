//! What is counted of circuit breakers. There is one for each integration; they are told by
//! provider, as integrations come and go without end.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::declared::Declared;
use super::registry::Registry;
use super::series::{Counters, Gauges, Value};

const NOT_CLOSED: Declared = Declared::gauge(
    "gatehouse_circuits_not_closed",
    "Integrations whose circuit is open or half open, by provider.",
    &["provider", "state"],
);
const TURNS: Declared =
    Declared::counter("gatehouse_circuit_transitions_total", "Circuits that opened or closed.", &["provider", "to"]);

pub(super) const DECLARED: &[&Declared] = &[&NOT_CLOSED, &TURNS];

/// Circuit breakers.
pub struct Circuits {
    not_closed: Gauges,
    turns: Counters,
    /// What the last scrape showed, so that what is gone is taken off.
    shown: Mutex<NotClosed>,
}

/// How many circuits are `open` or `half_open`, by provider and state.
pub(crate) type NotClosed = BTreeMap<(String, &'static str), u32>;

impl Circuits {
    pub(super) fn new(registry: &Registry) -> Self {
        Self { not_closed: registry.gauges(&NOT_CLOSED), turns: registry.counters(&TURNS), shown: Mutex::default() }
    }

    /// One integration's circuit is now `open` or `closed`.
    pub fn turned(&self, provider: &str, to: &'static str) {
        self.turns.one(&[Value::Name(provider), Value::Word(to)]);
    }

    /// All circuits that are not closed now.
    pub(crate) fn standing(&self, now: NotClosed) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        // By what changed: several providers beyond the bounds share one series.
        for ((provider, state), count) in &now {
            self.not_closed.add(&[Value::Name(provider), Value::Word(state)], f64::from(*count));
        }
        for ((provider, state), count) in std::mem::replace(&mut *shown, now) {
            self.not_closed.add(&[Value::Name(&provider), Value::Word(state)], -f64::from(count));
        }
    }
}

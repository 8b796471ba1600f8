//! What is counted of circuit breakers. There is one for each integration; they are told by
//! provider, as integrations come and go without end.

use super::declared::Declared;
use super::registry::Registry;
use super::series::{Counters, Gauges, Value};

const NOT_CLOSED: Declared = Declared::gauge(
    "gatehouse_circuits_not_closed",
    "Integrations whose circuit is open or half open, by provider.",
    &["provider", "state"],
);
const TURNS: Declared = Declared::counter(
    "gatehouse_circuit_transitions_total",
    "Circuits that turned open, half open or closed.",
    &["provider", "to"],
);

pub(super) const DECLARED: &[&Declared] = &[&NOT_CLOSED, &TURNS];

/// Circuit breakers.
pub struct Circuits {
    not_closed: Gauges,
    turns: Counters,
}

impl Circuits {
    pub(super) fn new(registry: &Registry) -> Self {
        Self { not_closed: registry.gauges(&NOT_CLOSED), turns: registry.counters(&TURNS) }
    }

    /// One integration's circuit went from one state to another: `closed`, `open`, `half_open`.
    pub fn turned(&self, provider: &str, from: &'static str, to: &'static str) {
        let provider = Value::Name(provider);
        self.turns.one(&[provider, Value::Word(to)]);
        for (state, by) in [(from, -1.0), (to, 1.0)] {
            if state != "closed" {
                self.not_closed.add(&[provider, Value::Word(state)], by);
            }
        }
    }
}

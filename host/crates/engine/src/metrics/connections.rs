//! What is counted of connecting: whether a provider accepted what it was asked to accept.

use super::declared::Declared;
use super::registry::Registry;
use super::series::{Counters, Value};

const CONNECTS: Declared = Declared::counter(
    "gatehouse_connects_total",
    "Credentials and sign-ins that a provider was asked to accept: succeeded or failed.",
    &["provider", "result"],
);

pub(super) const DECLARED: &[&Declared] = &[&CONNECTS];

/// Connecting.
pub struct Connections {
    connects: Counters,
}

impl Connections {
    pub(super) fn new(registry: &Registry) -> Self {
        Self { connects: registry.counters(&CONNECTS) }
    }

    /// A provider was asked to accept a credential, or a person signed in there.
    pub fn tried(&self, provider: &str, accepted: bool) {
        let result = if accepted { "succeeded" } else { "failed" };
        self.connects.one(&[Value::Name(provider), Value::Word(result)]);
    }
}

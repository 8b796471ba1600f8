//! What is counted of webhooks in.

use std::time::Duration;

use super::declared::{Declared, FAST_SECONDS, SECONDS};
use super::registry::Registry;
use super::series::{Counters, Histograms, Value};

const RECEIVED: Declared = Declared::counter(
    "gatehouse_webhook_deliveries_total",
    "Deliveries by providers: accepted, duplicate, quarantined, and later parsed, retried or failed.",
    &["provider", "result"],
);
const ACCEPT: Declared = Declared::histogram(
    "gatehouse_webhook_accept_duration_seconds",
    "How long it took to verify a delivery and to have it on the disk.",
    FAST_SECONDS,
    &["provider"],
);
const PARSE: Declared = Declared::histogram(
    "gatehouse_webhook_parse_delay_seconds",
    "How long it took from a delivery's arrival until its events were there.",
    SECONDS,
    &["provider"],
);

pub(super) const DECLARED: &[&Declared] = &[&RECEIVED, &ACCEPT, &PARSE];

/// Webhooks in.
pub struct Webhooks {
    deliveries: Counters,
    accept: Histograms,
    parse: Histograms,
}

/// What became of a delivery at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It is on the disk and will be parsed.
    Accepted,
    /// It had come before.
    Duplicate,
    /// It did not verify.
    Quarantined,
}

impl Webhooks {
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            deliveries: registry.counters(&RECEIVED),
            accept: registry.histograms(&ACCEPT),
            parse: registry.histograms(&PARSE),
        }
    }

    /// A delivery came in.
    pub fn received(&self, provider: &str, what: Received, took: Duration) {
        let result = match what {
            Received::Accepted => "accepted",
            Received::Duplicate => "duplicate",
            Received::Quarantined => "quarantined",
        };
        self.deliveries.one(&[Value::Name(provider), Value::Word(result)]);
        self.accept.time(&[Value::Name(provider)], took);
    }

    /// A delivery's events are there, so long after it came.
    pub fn parsed(&self, provider: &str, after: Duration) {
        self.deliveries.one(&[Value::Name(provider), Value::Word("parsed")]);
        self.parse.time(&[Value::Name(provider)], after);
    }

    /// The gateway could not parse a delivery; `last` where it is given up.
    pub fn not_parsed(&self, provider: &str, last: bool) {
        let result = if last { "failed" } else { "retried" };
        self.deliveries.one(&[Value::Name(provider), Value::Word(result)]);
    }
}

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

const LISTED: Declared = Declared::counter(
    "gatehouse_webhook_listed_events_total",
    "Events of the providers' own lists: found, as they had not come, and known.",
    &["provider", "result"],
);

pub(super) const DECLARED: &[&Declared] = &[&RECEIVED, &ACCEPT, &PARSE, &LISTED];

/// Webhooks in.
pub struct Webhooks {
    deliveries: Counters,
    accept: Histograms,
    parse: Histograms,
    listed: Counters,
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
            listed: registry.counters(&LISTED),
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

    /// A delivery's events are there, so long after it came where it was sent.
    pub fn parsed(&self, provider: &str, after: Option<Duration>) {
        self.deliveries.one(&[Value::Name(provider), Value::Word("parsed")]);
        if let Some(after) = after {
            self.parse.time(&[Value::Name(provider)], after);
        }
    }

    /// A page of a provider's list was taken: so many of its events had not come, and so many had.
    #[allow(clippy::cast_precision_loss, reason = "a page has few events")]
    pub fn listed(&self, provider: &str, found: u64, known: u64) {
        for (result, count) in [("found", found), ("known", known)] {
            self.listed.add(&[Value::Name(provider), Value::Word(result)], count as f64);
        }
    }

    /// The gateway could not parse a delivery; `last` where it is given up.
    pub fn not_parsed(&self, provider: &str, last: bool) {
        let result = if last { "failed" } else { "retried" };
        self.deliveries.one(&[Value::Name(provider), Value::Word(result)]);
    }
}

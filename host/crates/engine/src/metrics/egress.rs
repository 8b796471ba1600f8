//! What is counted of requests to providers.

use std::time::Duration;

use gatehouse_domain::execution::ProviderCall;

use super::declared::{Declared, SECONDS};
use super::registry::Registry;
use super::series::{Counters, Histograms, Value};

const REQUESTS: Declared = Declared::counter(
    "gatehouse_egress_requests_total",
    "Requests to providers, by the class of the status; `none` where no answer came.",
    &["provider", "status_class"],
);
const DURATION: Declared = Declared::histogram(
    "gatehouse_egress_request_duration_seconds",
    "How long a request to a provider took, the whole answer included.",
    SECONDS,
    &["provider"],
);
const SENT: Declared = Declared::counter(
    "gatehouse_egress_sent_bytes_total",
    "Bytes of bodies that were sent to providers.",
    &["provider"],
);
const RECEIVED: Declared = Declared::counter(
    "gatehouse_egress_received_bytes_total",
    "Bytes of bodies that providers answered.",
    &["provider"],
);

pub(super) const DECLARED: &[&Declared] = &[&REQUESTS, &DURATION, &SENT, &RECEIVED];

/// Requests to providers.
pub struct Egress {
    requests: Counters,
    duration: Histograms,
    sent: Counters,
    received: Counters,
}

impl Egress {
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            requests: registry.counters(&REQUESTS),
            duration: registry.histograms(&DURATION),
            sent: registry.counters(&SENT),
            received: registry.counters(&RECEIVED),
        }
    }

    /// Requests that one call made.
    #[allow(clippy::cast_precision_loss, reason = "no body comes near 2^52 bytes")]
    pub fn requested(&self, provider: &str, calls: &[ProviderCall]) {
        let provider = Value::Name(provider);
        for call in calls {
            self.requests.one(&[provider, Value::Word(class(call.status))]);
            self.duration.time(&[provider], Duration::from_micros(call.duration_us));
            self.sent.add(&[provider], call.request_bytes as f64);
            self.received.add(&[provider], call.response_bytes as f64);
        }
    }
}

fn class(status: Option<u16>) -> &'static str {
    match status {
        None => "none",
        Some(100..=199) => "1xx",
        Some(200..=299) => "2xx",
        Some(300..=399) => "3xx",
        Some(400..=499) => "4xx",
        Some(500..=599) => "5xx",
        Some(_) => "odd",
    }
}

//! What is counted of webhooks out. No label names a subscription or a tenant.

use std::time::Duration;

use super::declared::{Declared, SECONDS};
use super::registry::Registry;
use super::series::{Counters, Gauges, Histograms, Value};

const ATTEMPTS: Declared = Declared::counter(
    "gatehouse_subscription_attempts_total",
    "Requests to subscriptions' receivers: delivered, failed, throttled, gone, unanswered or impossible.",
    &["result"],
);
const DURATION: Declared = Declared::histogram(
    "gatehouse_subscription_attempt_duration_seconds",
    "How long a request to a subscription's receiver took, whatever came of it.",
    SECONDS,
    &[],
);
const DELAY: Declared = Declared::histogram(
    "gatehouse_subscription_delivery_delay_seconds",
    "How long it took from a delivery's being taken on until it was delivered.",
    SECONDS,
    &[],
);
const PENDING: Declared = Declared::gauge(
    "gatehouse_subscription_pending_deliveries",
    "Deliveries to subscriptions that are on which are still to be delivered.",
    &[],
);

pub(super) const DECLARED: &[&Declared] = &[&ATTEMPTS, &DURATION, &DELAY, &PENDING];

/// Webhooks out.
pub struct Subscriptions {
    attempts: Counters,
    duration: Histograms,
    delay: Histograms,
    pending: Gauges,
}

impl Subscriptions {
    pub(super) fn new(registry: &Registry) -> Self {
        let pending = registry.gauges(&PENDING);
        pending.set(&[], 0.0);
        Self {
            attempts: registry.counters(&ATTEMPTS),
            duration: registry.histograms(&DURATION),
            delay: registry.histograms(&DELAY),
            pending,
        }
    }

    /// An attempt succeeded, so long after the delivery was taken on.
    pub fn delivered(&self, took: Duration, delay: Duration) {
        self.attempts.one(&[Value::Word("delivered")]);
        self.duration.time(&[], took);
        self.delay.time(&[], delay);
    }

    /// An attempt did not.
    pub fn failed(&self, result: &'static str, took: Duration) {
        self.attempts.one(&[Value::Word(result)]);
        self.duration.time(&[], took);
    }

    /// A subscription had so many pending deliveries and has others now.
    #[allow(clippy::cast_precision_loss, reason = "no queue comes near 2^52 deliveries")]
    pub fn waiting(&self, before: u64, now: u64) {
        if before != now {
            self.pending.add(&[], now as f64 - before as f64);
        }
    }
}

//! An endpoint that Stripe tells of events.

use serde::Deserialize;

/// An endpoint.
#[derive(Debug, Deserialize)]
pub(crate) struct WebhookEndpoint {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) enabled_events: Vec<String>,
    status: String,
}

/// What is left of one that was deleted.
#[derive(Debug, Deserialize)]
pub(crate) struct DeletedEndpoint {
    pub(crate) deleted: bool,
}

impl WebhookEndpoint {
    /// Whether Stripe sends anything there: it switches off what only fails.
    pub(crate) fn is_enabled(&self) -> bool {
        self.status == "enabled"
    }
}

//! The envelope of a webhook: Stripe's `Event`, and the thin events of its newer interface.

use gatehouse_sdk::json::Value;
use gatehouse_sdk::time;
use serde::Deserialize;

use super::milliseconds;

/// An event.
#[derive(Deserialize)]
pub(crate) struct Event {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Seconds since 1970, or RFC 3339 text in a thin event.
    #[serde(default)]
    created: Value,
    #[serde(default)]
    data: Value,
    /// What a thin event is about.
    #[serde(default)]
    related_object: Value,
}

impl Event {
    /// When it happened, in milliseconds since 1970.
    pub(crate) fn occurred_at_ms(&self) -> Option<u64> {
        match &self.created {
            Value::String(text) => time::parse_rfc3339(text),
            other => other.as_u64().map(milliseconds),
        }
    }

    /// The object that it is about: the whole one, a reference to it, or null.
    pub(crate) fn object(&self) -> &Value {
        self.data.get("object").unwrap_or(&self.related_object)
    }
}

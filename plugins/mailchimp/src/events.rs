//! What members do: `POST /3.0/lists/{list}/members/{hash}/events`.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::Object;
use gatehouse_sdk::marketing::subscriber_events::{SubscriberEvent, TrackedEvent};
use gatehouse_sdk::{Error, Result, context, time};

use crate::api;

/// The property that holds the key of the write: a look-up finds the event by it.
pub(crate) const KEY: &str = "gatehouse_key";

/// Tells Mailchimp what a member did.
pub(crate) fn track(event: SubscriberEvent) -> Result<TrackedEvent> {
    let Some(audience) = event.audience.as_deref() else {
        return Err(Error::invalid_input("`audience` is absent; mailchimp keeps members by audience"));
    };
    let mut properties = Object::new();
    for (name, value) in event.properties.as_deref().unwrap_or_default() {
        if name == KEY {
            return Err(Error::invalid_input(format!("the property `{KEY}` is taken; use another name")));
        }
        properties = properties.set(name, value.as_str());
    }
    let body = Object::new()
        .set("name", event.name.as_str())
        .set("properties", properties.set(KEY, context::idempotency_key_for("event")))
        .set_some("occurred_at", event.occurred_at_ms.map(time::format_rfc3339));
    api::send(Request::post(api::member(audience, &event.email, &["events"])?).json(&body))?;
    Ok(TrackedEvent { email: event.email })
}

//! Xero's events in our words. The host has verified the delivery, which holds none at all where Xero only tests
//! whether we check signatures. An event says what changed, never what it is now.

use gatehouse_sdk::json::{self, Fields, Object};
use gatehouse_sdk::webhook::{Delivery, Event, Guest};
use gatehouse_sdk::{Error, Result};

use crate::{Xero, api};

impl Guest for Xero {
    /// Reads the events of a delivery. Those of another organisation are left out: an app has one address for all.
    fn parse(delivery: Delivery) -> Result<Vec<Event>> {
        let organisation = api::organisation().ok();
        let mut events = Vec::new();
        let read = json::read(&delivery.body, |body| {
            if body.get("events").is_none() {
                body.wrong("events", "there are none");
            }
            body.each("events", |event| {
                let tenant = event.text("tenantId");
                let event = read(event);
                if organisation.as_ref().is_none_or(|ours| ours.eq_ignore_ascii_case(&tenant)) {
                    events.push(event);
                }
            });
        });
        let wrong = |problem| Error::invalid_input(format!("the delivery is no list of xero's events: {problem}"));
        read.map_err(wrong)?;
        Ok(events)
    }
}

fn read(event: &Fields<'_>) -> Event {
    let (category, what) = (event.text("eventCategory"), event.text("eventType"));
    let subject = event.text("resourceId");
    let kind = match (category.as_str(), what.as_str()) {
        ("CONTACT", "CREATE") => "contact.created",
        ("CONTACT", "UPDATE") => "contact.updated",
        ("INVOICE", "CREATE") => "invoice.created",
        ("INVOICE", "UPDATE") => "invoice.updated",
        _ => "provider.event",
    };
    let data = Object::new()
        .set("id", subject.as_str())
        .set("url", event.text("resourceUrl"))
        .set("organisation", event.text("tenantId"))
        .set_some("more", event.get("data").cloned());
    Event {
        id: format!("{subject}:{what}:{}", event.text("eventDateUtc")),
        kind: kind.to_owned(),
        provider_kind: format!("{category}.{what}"),
        occurred_at_ms: api::moment(event, "eventDateUtc").unwrap_or_default(),
        subject: Some(subject),
        data: json::text(&data.into()),
    }
}

//! `QuickBooks`' events in our words: a list in the form of `CloudEvents`. The host has verified the delivery. An
//! event says what changed, never what it is now.

use gatehouse_sdk::json::{self, Fields, Object, Value};
use gatehouse_sdk::webhook::{Delivery, Event, Guest};
use gatehouse_sdk::{Error, Result, time};

use crate::contacts::VENDOR;
use crate::{QuickBooks, api};

impl Guest for QuickBooks {
    /// Reads the events of a delivery. Those of another company are left out: an app has one address for all.
    fn parse(delivery: Delivery) -> Result<Vec<Event>> {
        let realm = api::realm().ok();
        let wrong = |problem| Error::invalid_input(format!("the delivery is no list of quickbooks' events: {problem}"));
        let body = json::document(&delivery.body).map_err(wrong)?;
        let mut events = Vec::new();
        let read = json::read_value(&Object::new().set("events", body).into(), |body| {
            if !body.get("events").is_some_and(Value::is_array) {
                body.wrong("events", "this is no list");
            }
            body.each("events", |event| {
                let company = event.text("intuitaccountid");
                let event = read(event);
                if realm.as_ref().is_none_or(|realm| *realm == company) {
                    events.push(event);
                }
            });
        });
        read.map_err(wrong)?;
        Ok(events)
    }
}

fn read(event: &Fields<'_>) -> Event {
    let provider_kind = event.text("type");
    let id = event.text_some("intuitentityid");
    let mut names = provider_kind.split('.').skip(1);
    let (entity, what) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
    let subject = if entity == VENDOR.entity { id.map(|id| VENDOR.table.id(&id)) } else { id };
    let occurred_at_ms = time::parse_rfc3339(&event.text("time"));
    if occurred_at_ms.is_none() {
        event.wrong("time", "this is no moment");
    }
    let data = Object::new().set_some("id", subject.as_deref()).set("company", event.text("intuitaccountid")).set_some(
        "more",
        event.get("data").filter(|data| data.as_object().is_some_and(|data| !data.is_empty())).cloned(),
    );
    Event {
        id: event.text("id"),
        kind: kind(entity, what),
        occurred_at_ms: occurred_at_ms.unwrap_or_default(),
        subject,
        data: json::text(&data.into()),
        provider_kind,
    }
}

/// Our name of an event.
fn kind(entity: &str, what: &str) -> String {
    let entity = match entity {
        "customer" | "vendor" => "contact",
        "invoice" | "payment" | "item" => entity,
        _ => return OTHER.to_owned(),
    };
    let what = match (entity, what) {
        (_, "created" | "updated" | "deleted") | ("invoice" | "payment", "voided") => what,
        ("invoice", "emailed") => "sent",
        _ => return OTHER.to_owned(),
    };
    format!("{entity}.{what}")
}

const OTHER: &str = "provider.event";

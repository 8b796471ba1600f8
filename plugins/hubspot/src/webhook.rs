//! Hubspot's events in our words. The host has verified the delivery, which holds up to a hundred of them.
//!
//! Nothing is lost: an event that is not ours is passed on as `provider.event` with what Hubspot sent.

use gatehouse_sdk::json::{self, Fields, Object, Value, read_value};
use gatehouse_sdk::webhook::{Delivery, Event};
use gatehouse_sdk::{Error, Result, context};

use crate::found::text;

/// What is kept of an event.
const DATA: &[(&str, &str)] = &[
    ("id", "objectId"),
    ("portal", "portalId"),
    ("property", "propertyName"),
    ("value", "propertyValue"),
    ("source", "changeSource"),
    ("kept", "primaryObjectId"),
];

/// Objects by their name or number, in our words.
const OBJECTS: &[(&str, &str)] = &[
    ("contact", "contact"),
    ("company", "company"),
    ("deal", "opportunity"),
    ("0-1", "contact"),
    ("0-2", "company"),
    ("0-3", "opportunity"),
];
/// What happened to them, in our words.
const EVENTS: &[(&str, &str)] = &[
    ("creation", "created"),
    ("propertyChange", "updated"),
    ("deletion", "deleted"),
    ("privacyDeletion", "erased"),
    ("merge", "merged"),
    ("restore", "restored"),
];

/// Reads the events of a delivery. Those of another account are left out: an app has one address for all that use it.
pub(crate) fn parse(delivery: &Delivery) -> Result<Vec<Event>> {
    let wrong = |problem| Error::invalid_input(format!("the delivery is no list of hubspot's events: {problem}"));
    let document = json::document(&delivery.body).map_err(wrong)?;
    let Value::Array(sent) = &document else {
        return Err(Error::invalid_input("the delivery is no list of hubspot's events: it is no list"));
    };
    let account = context::account().map(|account| account.id);
    let mut events = Vec::with_capacity(sent.len());
    for one in sent {
        let (portal, event) =
            read_value(one, |fields| (text_of(fields, "portalId"), event(fields, one))).map_err(wrong)?;
        if account.is_none() || portal.is_none() || account == portal {
            events.push(event);
        }
    }
    Ok(events)
}

/// Hubspot does not promise that its event's number is unique, and counts attempts beside it.
fn event(fields: &Fields<'_>, sent: &Value) -> Event {
    let provider_kind = fields.text("subscriptionType");
    let subject = text_of(fields, "objectId").or_else(|| text_of(fields, "fromObjectId"));
    let occurred_at_ms = fields.count_some("occurredAt").unwrap_or_default();
    let part = |name| text_of(fields, name).unwrap_or_default();
    let object = subject.as_deref().unwrap_or_default();
    let id = format!("{}:{}:{object}:{occurred_at_ms}", part("subscriptionId"), part("eventId"));
    let (kind, data) = match ours(&provider_kind, fields.str_some("objectTypeId")) {
        Some(kind) => (kind, json::text(&data(fields).into())),
        None => ("provider.event".to_owned(), json::text(sent)),
    };
    Event { id, kind, provider_kind, occurred_at_ms, subject, data }
}

/// `contact.creation` of older apps and `object.creation` of newer ones. `None` for what is not ours.
#[inline(never)]
fn ours(kind: &str, object_type: Option<&str>) -> Option<String> {
    let (object, what) = kind.split_once('.')?;
    let object = if object == "object" { object_type? } else { object };
    let mut named = known(OBJECTS, object)?.to_owned();
    named.push('.');
    named.push_str(known(EVENTS, what)?);
    Some(named)
}

#[inline(never)]
fn known(names: &[(&str, &'static str)], theirs: &str) -> Option<&'static str> {
    names.iter().find(|(name, _)| *name == theirs).map(|(_, ours)| *ours)
}

fn data(fields: &Fields<'_>) -> Object {
    let mut data = Object::new();
    for (ours, theirs) in DATA {
        data = data.set_some(ours, text_of(fields, theirs));
    }
    let mut merged = Vec::new();
    for id in fields.items("mergedObjectIds") {
        merged.push(Value::from(text(id)));
    }
    data.set_some("merged", Some(merged).filter(|merged| !merged.is_empty()))
}

/// Ids are numbers, some come as text already.
#[inline(never)]
fn text_of(fields: &Fields<'_>, name: &str) -> Option<String> {
    fields.get(name).map(text)
}

//! `SendGrid`'s events in our words. The host has verified the delivery, which is a list of them.
//!
//! Nothing is lost: an event that is not ours is passed on as `provider.event` with what `SendGrid` sent.

use gatehouse_sdk::json::{self, Fields, Object, Value};
use gatehouse_sdk::webhook::Event;
use gatehouse_sdk::{Error, Result, time};

use crate::api;
use crate::mails::KEY;

/// The fields that are `SendGrid`'s own. All others are the custom arguments of the mail.
const OWN: [&str; 30] = [
    "email",
    "timestamp",
    "event",
    "smtp-id",
    "category",
    "sg_event_id",
    "sg_message_id",
    "sg_template_id",
    "sg_template_name",
    "sg_content_type",
    "sg_machine_open",
    "reason",
    "status",
    "response",
    "attempt",
    "type",
    "bounce_classification",
    "url",
    "url_offset",
    "useragent",
    "ip",
    "tls",
    "cert_err",
    "pool",
    "asm_group_id",
    "marketing_campaign_id",
    "marketing_campaign_name",
    "marketing_campaign_version",
    "marketing_campaign_split_id",
    "newsletter",
];

/// Reads the events of a delivery.
pub(crate) fn parse(body: &[u8]) -> Result<Vec<Event>> {
    let list = json::document(body)
        .map_err(|problem| Error::invalid_input(format!("the delivery is no list of sendgrid's events: {problem}")))?;
    let Some(list) = list.as_array() else {
        return Err(Error::invalid_input("the delivery is no list of sendgrid's events"));
    };
    Ok(list.iter().map(read).collect())
}

fn read(event: &Value) -> Event {
    let text = |name: &str| event.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let seconds = event.get("timestamp").and_then(Value::as_u64).unwrap_or_default();
    let provider_kind = text("event").unwrap_or("unknown");
    let mail = text("sg_message_id").map(api::mail_id);
    let ours = in_our_words(provider_kind, text("type"));
    // One whose fields are not as expected must not take the others of its delivery with it.
    let normal =
        ours.and_then(|kind| Some((kind, json::read_value(event, |fields| normal(event, fields, mail)).ok()?)));
    let (kind, data) = match normal {
        Some((kind, data)) => (format!("email.{kind}"), data),
        None if event.is_object() => ("provider.event".to_owned(), Object::of(event)),
        None => ("provider.event".to_owned(), Object::new().set("event", event.clone())),
    };
    Event {
        // One without an id is known by its delivery alone: a made one could be another event's, which then was lost.
        id: text("sg_event_id").unwrap_or_default().to_owned(),
        kind,
        provider_kind: provider_kind.to_owned(),
        occurred_at_ms: time::from_seconds(seconds),
        subject: mail.map(str::to_owned),
        data: data.to_string(),
    }
}

/// A mail that was refused for now is one that bounced to `SendGrid`, of the type `blocked`.
fn in_our_words(kind: &str, of_type: Option<&str>) -> Option<&'static str> {
    Some(match (kind, of_type) {
        ("processed", _) => "processed",
        ("deferred", _) => "deferred",
        ("delivered", _) => "delivered",
        ("bounce", Some("blocked")) => "blocked",
        ("bounce", _) => "bounced",
        ("dropped", _) => "dropped",
        ("open", _) => "opened",
        ("click", _) => "clicked",
        ("spamreport", _) => "complained",
        ("unsubscribe", _) => "unsubscribed",
        ("group_unsubscribe", _) => "group_unsubscribed",
        ("group_resubscribe", _) => "group_resubscribed",
        _ => return None,
    })
}

fn normal(value: &Value, event: &Fields<'_>, mail: Option<&str>) -> Object {
    let mut tags = Object::new();
    for (name, tag) in value.as_object().into_iter().flatten() {
        if name != KEY && !OWN.contains(&name.as_str()) {
            tags = tags.set(name, tag.clone());
        }
    }
    Object::new()
        .set_some("id", mail)
        .set("email", event.text("email"))
        .set_some("reason", event.str_some("reason").or_else(|| event.str_some("response")))
        .set_some("status", event.str_some("status"))
        .set_some("classification", event.str_some("bounce_classification"))
        .set_some("url", event.str_some("url"))
        .set_some("ip", event.str_some("ip"))
        .set_some("user_agent", event.str_some("useragent"))
        .set_some("by_machine", event.get("sg_machine_open").cloned())
        .set_some("group", event.count_some("asm_group_id"))
        .set_some("category", event.get("category").cloned())
        .set_some("tags", Some(tags).filter(|tags| !tags.is_empty()))
}

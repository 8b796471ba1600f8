//! What Slack tells: events as JSON, and commands and clicks as forms. The host has verified the delivery and has
//! answered the address check.
//!
//! Nothing is lost: what is not ours, or not as expected, is passed on as `provider.event` with what Slack sent.

use gatehouse_sdk::json::{self, Fields, Object, Value, read_value};
use gatehouse_sdk::webhook::Event;
use gatehouse_sdk::{Error, Result, paging, time};

use crate::api;

/// Reads the one event of a delivery.
pub(crate) fn parse(body: &[u8]) -> Result<Vec<Event>> {
    let wrong = || Error::invalid_input("the delivery is neither JSON nor a form of slack's");
    let text = std::str::from_utf8(body).map_err(|_| wrong())?;
    if let Ok(document) = json::document(body) {
        return told(&document).map(|event| vec![event]);
    }
    let form = paging::pairs(text).map_err(|_| wrong())?;
    let field = |name: &str| form.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
    if let Some(payload) = field("payload") {
        let document = json::document(payload.as_bytes()).map_err(|_| wrong())?;
        return told(&document).map(|event| vec![event]);
    }
    let Some(command) = field("command") else { return Err(wrong()) };
    let data = form.iter().filter(|(name, _)| name != "token");
    let data = data.fold(Object::new(), |data, (name, value)| data.set(name, value.as_str()));
    let data = data.to_string();
    let id = field("trigger_id").map_or_else(|| data.clone(), str::to_owned);
    Ok(vec![passed_on(id, "slash_command", Some(command.to_owned()), data)])
}

/// An event of the Events API, or what else Slack writes as JSON, such as a click.
fn told(document: &Value) -> Result<Event> {
    let read = read_value(document, |told| {
        let id = told.text_some("event_id").or_else(|| told.text_some("trigger_id"));
        (told.text("type"), id, told.count_some("event_time"))
    });
    let (kind, id, at) =
        read.map_err(|problem| Error::invalid_input(format!("the delivery is not an event of slack's: {problem}")))?;
    // One without an id is known by all that it says.
    let id = id.unwrap_or_else(|| without_token(document));
    let occurred_at_ms = time::from_seconds(at.unwrap_or_default());
    let event = document.get("event").filter(|event| kind == "event_callback" && event.is_object());
    let Some(event) = event else {
        return Ok(Event { occurred_at_ms, ..passed_on(id, &kind, None, without_token(document)) });
    };
    let kind = event.get("type").and_then(Value::as_str).unwrap_or("unknown");
    let normal = (kind == "message").then(|| read_value(event, received).ok().flatten()).flatten();
    Ok(match normal {
        Some((subject, data)) => Event {
            id,
            kind: "message.received".to_owned(),
            provider_kind: kind.to_owned(),
            occurred_at_ms,
            subject: Some(subject),
            data,
        },
        None => Event { occurred_at_ms, ..passed_on(id, kind, None, json::text(event)) },
    })
}

/// What a person wrote. What a bot wrote, and what has a subtype, such as a change, is none of it.
fn received(event: &Fields<'_>) -> Option<(String, String)> {
    if event.get("subtype").is_some() || event.get("bot_id").is_some() || event.get("user").is_none() {
        return None;
    }
    let channel = event.text("channel");
    let message = api::message(event, &channel, None);
    Some((message.id.clone(), Object::of(&message).to_string()))
}

fn passed_on(id: String, kind: &str, subject: Option<String>, data: String) -> Event {
    Event { id, kind: "provider.event".to_owned(), provider_kind: kind.to_owned(), occurred_at_ms: 0, subject, data }
}

/// What Slack sent, without the old token by which it once proved who it is.
fn without_token(document: &Value) -> String {
    let fields = document.as_object().into_iter().flatten().filter(|(name, _)| *name != "token");
    fields.fold(Object::new(), |data, (name, value)| data.set(name, value.clone())).to_string()
}

//! What Twilio tells: what became of a message, and that somebody wrote to us. The host has verified the delivery.
//!
//! Nothing is lost: a form without a message or with a status that we do not know is passed on as `provider.event`.

use gatehouse_sdk::json::Object;
use gatehouse_sdk::messaging::MessageStatus;
use gatehouse_sdk::webhook::{Delivery, Event};
use gatehouse_sdk::{Error, Result, paging};

use crate::api;

/// How many files a message can have.
const FILES: usize = 10;

/// Reads the one event of a delivery, which is a form.
pub(crate) fn parse(delivery: &Delivery) -> Result<Vec<Event>> {
    let wrong = || Error::invalid_input("the delivery is not a form of twilio's");
    let text = std::str::from_utf8(&delivery.body).map_err(|_| wrong())?;
    let form = paging::pairs(text).map_err(|_| wrong())?;
    let field = |name: &str| {
        let found = form.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    };
    // What comes in has `SmsStatus` alone; a status of ours has both.
    let status = field("MessageStatus").or_else(|| field("SmsStatus"));
    let Some((id, status)) = field("MessageSid").or_else(|| field("SmsSid")).zip(status) else {
        // It is known by the delivery alone: by Twilio's own mark of it, or by all that it says.
        let mark = delivery.headers.iter().find(|(name, _)| name == "i-twilio-idempotency-token");
        let mark = mark.map_or(text, |(_, mark)| mark.as_str());
        return Ok(vec![Event { id: mark.to_owned(), subject: None, ..passed_on(&form, mark, "unknown") }]);
    };
    let Some(ours) = api::in_our_words(status) else { return Ok(vec![passed_on(&form, id, status)]) };
    let name = name(&ours);
    let data = Object::new()
        .set("id", id)
        .set("status", name)
        .set_some("sender", field("From").or_else(|| field("MessagingServiceSid")))
        .set_some("to", field("To"))
        .set_some("failure_code", field("ErrorCode"));
    let data = if ours == MessageStatus::Received { received(data, &field) } else { data };
    Ok(vec![Event {
        id: format!("{id}:{status}"),
        kind: format!("message.{name}"),
        provider_kind: status.to_owned(),
        // Twilio does not say when.
        occurred_at_ms: 0,
        subject: Some(id.to_owned()),
        data: data.to_string(),
    }])
}

/// What somebody wrote, and who it is where the channel tells.
fn received<'a>(data: Object, field: &dyn Fn(&str) -> Option<&'a str>) -> Object {
    let mut files = Vec::new();
    for index in 0..FILES {
        let Some(address) = field(&format!("MediaUrl{index}")) else { break };
        files.push(address);
    }
    data.set("text", field("Body").unwrap_or_default())
        .set_some("sender_name", field("ProfileName"))
        .set_some("reply_to", field("OriginalRepliedMessageSid"))
        .set_some("media_urls", (!files.is_empty()).then_some(files))
}

fn name(status: &MessageStatus) -> &'static str {
    match status {
        MessageStatus::Queued => "queued",
        MessageStatus::Sent => "sent",
        MessageStatus::Delivered => "delivered",
        MessageStatus::Read => "read",
        MessageStatus::Failed => "failed",
        MessageStatus::Received => "received",
    }
}

fn passed_on(form: &[(String, String)], id: &str, status: &str) -> Event {
    let data = form.iter().fold(Object::new(), |data, (name, value)| data.set(name, value.as_str()));
    Event {
        id: format!("{id}:{status}"),
        kind: "provider.event".to_owned(),
        provider_kind: status.to_owned(),
        occurred_at_ms: 0,
        subject: Some(id.to_owned()),
        data: data.to_string(),
    }
}

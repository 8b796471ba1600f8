//! Gmail's pushes through Pub/Sub (its page "Configure push notifications"). The host has checked the token. A push
//! says that the mailbox has changed, and nothing of what.

use gatehouse_sdk::json::{self, Fields, Mismatch, Object, Value};
use gatehouse_sdk::webhook::{Delivery, Event};
use gatehouse_sdk::{Error, Result, base64, context};

use crate::api;

/// Reads the one event of a delivery. That of another mailbox is left out: a topic has all of a project.
pub(crate) fn parse(delivery: &Delivery) -> Result<Vec<Event>> {
    let wrong = |problem: Mismatch| Error::invalid_input(format!("the delivery is no push of gmail's: {problem}"));
    let (id, at, data) = json::read(&delivery.body, |body| {
        if body.get("message").is_none() {
            body.wrong("message", "it is absent");
        }
        let read = |message: &Fields<'_>| {
            let at = api::moment(message, "publishTime").unwrap_or_default();
            (message.text("messageId"), at, base64::decode(&message.text("data")).unwrap_or_default())
        };
        body.inner("message", read).unwrap_or_default()
    })
    .map_err(wrong)?;
    let (mailbox, history) = json::read(&data, |data| (data.text("emailAddress"), history(data))).map_err(wrong)?;
    if context::account().is_some_and(|account| !account.id.eq_ignore_ascii_case(&mailbox)) {
        return Ok(Vec::new());
    }
    let data = Object::new().set("mailbox", mailbox.as_str()).set("history", history).to_string();
    Ok(vec![Event {
        id,
        kind: "mailbox.changed".to_owned(),
        provider_kind: "gmail.history".to_owned(),
        occurred_at_ms: at,
        subject: Some(mailbox),
        data,
    }])
}

/// Gmail's page shows a text, and its pushes have a number.
fn history(data: &Fields<'_>) -> String {
    match data.get("historyId") {
        Some(Value::Number(number)) => number.to_string(),
        _ => data.text("historyId"),
    }
}

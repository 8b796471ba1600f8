//! What Zaps post to us, in the form that the README gives. The host has checked the token; the bytes are not signed.

use gatehouse_sdk::json::{self, Fields, Object, Value};
use gatehouse_sdk::webhook::{Delivery, Event};
use gatehouse_sdk::{Error, Result, time};

/// Reads the one event of a delivery.
pub(crate) fn parse(delivery: &Delivery) -> Result<Vec<Event>> {
    let event = json::read(&delivery.body, read).map_err(|problem| {
        Error::invalid_input(format!("the delivery does not have the form that the zap was to give it: {problem}"))
    })?;
    Ok(vec![event])
}

fn read(body: &Fields<'_>) -> Event {
    let at = body.text("occurred_at");
    let moment = time::parse_rfc3339(&at);
    if moment.is_none() {
        body.wrong("occurred_at", "is no moment; map it to `zap_meta_utc_iso`");
    }
    let mut data = Object::new().set("event", body.text("event"));
    match body.get("data") {
        None => {}
        Some(Value::Object(fields)) => {
            data = data.set("data", fields.clone());
        }
        Some(_) => body.wrong("data", "is no object"),
    }
    Event {
        id: body.text("id"),
        kind: "workflow.told".to_owned(),
        provider_kind: "zap".to_owned(),
        occurred_at_ms: moment.unwrap_or_default(),
        subject: body.text_some("subject"),
        data: data.to_string(),
    }
}

//! The document that a receiver gets: `{type, timestamp, data}` as Standard Webhooks recommends,
//! where `data` is the event as `GET /events/{event}` shows it.

use gatehouse_domain::event::Event;
use gatehouse_domain::{Error, Result};
use serde_json::{Value, json};

/// The most bytes of a document.
const MOST: usize = 256 << 10;

/// The document for an event. The content of one that is too large is left out, and its size told.
pub(super) fn of(event: &Event) -> Result<Vec<u8>> {
    let whole = document(event)?;
    if whole.len() <= MOST {
        return Ok(whole);
    }
    let size = written(&event.data)?.len();
    document(&Event { data: json!({ "omitted_bytes": size }), ..event.clone() })
}

fn document(event: &Event) -> Result<Vec<u8>> {
    let data = serde_json::to_value(event).map_err(unwritable)?;
    written(&json!({ "type": event.kind, "timestamp": event.occurred_at, "data": data }))
}

fn written(value: &Value) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(unwritable)
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::internal("an event can not be written as JSON").caused_by(error)
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::id::EventId;
    use gatehouse_domain::time::from_millis;

    use super::*;

    fn body(data: Value) -> (Event, Value, usize) {
        let event = Event {
            id: EventId::new(1, [1; 10]),
            kind: "payment.succeeded".to_owned(),
            integration: None,
            provider: None,
            told: None,
            subject: None,
            data,
            occurred_at: from_millis(1_700_000_000_000),
            received_at: from_millis(1_700_000_001_000),
        };
        let bytes = of(&event).unwrap();
        (event, serde_json::from_slice(&bytes).unwrap(), bytes.len())
    }

    #[test]
    fn the_document_holds_the_event_as_it_is_shown() {
        let (event, body, _) = body(json!({ "amount": 1999 }));
        assert_eq!((&body["type"], &body["timestamp"]), (&json!("payment.succeeded"), &json!("2023-11-14T22:13:20Z")));
        assert_eq!(body["data"], serde_json::to_value(&event).unwrap());
    }

    #[test]
    fn what_is_too_large_is_left_out_and_its_size_told() {
        let (_, body, size) = body(json!("x".repeat(300 << 10)));
        assert!(size < 1_000);
        assert_eq!(body["data"]["data"]["omitted_bytes"], json!((300 << 10) + 2));
        assert_eq!(body["data"]["id"], json!(EventId::new(1, [1; 10])));
    }
}

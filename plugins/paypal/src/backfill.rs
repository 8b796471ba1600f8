//! `PayPal`'s own list of events: `/v1/notifications/webhooks-events`, each as its webhook has it.

use gatehouse_sdk::backfill::{EventPage, ListedEvent};
use gatehouse_sdk::http::Request;
use gatehouse_sdk::{Result, json, paging, time};

use crate::api;

/// How many events a page has.
const PAGE: u32 = 50;

/// Reads a page. The cursor is the query of the link to it.
pub(crate) fn list(since_ms: u64, kinds: &[String], cursor: Option<&str>) -> Result<EventPage> {
    let get = Request::get("/v1/notifications/webhooks-events");
    let get = match cursor {
        Some(cursor) => paging::pairs(cursor)?.into_iter().fold(get, |get, (name, value)| get.query(name, value)),
        None => get.query("page_size", PAGE).query("start_time", time::format_rfc3339(since_ms)),
    };
    api::send(get)?.read(|list| {
        let bodies = list.items("events");
        let read = list.each("events", |event| {
            let occurred_at_ms = api::made_at(event);
            if occurred_at_ms == 0 {
                event.wrong("create_time", "is absent");
            }
            (event.text("id"), event.text("event_type"), occurred_at_ms)
        });
        let ours = read.into_iter().zip(bodies).filter(|((_, kind, _), _)| kinds.contains(kind));
        let listed =
            |((id, _, occurred_at_ms), body)| ListedEvent { id, occurred_at_ms, body: json::text(body).into_bytes() };
        // A list that is over may have a link to its next page all the same.
        let next = api::link(list, &["next"]).filter(|_| !bodies.is_empty());
        EventPage { events: ours.map(listed).collect(), cursor: next.and_then(|address| paging::query_of(&address)) }
    })
}

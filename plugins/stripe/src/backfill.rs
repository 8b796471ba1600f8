//! Stripe's own list of events: `/v1/events`, newest first, 30 days back.

use gatehouse_sdk::Result;
use gatehouse_sdk::backfill::{EventPage, ListedEvent};
use gatehouse_sdk::http::Request;
use gatehouse_sdk::json;

use crate::api::{self, Event, Page, Settings};

/// How many events a page has: some of their objects are large.
const PAGE: u32 = 50;

/// Reads a page. The cursor is the last event's id. Stripe filters by 20 kinds at most, and there are more.
pub(crate) fn list(since_ms: u64, kinds: &[String], cursor: Option<String>) -> Result<EventPage> {
    let get = Request::get("/v1/events").query("limit", PAGE).query("created[gte]", since_ms / 1000);
    let response = api::send(get.query_some("starting_after", cursor), &Settings::load()?)?;
    let page = Page::of(&response)?;
    let mut events = Vec::new();
    for listed in &page.data {
        let made = json::from_value::<Event>(listed).ok().and_then(|event| Some((event.occurred_at_ms()?, event)));
        let (occurred_at_ms, event) = made.ok_or_else(|| response.senseless("stripe listed what is no event"))?;
        if kinds.contains(&event.kind) {
            events.push(ListedEvent { id: event.id, occurred_at_ms, body: listed.to_string().into_bytes() });
        }
    }
    Ok(EventPage { events, cursor: page.next() })
}

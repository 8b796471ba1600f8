//! The types of `gatehouse:plugin/backfill` as they come out of a component.

use gatehouse_domain::guest;
use wasmtime::component::{ComponentType, Lift};

use crate::tape::convert::content;

/// `backfill.listed-event`.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct ListedEvent {
    id: String,
    #[component(name = "occurred-at-ms")]
    occurred_at_ms: u64,
    body: Vec<u8>,
}

/// `backfill.event-page`.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct EventPage {
    events: Vec<ListedEvent>,
    cursor: Option<String>,
}

impl From<EventPage> for guest::EventPage {
    fn from(EventPage { events, cursor }: EventPage) -> Self {
        Self { events: events.into_iter().map(Into::into).collect(), cursor }
    }
}

impl From<ListedEvent> for guest::ListedEvent {
    fn from(ListedEvent { id, occurred_at_ms, body }: ListedEvent) -> Self {
        Self { id, occurred_at_ms, body: content(&body) }
    }
}

//! Mail as records that the host pulls, and the events of one calendar as records that it pulls and pushes.

use gatehouse_sdk::calendar::calendar_writing::{CalendarEventChange, NewCalendarEvent};
use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{self, Fields, Object};
use gatehouse_sdk::sync::{Change, Outcome, Page, RecordData};
use gatehouse_sdk::{Error, Result, paging};

use crate::api::{self, Settings};
use crate::event::{event, is_before_our_time, is_cancelled, when_of};
use crate::{events, history};

const EMAILS: &str = "emails";
const EVENTS: &str = "events";

/// Reads a page of one entity.
pub(crate) fn pull(entity: &str, cursor: Option<&str>, limit: u32) -> Result<Page> {
    match entity {
        EMAILS => history::pull(cursor, limit),
        EVENTS => pull_events(cursor, limit),
        _ => Err(Error::unsupported(format!("`{entity}` is not synchronised; `{EMAILS}` and `{EVENTS}` are"))),
    }
}

/// Reads a page of events, each of a series by itself. The cursor holds the token of what is known and that of the page;
/// a token that Calendar has forgotten is its 410: then the host begins anew. The pull is at its end where a token
/// brought nothing, and then has seen everything.
fn pull_events(cursor: Option<&str>, limit: u32) -> Result<Page> {
    let count = paging::limit(Some(limit), events::USUAL_PAGE, events::LARGEST_PAGE)?;
    let calendar = Settings::load()?.calendar;
    let calendar = calendar.as_deref();
    let (known, page) = match cursor {
        None => (None, None),
        Some(cursor) => place(cursor)?,
    };
    let get = Request::get(events::all(calendar)?)
        .query("maxResults", count)
        .query("singleEvents", true)
        .query_some("syncToken", known.as_deref())
        .query_some("pageToken", page.as_deref());
    let (records, next, token) = api::send(get)?.read(|list| {
        events::there_are_items(list);
        let next = paging::token(list.str_some("nextPageToken"));
        if next.is_none() && list.get("nextSyncToken").is_none() {
            list.wrong("nextSyncToken", "it is absent on the last page");
        }
        let records = list.each("items", |one| record(one, calendar.unwrap_or(api::MAIN)));
        (records.into_iter().flatten().collect::<Vec<_>>(), next, list.text_some("nextSyncToken"))
    })?;
    let ended = records.is_empty() && next.is_none() && page.is_none() && known.is_some();
    let sync = if next.is_some() { known } else { token };
    let place = Object::new().set_some("sync", sync).set_some("page", next);
    Ok(Page { records, cursor: (!ended).then(|| place.to_string()), complete: ended })
}

fn place(cursor: &str) -> Result<(Option<String>, Option<String>)> {
    let read = json::read(cursor.as_bytes(), |place| (place.text_some("sync"), place.text_some("page")));
    read.ok()
        .filter(|(sync, page)| sync.is_some() || page.is_some())
        .ok_or_else(|| Error::invalid_input("`cursor` is not one of this list; give the one of the page before"))
}

fn record(one: &Fields<'_>, calendar: &str) -> Option<RecordData> {
    if is_cancelled(one) {
        return Some(RecordData { updated_at_ms: api::moment(one, "updated"), ..history::gone(&one.text("id")) });
    }
    if is_before_our_time(one) {
        return None;
    }
    let event = event(one, calendar);
    let data = Object::of(&event).to_string();
    Some(RecordData { id: event.id, updated_at_ms: event.updated_at_ms, deleted: false, data })
}

/// Writes events, each for itself.
pub(crate) fn push(entity: &str, changes: Vec<Change>) -> Result<Vec<Outcome>> {
    if entity != EVENTS {
        return Err(Error::unsupported(format!("`{entity}` is not written; `{EVENTS}` are")));
    }
    let calendar = Settings::load()?.calendar;
    let write = |change: Change| Outcome { status: write(&calendar, &change), reference: change.reference };
    Ok(changes.into_iter().map(write).collect())
}

/// Writes one change. A new event's id is made of the change's reference: a second time finds the first.
fn write(calendar: &Option<String>, change: &Change) -> Result<String> {
    match (&change.id, change.deleted) {
        (None, true) => Err(Error::invalid_input("a record to delete needs its `id`")),
        (Some(id), true) => events::remove(calendar.as_deref(), id).map(|()| id.clone()),
        (Some(id), false) => {
            events::update(&read(change, |record| changed(calendar, id, record))?).map(|event| event.id)
        }
        (None, false) => {
            let event = read(change, |record| changed(calendar, "", record))?;
            let Some(when) = event.when else {
                return Err(Error::invalid_input("a new event needs its time; give `when`"));
            };
            let new = NewCalendarEvent {
                calendar: event.calendar,
                title: event.title.unwrap_or_default(),
                when,
                description: event.description,
                location: event.location,
                attendees: event.attendees,
                with_call: None,
            };
            events::create_as(&api::mark(&change.reference), &new).map(|event| event.id)
        }
    }
}

fn read<T>(change: &Change, with: impl FnOnce(&Fields<'_>) -> T) -> Result<T> {
    json::read(change.data.as_bytes(), with)
        .map_err(|problem| Error::invalid_input(format!("the record does not have the expected shape: {problem}")))
}

/// What a record says of an event, under the names of `calendar-event`.
fn changed(calendar: &Option<String>, id: &str, record: &Fields<'_>) -> CalendarEventChange {
    let attendees = record.get("attendees").is_some().then(|| {
        record.each("attendees", |attendee| gatehouse_sdk::calendar::Attendee {
            email: attendee.text("email"),
            name: attendee.text_some("name"),
            optional: attendee.get("optional").map(|_| attendee.flag("optional")),
            answer: None,
        })
    });
    CalendarEventChange {
        calendar: calendar.clone(),
        id: id.to_owned(),
        title: record.text_some("title"),
        when: when_of(record),
        description: record.text_some("description"),
        location: record.text_some("location"),
        attendees,
    }
}

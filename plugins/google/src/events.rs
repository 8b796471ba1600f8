//! Events: `/calendar/v3/calendars/{calendar}/events` and `…/{event}`.

use gatehouse_sdk::calendar::CalendarEvent;
use gatehouse_sdk::calendar::calendar_cancelling::{Cancellation, CancellationRequest};
use gatehouse_sdk::calendar::calendar_reading::{CalendarEventsPage, CalendarEventsRequest};
use gatehouse_sdk::calendar::calendar_writing::{CalendarEventChange, NewCalendarEvent};
use gatehouse_sdk::http::{Request, Response};
use gatehouse_sdk::json::{Fields, Object};
use gatehouse_sdk::{Error, ErrorKind, Result, context, paging, time};

use crate::api;
use crate::event::{event, is_bare, is_before_our_time, set_attendees, set_when};

/// The label of the key that a new event's id is made of.
pub(crate) const LABEL: &str = "event";

/// How many events a page has, and how many at most.
pub(crate) const USUAL_PAGE: u32 = 100;
pub(crate) const LARGEST_PAGE: u32 = 500;

/// The address of an event.
fn place(calendar: Option<&str>, id: &str) -> Result<String> {
    api::calendar(&["calendars", calendar.unwrap_or(api::MAIN), "events", id])
}

/// The address of a calendar's events.
pub(crate) fn all(calendar: Option<&str>) -> Result<String> {
    api::calendar(&["calendars", calendar.unwrap_or(api::MAIN), "events"])
}

/// Reads an event.
pub(crate) fn get(calendar: Option<&str>, id: &str) -> Result<CalendarEvent> {
    read(&api::send(Request::get(place(calendar, id)?))?, calendar)
}

/// One event of an answer. Of one that was deleted Google may know nothing but its id.
#[inline(never)]
fn read(response: &Response, calendar: Option<&str>) -> Result<CalendarEvent> {
    let calendar = calendar.unwrap_or(api::MAIN);
    let found = response.read(|found| (!is_bare(found)).then(|| event(found, calendar)))?;
    found.ok_or_else(|| Error::not_found("the event was deleted"))
}

/// Reads a page of events by their beginning, each of a series by itself.
pub(crate) fn list(request: &CalendarEventsRequest) -> Result<CalendarEventsPage> {
    let count = paging::limit(request.limit, USUAL_PAGE, LARGEST_PAGE)?;
    let calendar = request.calendar.as_deref();
    let get = Request::get(all(calendar)?)
        .query("maxResults", count)
        .query("singleEvents", true)
        .query("orderBy", "startTime")
        .query_some("timeMin", request.from_ms.map(time::format_rfc3339))
        .query_some("timeMax", request.until_ms.map(time::format_rfc3339))
        .query_some("pageToken", request.cursor.as_deref());
    api::send(get)?.read(|list| {
        there_are_items(list);
        let read = |one: &Fields<'_>| {
            (!is_bare(one) && !is_before_our_time(one)).then(|| event(one, calendar.unwrap_or(api::MAIN)))
        };
        let items = list.each("items", read).into_iter().flatten().collect();
        CalendarEventsPage { items, next: paging::token(list.str_some("nextPageToken")) }
    })
}

/// Google writes an empty list of events, never none.
pub(crate) fn there_are_items(list: &Fields<'_>) {
    if list.get("items").is_none() {
        list.wrong("items", "there are none");
    }
}

/// Creates an event under an id that is made of this call's key, and invites its attendees.
pub(crate) fn create(request: &NewCalendarEvent) -> Result<CalendarEvent> {
    let id = api::mark(&context::idempotency_key_for(LABEL));
    create_as(&id, request)
}

/// Creates an event under this id. Where it is there already, it is what an attempt before has made.
pub(crate) fn create_as(id: &str, request: &NewCalendarEvent) -> Result<CalendarEvent> {
    let calendar = request.calendar.as_deref();
    let body = Object::new()
        .set("id", id)
        .set("summary", request.title.as_str())
        .set_some("description", request.description.as_deref())
        .set_some("location", request.location.as_deref());
    let mut body = set_when(body, &request.when, None)?;
    if let Some(attendees) = &request.attendees {
        body = set_attendees(body, attendees, &[])?;
    }
    let with_call = request.with_call.unwrap_or_default();
    if with_call {
        let key = Object::new().set("type", "hangoutsMeet");
        let call = Object::new().set("requestId", id).set("conferenceSolutionKey", key);
        body = body.set("conferenceData", Object::new().set("createRequest", call));
    }
    let post = Request::post(all(calendar)?)
        .query_some("conferenceDataVersion", with_call.then_some(1))
        .query("sendUpdates", "all")
        .json(&body);
    match api::send(post) {
        Ok(response) => read(&response, calendar),
        Err(error) if error.http_status == Some(409) => get(calendar, id).map_err(|unread| made_before(error, &unread)),
        Err(error) => Err(error),
    }
}

/// An event that an attempt before has made is done, whatever keeps us from reading it; unless it was deleted since.
fn made_before(conflict: Error, unread: &Error) -> Error {
    if unread.kind == ErrorKind::NotFound {
        return conflict;
    }
    Error::unknown_outcome(format!("the event was made before and can not be read: {}", unread.message))
}

/// Changes an event and tells its attendees. Where it depends on what the event is now, nobody may have changed it
/// in between.
pub(crate) fn update(change: &CalendarEventChange) -> Result<CalendarEvent> {
    let calendar = change.calendar.as_deref();
    let mut body = Object::new()
        .set_some("summary", change.title.as_deref())
        .set_some("description", change.description.as_deref())
        .set_some("location", change.location.as_deref());
    if body.is_empty() && change.when.is_none() && change.attendees.is_none() {
        return Err(Error::invalid_input("there is nothing to change; give a title, a time or another field"));
    }
    let mut tag = None;
    if change.when.is_some() || change.attendees.is_some() {
        let now = api::send(Request::get(place(calendar, &change.id)?))?;
        let (etag, attendees, all_day) = now.read(|now| {
            let all_day = now.inner("start", |start| start.get("date").is_some());
            (now.text_some("etag"), now.items("attendees").to_vec(), all_day)
        })?;
        tag = etag;
        if let Some(when) = &change.when {
            body = set_when(body, when, all_day)?;
        }
        if let Some(given) = &change.attendees {
            body = set_attendees(body, given, &attendees)?;
        }
    }
    let patch = Request::patch(place(calendar, &change.id)?).query("sendUpdates", "all").header_some("if-match", tag);
    read(&api::send(patch.json(&body))?, calendar)
}

/// Calls an event off and tells its attendees. One that is gone already was called off before.
pub(crate) fn cancel(request: CancellationRequest) -> Result<Cancellation> {
    if request.reason.is_some() {
        return Err(Error::invalid_input("google tells attendees no reason; leave `reason` out"));
    }
    remove(request.calendar.as_deref(), &request.id)?;
    Ok(Cancellation { id: request.id })
}

/// Deletes an event.
pub(crate) fn remove(calendar: Option<&str>, id: &str) -> Result<()> {
    match api::send(Request::delete(place(calendar, id)?).query("sendUpdates", "all")) {
        Err(error) if error.http_status != Some(410) => Err(error),
        _ => Ok(()),
    }
}

//! An event as Calendar has it, in our words and back: moments with their zones, whole days, who is invited.

use gatehouse_sdk::calendar::{Attendance, Attendee, CalendarEvent, CalendarEventStatus, DaySpan, TimedSpan, When};
use gatehouse_sdk::json::{Fields, Object, Value};
use gatehouse_sdk::{Error, Result, mime, time};

use crate::api;

const DAY_MS: u64 = 86_400_000;

/// Whether Google keeps no more of an event than that it is gone.
pub(crate) fn is_bare(event: &Fields<'_>) -> bool {
    is_cancelled(event) && event.get("start").is_none()
}

/// Whether it was called off, or deleted, which is the same here.
pub(crate) fn is_cancelled(event: &Fields<'_>) -> bool {
    event.str_some("status") == Some("cancelled")
}

/// Whether it began before 1970, when our moments begin: birthdays do.
pub(crate) fn is_before_our_time(event: &Fields<'_>) -> bool {
    let early = |start: &Fields<'_>| {
        start.str_some("dateTime").or(start.str_some("date")).is_some_and(|start| start < "1970-01-02")
    };
    event.inner("start", early).unwrap_or_default()
}

/// Reads an event of a calendar.
#[inline(never)]
pub(crate) fn event(event: &Fields<'_>, calendar: &str) -> CalendarEvent {
    CalendarEvent {
        id: event.text("id"),
        calendar: Some(calendar.to_owned()),
        series: event.text_some("recurringEventId"),
        status: status(event),
        title: event.text_some("summary").unwrap_or_default(),
        description: event.text_some("description"),
        location: event.text_some("location"),
        when: when(event),
        attendees: event.each("attendees", attendee),
        organizer: event.inner("organizer", |organizer| organizer.text_some("email")).flatten(),
        meeting_url: call(event),
        url: event.text_some("htmlLink"),
        updated_at_ms: api::moment(event, "updated"),
    }
}

fn status(event: &Fields<'_>) -> CalendarEventStatus {
    match event.str_some("status") {
        None | Some("confirmed") => CalendarEventStatus::Confirmed,
        Some("tentative") => CalendarEventStatus::Tentative,
        Some("cancelled") => CalendarEventStatus::Cancelled,
        Some(other) => {
            event.wrong("status", format!("an event can not be `{other}`"));
            CalendarEventStatus::Confirmed
        }
    }
}

/// Where a call is joined: Google's own, or the first address of another's.
fn call(event: &Fields<'_>) -> Option<String> {
    event.text_some("hangoutLink").or_else(|| {
        let read = |entry: &Fields<'_>| (entry.str_some("entryPointType") == Some("video")).then(|| entry.text("uri"));
        let all = event.inner("conferenceData", |call| call.each("entryPoints", read));
        all?.into_iter().flatten().next()
    })
}

fn attendee(attendee: &Fields<'_>) -> Attendee {
    let answer = match attendee.str_some("responseStatus") {
        None => None,
        Some("accepted") => Some(Attendance::Accepted),
        Some("declined") => Some(Attendance::Declined),
        Some("tentative") => Some(Attendance::Tentative),
        Some("needsAction") => Some(Attendance::Unanswered),
        Some(other) => {
            attendee.wrong("responseStatus", format!("an answer can not be `{other}`"));
            None
        }
    };
    Attendee {
        email: attendee.text_some("email").unwrap_or_default(),
        name: attendee.text_some("displayName"),
        optional: Some(attendee.flag("optional")),
        answer,
    }
}

/// Google's end of whole days is the day after the last.
fn when(event: &Fields<'_>) -> When {
    let read = |at: &Fields<'_>| (at.text_some("date"), api::moment(at, "dateTime"), at.text_some("timeZone"));
    let start = event.inner("start", read).unwrap_or_default();
    let end = event.inner("end", read).unwrap_or_default();
    match (start, end) {
        ((Some(first), ..), (Some(end), ..)) => {
            let before = time::parse_date(&end).and_then(|end| end.checked_sub(DAY_MS)).map(time::format_date);
            let last = before.filter(|last| *last >= first).unwrap_or_else(|| first.clone());
            When::AllDay(DaySpan { first, last })
        }
        ((_, Some(start_ms), time_zone), (_, Some(end_ms), _)) => {
            When::Timed(TimedSpan { start_ms, end_ms, time_zone })
        }
        _ => {
            event.wrong("start", "it has neither moments nor days");
            When::Timed(TimedSpan { start_ms: 0, end_ms: 0, time_zone: None })
        }
    }
}

/// Puts a time into a body. Where the event was of the other kind before, that has to be taken away by name.
pub(crate) fn set_when(body: Object, when: &When, was_all_day: Option<bool>) -> Result<Object> {
    let turned = was_all_day.is_some_and(|was| was != matches!(when, When::AllDay(_)));
    let place = |name: &str, value: String, zone: Option<&str>| {
        let other: &[&str] = if name == "date" { &["dateTime", "timeZone"] } else { &["date"] };
        let place = Object::new().set(name, value).set_some("timeZone", zone);
        other.iter().filter(|_| turned).fold(place, |place, name| place.set(name, Value::Null))
    };
    let (start, end) = match when {
        When::Timed(span) if span.end_ms < span.start_ms => {
            return Err(Error::invalid_input("`when.end_ms` is before `when.start_ms`; give the end of the event"));
        }
        When::Timed(TimedSpan { start_ms, end_ms, time_zone }) => {
            let zone = Some(time_zone.as_deref().unwrap_or("UTC"));
            let at = |ms: u64| place("dateTime", time::format_rfc3339(ms), zone);
            (at(*start_ms), at(*end_ms))
        }
        When::AllDay(DaySpan { first, last }) => {
            let first = time::checked_date("when.first", first)?;
            let last = time::checked_date("when.last", last)?;
            if last < first {
                return Err(Error::invalid_input("`when.last` is before `when.first`; give the last day"));
            }
            let after = time::parse_date(last).unwrap_or_default().saturating_add(DAY_MS);
            (place("date", first.to_owned(), None), place("date", time::format_date(after), None))
        }
    };
    Ok(body.set("start", start).set("end", end))
}

/// Puts the invited into a body. Who was invited before keeps what Google knows of them, such as their answer.
pub(crate) fn set_attendees(body: Object, attendees: &[Attendee], before: &[Value]) -> Result<Object> {
    let mut all: Vec<Value> = Vec::new();
    for Attendee { email, name, optional, .. } in attendees {
        let email = mime::address(email)?;
        let is_them = |known: &&Value| {
            known.get("email").and_then(Value::as_str).is_some_and(|known| known.eq_ignore_ascii_case(email))
        };
        let known = before.iter().find(is_them).map(Object::of).unwrap_or_default();
        let given = known.set("email", email).set_some("displayName", name.as_deref());
        all.push(given.set_some("optional", *optional).into());
    }
    Ok(body.set("attendees", all))
}

/// A time as a record that is pushed has it: `{"kind": "timed" | "all_day", "value": {…}}`.
pub(crate) fn when_of(record: &Fields<'_>) -> Option<When> {
    let read = |when: &Fields<'_>| {
        let is_timed = when.str_some("kind") == Some("timed");
        if !is_timed && when.str_some("kind") != Some("all_day") {
            when.wrong("kind", "is neither `timed` nor `all_day`");
        }
        let span = when.inner("value", |span| {
            if is_timed {
                let moment = |name| u64::try_from(span.integer(name)).unwrap_or_default();
                let (start_ms, end_ms) = (moment("start_ms"), moment("end_ms"));
                When::Timed(TimedSpan { start_ms, end_ms, time_zone: span.text_some("time_zone") })
            } else {
                When::AllDay(DaySpan { first: span.text("first"), last: span.text("last") })
            }
        });
        if span.is_none() {
            when.wrong("value", "is absent");
        }
        span
    };
    record.inner("when", read).flatten()
}

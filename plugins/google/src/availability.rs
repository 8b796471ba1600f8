//! When people are busy: `POST /calendar/v3/freeBusy`.

use gatehouse_sdk::calendar::availability::{BusyTime, BusyTimes, BusyTimesRequest};
use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{Fields, Object, Value};
use gatehouse_sdk::{Error, Result, time};

use crate::api;

/// How many calendars one request may ask for.
const MOST: usize = 50;

/// Looks up when calendars are busy, in the order in which they are asked for. One that can not be seen is an error:
/// without it, everybody in it would seem free.
pub(crate) fn find(request: &BusyTimesRequest) -> Result<BusyTimes> {
    let own = [api::MAIN.to_owned()];
    let wanted = request.calendars.as_deref().unwrap_or(&own);
    if request.until_ms <= request.from_ms {
        return Err(Error::invalid_input("`until_ms` is not after `from_ms`; give the end of the time"));
    }
    if wanted.is_empty() || wanted.len() > MOST {
        return Err(Error::invalid_input(format!("`calendars` has {} ids; give 1 to {MOST}", wanted.len())));
    }
    let items: Vec<Value> = wanted.iter().map(|id| Object::new().set("id", id.as_str()).into()).collect();
    let body = Object::new()
        .set("timeMin", time::format_rfc3339(request.from_ms))
        .set("timeMax", time::format_rfc3339(request.until_ms))
        .set("calendarExpansionMax", MOST)
        .set("items", items);
    let response = api::send(Request::post(api::calendar(&["freeBusy"])?).json(&body).only_reads())?;
    let (items, unseen) = response.read(|answer| {
        let (mut items, mut unseen) = (Vec::new(), None);
        if answer.get("calendars").is_none() {
            answer.wrong("calendars", "there are none");
        }
        answer.inner("calendars", |all| {
            for calendar in wanted {
                unseen = unseen.take().or(one(all, calendar, &mut items));
            }
        });
        (items, unseen)
    })?;
    match unseen {
        None => Ok(BusyTimes { items }),
        Some((calendar, reason)) => {
            let message = format!("the calendar `{calendar}` can not be seen: {reason}");
            let error = if reason == "notFound" { Error::not_found(message) } else { Error::provider(message) };
            Err(error.with_code(Some(reason)))
        }
    }
}

/// Reads the times of one calendar, or why it has none.
fn one(all: &Fields<'_>, calendar: &str, items: &mut Vec<BusyTime>) -> Option<(String, String)> {
    let read = |found: &Fields<'_>| {
        let mut errors = found.each("errors", |error| error.text("reason")).into_iter();
        items.extend(found.each("busy", |time| BusyTime {
            calendar: calendar.to_owned(),
            start_ms: api::moment(time, "start").unwrap_or_default(),
            end_ms: api::moment(time, "end").unwrap_or_default(),
        }));
        errors.next().map(|reason| (calendar.to_owned(), reason))
    };
    let found = all.inner(calendar, read);
    if found.is_none() {
        all.wrong(calendar, "it is absent");
    }
    found.flatten()
}

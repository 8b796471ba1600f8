//! The calendars of a person's list: `GET /calendar/v3/users/me/calendarList`.

use gatehouse_sdk::calendar::calendars::{Calendar, CalendarsPage, CalendarsRequest};
use gatehouse_sdk::http::Request;
use gatehouse_sdk::{Result, paging};

use crate::api;

/// Reads a page of calendars.
pub(crate) fn list(request: &CalendarsRequest) -> Result<CalendarsPage> {
    let count = paging::limit(request.limit, 100, 250)?;
    let get = Request::get(api::calendar(&["users", "me", "calendarList"])?)
        .query("maxResults", count)
        .query_some("pageToken", request.cursor.as_deref());
    api::send(get)?.read(|list| {
        if list.get("items").is_none() {
            list.wrong("items", "there are none");
        }
        let items = list.each("items", |calendar| Calendar {
            id: calendar.text("id"),
            name: calendar.text_some("summaryOverride").unwrap_or_else(|| calendar.text("summary")),
            time_zone: calendar.text_some("timeZone"),
            is_primary: calendar.flag("primary"),
            writable: matches!(
                calendar.str_some("accessRole"),
                Some("owner" | "writer" | "writerWithoutPrivateAccess")
            ),
        });
        CalendarsPage { items, next: paging::token(list.str_some("nextPageToken")) }
    })
}

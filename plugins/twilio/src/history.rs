//! What was said: `GET …/Messages.json`, newest first.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::messaging::message_history::{MessagesPage, MessagesRequest};
use gatehouse_sdk::{Error, Result, paging, time};

use crate::api::{self, Found, Settings};

/// What Twilio puts on a page where nothing is said, and the most that it does.
const USUAL_PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 1000;

/// Reads a page of messages, ours and others'. The cursor is the query of Twilio's own address of the next page,
/// which holds the filters.
pub(crate) fn list(request: &MessagesRequest) -> Result<MessagesPage> {
    let settings = Settings::load()?;
    if request.channel.is_some() {
        return Err(Error::invalid_input("`channel` is set, and twilio has no channels; leave it out"));
    }
    let get = Request::get(settings.messages()?);
    let get = match request.cursor.as_deref() {
        Some(cursor) => turned(get, cursor)?,
        None => get
            .query("PageSize", paging::limit(request.limit, USUAL_PAGE, LARGEST_PAGE)?)
            .query_some("DateSent>", request.sent_from_ms.map(|ms| second(time::to_seconds(ms))))
            // Twilio's "before" includes the second itself.
            .query_some("DateSent<", request.sent_until_ms.map(|ms| second(ms.saturating_sub(1) / 1000))),
    };
    let (found, next) = api::send(get)?.read(page)?;
    Ok(MessagesPage { items: found.into_iter().map(|found| found.message).collect(), next })
}

/// A page's messages and the cursor of the next.
pub(crate) fn page(list: &Fields<'_>) -> (Vec<Found>, Option<String>) {
    let next = list.str_some("next_page_uri").and_then(paging::query_of);
    (list.each("messages", api::message), next)
}

/// The request for the page that a cursor names.
///
/// # Errors
/// `invalid-input` for a cursor that is none of this list: Twilio would answer with the first page again.
pub(crate) fn turned(get: Request, cursor: &str) -> Result<Request> {
    let pairs = paging::pairs(cursor)?;
    if !pairs.iter().any(|(name, _)| name == "PageToken") {
        return Err(Error::invalid_input("`cursor` is not one of this list; give `next` of the page before"));
    }
    Ok(pairs.into_iter().fold(get, |get, (name, value)| get.query(name, value)))
}

/// A moment as Twilio's filters take it: whole seconds in UTC.
fn second(seconds: u64) -> String {
    let text = time::format_rfc3339(time::from_seconds(seconds));
    text.get(..19).map(|text| format!("{text}Z")).unwrap_or(text)
}

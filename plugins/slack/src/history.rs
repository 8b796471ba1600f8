//! What was said in a channel: `conversations.history`, newest first. Answers in threads are not part of it.

use gatehouse_sdk::json::Fields;
use gatehouse_sdk::messaging::Message;
use gatehouse_sdk::messaging::message_history::{MessagesPage, MessagesRequest};
use gatehouse_sdk::{Error, Result, paging};

use crate::api;

/// What is asked for where nothing is said, and the most.
const USUAL_PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 999;

/// Reads a page of a channel's messages.
pub(crate) fn list(request: &MessagesRequest) -> Result<MessagesPage> {
    let Some(channel) = request.channel.as_deref().filter(|channel| !channel.is_empty()) else {
        return Err(Error::invalid_input(
            "`channel` is absent; give the channel's id, as slack keeps messages by channel",
        ));
    };
    let limit = paging::limit(request.limit, USUAL_PAGE, LARGEST_PAGE)?;
    let until = request.sent_until_ms.map(|ms| micros(ms).saturating_sub(1));
    let get = api::get("conversations.history")
        .query("channel", channel)
        .query_some("oldest", request.sent_from_ms.map(|ms| moment(micros(ms))))
        .query_some("latest", until.map(moment))
        // Both ends belong to it; the upper one was moved to just before.
        .query("inclusive", true)
        .query("limit", limit)
        .query_some("cursor", request.cursor.as_deref());
    let own = api::own_user();
    let (items, next) = api::send(get)?.read(|list| page(list, channel, own.as_deref()))?;
    Ok(MessagesPage { items, next })
}

/// A page's messages and the cursor of the next.
pub(crate) fn page(list: &Fields<'_>, channel: &str, own: Option<&str>) -> (Vec<Message>, Option<String>) {
    (list.each("messages", |message| api::message(message, channel, own)), api::next(list))
}

/// A moment in microseconds, as Slack counts.
pub(crate) fn micros(ms: u64) -> u64 {
    ms.saturating_mul(1000)
}

/// A moment as Slack writes it: `1503435956.000247`.
pub(crate) fn moment(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

//! Slack's API as this gateway uses it: one place that sends, and what several of its answers have in common.

use gatehouse_sdk::http::{Request, Response};
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::messaging::{Message, MessageStatus};
use gatehouse_sdk::{Error, Result, context, paging, time};

use crate::error;

/// Where all of Slack's methods are.
const METHODS: &str = "/api/";

/// A request that reads.
pub(crate) fn get(method: &str) -> Request {
    Request::get(format!("{METHODS}{method}"))
}

/// A request that writes.
pub(crate) fn post(method: &str) -> Request {
    Request::post(format!("{METHODS}{method}"))
}

/// Sends a request and keeps only a success: Slack answers 200 to most that it refuses, with `ok: false`.
#[inline(never)]
pub(crate) fn send(request: Request) -> Result<Response> {
    let response = request.send()?;
    if !response.is_success() {
        return Err(error::from_status(&response));
    }
    let (good, code, needed) =
        response.read(|body| (body.flag("ok"), body.text_some("error"), body.text_some("needed")))?;
    match (good, code) {
        (true, _) => Ok(response),
        (false, Some(code)) => Err(error::refused(&response, &code, needed.as_deref())),
        (false, None) => Err(response.senseless("slack said neither yes nor why not")),
    }
}

/// The cursor of the next page.
pub(crate) fn next(list: &Fields<'_>) -> Option<String> {
    list.inner("response_metadata", |more| paging::token(more.str_some("next_cursor"))).flatten()
}

/// What a message is known by: its channel and its `ts`, and for an answer the `ts` of the message that it answers,
/// as Slack's history leaves answers out.
pub(crate) struct Id {
    /// The channel.
    pub(crate) channel: String,
    /// The message.
    pub(crate) ts: String,
    /// The message that it answers.
    pub(crate) thread: Option<String>,
}

impl Id {
    /// Reads `C012AB3CD:1503435956.000247` or `C012AB3CD:1503435957.000300:1503435956.000247`.
    ///
    /// # Errors
    /// `invalid-input` for any other text.
    pub(crate) fn parse(field: &str, text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        let (channel, ts, thread) = match parts.as_slice() {
            [channel, ts] => (channel, ts, None),
            [channel, ts, thread] => (channel, ts, Some(thread)),
            _ => return Err(not_an_id(field, text)),
        };
        if channel.is_empty() || ![Some(ts), thread].into_iter().flatten().all(|ts| is_ts(ts)) {
            return Err(not_an_id(field, text));
        }
        let owned = |text: &&str| (*text).to_owned();
        Ok(Self { channel: owned(channel), ts: owned(ts), thread: thread.map(owned) })
    }

    /// The id as text.
    pub(crate) fn text(&self) -> String {
        match &self.thread {
            Some(thread) => format!("{}:{}:{thread}", self.channel, self.ts),
            None => format!("{}:{}", self.channel, self.ts),
        }
    }
}

fn is_ts(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('.').is_some_and(|(seconds, rest)| digits(seconds) && digits(rest))
}

#[cold]
fn not_an_id(field: &str, text: &str) -> Error {
    Error::invalid_input(format!(
        "`{field}` is `{text}`, which is no message; give the id of one, such as C012AB3CD:1503435956.000247"
    ))
}

/// The id of our own user, where a connection test has found it.
pub(crate) fn own_user() -> Option<String> {
    context::account().and_then(|account| Some(account.id.split_once(':')?.1.to_owned()))
}

/// Reads a message of a channel.
#[inline(never)]
pub(crate) fn message(found: &Fields<'_>, channel: &str, own: Option<&str>) -> Message {
    let ts = found.text("ts");
    if !is_ts(&ts) {
        found.wrong("ts", "is no moment");
    }
    let thread = found.text_some("thread_ts").filter(|thread| *thread != ts);
    let user = found.text_some("user");
    let bot = found.text_some("bot_id");
    let ours = match (own, user.as_deref()) {
        (Some(own), Some(user)) => own == user,
        _ => bot.is_some(),
    };
    Message {
        status: if ours { MessageStatus::Sent } else { MessageStatus::Received },
        sender: user.or(bot),
        to: channel.to_owned(),
        text: found.text_some("text").unwrap_or_default(),
        reply_to: thread.as_ref().map(|thread| format!("{channel}:{thread}")),
        url: found.text_some("permalink"),
        failure_code: None,
        sent_at_ms: time::parse_seconds(&ts),
        id: Id { channel: channel.to_owned(), ts, thread }.text(),
    }
}

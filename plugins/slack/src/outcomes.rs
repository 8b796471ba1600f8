//! What became of a write whose answer was lost. A change and a deletion show in the message itself. Slack keeps nothing
//! of ours with a message, so of one that was posted only its absence can be proven.

use gatehouse_sdk::messaging::MessageStatus;
use gatehouse_sdk::messaging::message_edits::DeletedMessage;
use gatehouse_sdk::outcomes::{Finding, Write};
use gatehouse_sdk::{Error, ErrorKind, Result};

use crate::api::{self, Id};
use crate::{history, messages};

/// How far Slack's clock and ours may be apart, in milliseconds.
const SKEW_MS: u64 = 300_000;
/// How many pages are read before giving up.
const PAGES: usize = 5;
/// The most messages that Slack gives some apps at once.
const PAGE: u32 = 15;

/// Looks for what a write did.
pub(crate) fn look_up(write: &Write) -> Result<Finding> {
    match write.capability.as_str() {
        "SEND_MESSAGE" => posted(write),
        "UPDATE_MESSAGE" => changed(write),
        "DELETE_MESSAGE" => deleted(write),
        other => Err(Error::unsupported(format!("`{other}` is no write of this gateway"))),
    }
}

/// Any message of a bot in the channel or thread, in the time in which it was sent, may be it: then a person has to
/// settle it. None is `absent`. As long as our own user is not known, any message may be it.
fn posted(write: &Write) -> Result<Finding> {
    let (to, reply_to) = write.read(|request| (request.text("to"), request.text_some("reply_to")))?;
    // A name and a user's id stand for a channel that is not known here.
    if !is_channel(&to) {
        return Ok(Finding::Pending);
    }
    let answered = reply_to.map(|id| Id::parse("reply_to", &id)).transpose()?;
    let base = match answered {
        Some(id) => {
            let thread = id.thread.unwrap_or(id.ts);
            api::get("conversations.replies").query("channel", &to).query("ts", thread)
        }
        None => api::get("conversations.history").query("channel", &to),
    };
    let first = write.first_sent_at_ms.saturating_sub(SKEW_MS);
    let last = write.last_sent_at_ms.saturating_add(SKEW_MS);
    let base = base
        .query("oldest", history::moment(history::micros(first)))
        .query("latest", history::moment(history::micros(last)))
        .query("inclusive", true)
        .query("limit", PAGE);
    let own = api::own_user();
    let mut get = base.clone();
    for _ in 0..PAGES {
        let (found, next) = api::send(get)?.read(|list| history::page(list, &to, own.as_deref()))?;
        // The head of a thread comes with it, whenever it was posted.
        let within = |at: Option<u64>| at.is_none_or(|at| at >= first && at <= last);
        let ours = |status: &MessageStatus| own.is_none() || *status == MessageStatus::Sent;
        if found.iter().any(|message| ours(&message.status) && within(message.sent_at_ms)) {
            return Ok(Finding::Pending);
        }
        let Some(next) = next else { return Ok(Finding::Absent) };
        get = base.clone().query("cursor", next);
    }
    Err(Error::provider(format!("there are more than {PAGES} pages of messages in that time")))
}

/// A message with the new text was changed. One with another text was not, or Slack wrote it in its own way: to change it
/// again does no harm.
fn changed(write: &Write) -> Result<Finding> {
    let (id, text) = write.read(|edit| (edit.text("id"), edit.text("text")))?;
    match messages::get(&id) {
        Ok(message) if message.text == text => Finding::found(&message),
        Ok(_) => Ok(Finding::Absent),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(Finding::Refused(error)),
        Err(error) => Err(error),
    }
}

fn deleted(write: &Write) -> Result<Finding> {
    let id = write.read(|request| request.text("id"))?;
    match messages::find(&Id::parse("id", &id)?) {
        Ok(Some(_)) => Ok(Finding::Absent),
        Ok(None) => Finding::found(&DeletedMessage { id }),
        // The message that it answers is gone too.
        Err(error) if error.provider_code.as_deref() == Some("thread_not_found") => {
            Finding::found(&DeletedMessage { id })
        }
        Err(error) => Err(error),
    }
}

fn is_channel(id: &str) -> bool {
    id.starts_with(['C', 'G', 'D'])
        && id.len() >= 9
        && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

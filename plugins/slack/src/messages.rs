//! Messages: `chat.postMessage`, `chat.update` and `chat.delete`; one is read from its channel or thread.

use gatehouse_sdk::http::Form;
use gatehouse_sdk::json::{self, Object, Value};
use gatehouse_sdk::messaging::message_edits::{DeletedMessage, MessageEdit};
use gatehouse_sdk::messaging::messages::MessageRequest;
use gatehouse_sdk::messaging::{Message, MessageStatus};
use gatehouse_sdk::{Error, Result};

use crate::api::{self, Id};

/// Posts a message.
pub(crate) fn send(request: &MessageRequest) -> Result<Message> {
    if request.sender.is_some() {
        return Err(Error::invalid_input("`sender` is set, and slack posts as the token's bot; leave it out"));
    }
    if request.to.is_empty() {
        return Err(Error::invalid_input("`to` is empty; give a channel's or a user's id"));
    }
    let pictures = request.media_urls.as_deref().unwrap_or_default();
    if request.text.is_empty() && pictures.is_empty() {
        return Err(Error::invalid_input("`text` is empty; give a text, or `media_urls`"));
    }
    let text = Some(request.text.as_str()).filter(|text| !text.is_empty());
    let form = Form::new()
        .set("channel", &request.to)
        .set_some("text", text)
        .set_some("thread_ts", thread(request)?)
        .set_some("attachments", (!pictures.is_empty()).then(|| attachments(pictures)));
    api::send(api::post("chat.postMessage").form(form))?.read(|posted| {
        let channel = posted.text("channel");
        let message = posted.inner("message", |message| api::message(message, &channel, None));
        let message = message.unwrap_or_else(|| {
            posted.wrong("message", "is absent");
            gone(&Id { channel, ts: posted.text("ts"), thread: None })
        });
        Message { status: MessageStatus::Sent, ..message }
    })
}

/// Reads a message.
pub(crate) fn get(id: &str) -> Result<Message> {
    let id = Id::parse("id", id)?;
    find(&id)?.ok_or_else(|| Error::not_found(format!("slack has no message {}", id.text())))
}

/// Replaces the text of a message of ours.
pub(crate) fn update(edit: &MessageEdit) -> Result<Message> {
    let id = Id::parse("id", &edit.id)?;
    let form = Form::new().set("channel", &id.channel).set("ts", &id.ts).set("text", &edit.text);
    let text = api::send(api::post("chat.update").form(form))?.read(|changed| changed.text("text"))?;
    Ok(Message { text, ..gone(&id) })
}

/// Removes a message of ours.
pub(crate) fn delete(id: &str) -> Result<DeletedMessage> {
    let id = Id::parse("id", id)?;
    let form = Form::new().set("ts", &id.ts).set("channel", &id.channel);
    api::send(api::post("chat.delete").form(form))?;
    Ok(DeletedMessage { id: id.text() })
}

/// The message with this id, where there is one.
pub(crate) fn find(id: &Id) -> Result<Option<Message>> {
    let get = match &id.thread {
        Some(thread) => api::get("conversations.replies").query("channel", &id.channel).query("ts", thread),
        None => api::get("conversations.history").query("channel", &id.channel),
    };
    let get = get.query("oldest", &id.ts).query("latest", &id.ts).query("inclusive", true).query("limit", 15);
    let own = api::own_user();
    let found = api::send(get)?
        .read(|list| list.each("messages", |message| api::message(message, &id.channel, own.as_deref())))?;
    // The first of a thread comes with any of its answers.
    Ok(found.into_iter().find(|message| message.id == id.text()))
}

/// A message of ours of which its id alone is known.
fn gone(id: &Id) -> Message {
    Message {
        id: id.text(),
        status: MessageStatus::Sent,
        sender: api::own_user(),
        to: id.channel.clone(),
        text: String::new(),
        reply_to: id.thread.as_ref().map(|thread| format!("{}:{thread}", id.channel)),
        url: None,
        failure_code: None,
        sent_at_ms: gatehouse_sdk::time::parse_seconds(&id.ts),
    }
}

/// The thread that a message goes to: that of the message it answers. An answer is never the head of a thread.
fn thread(request: &MessageRequest) -> Result<Option<String>> {
    let Some(answered) = request.reply_to.as_deref() else { return Ok(None) };
    let id = Id::parse("reply_to", answered)?;
    if id.channel != request.to {
        return Err(Error::invalid_input(format!(
            "`reply_to` is a message of {}, and `to` is {}; give the same channel",
            id.channel, request.to
        )));
    }
    Ok(Some(id.thread.unwrap_or(id.ts)))
}

/// Pictures as attachments; where one can not be shown, its address is.
fn attachments(pictures: &[String]) -> String {
    let of = |url: &String| Value::from(Object::new().set("fallback", url.as_str()).set("image_url", url.as_str()));
    json::text(&Value::from(pictures.iter().map(of).collect::<Vec<_>>()))
}

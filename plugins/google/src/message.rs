//! A message of Gmail's as a mail: its headers, its two forms, its files and its labels.

use gatehouse_sdk::base64;
use gatehouse_sdk::email::mailboxes::{AttachmentInfo, MailboxEmail};
use gatehouse_sdk::json::Fields;

use crate::{api, header};

/// Where the bytes of a file are.
pub(crate) enum Place {
    /// Kept apart, under an id that is another each time the mail is read.
    Apart(String),
    /// In the message itself.
    Here(Vec<u8>),
}

/// What the parts of a message hold.
#[derive(Default)]
struct Body {
    text: Option<String>,
    html: Option<String>,
    files: Vec<AttachmentInfo>,
}

/// Reads a message.
#[inline(never)]
pub(crate) fn mail(message: &Fields<'_>) -> MailboxEmail {
    let mut body = Body::default();
    let headers = message.inner("payload", |top| {
        walk(top, &mut body);
        headers(top)
    });
    let headers = headers.unwrap_or_default();
    let people = |name| named(&headers, name).map(header::addresses).unwrap_or_default();
    MailboxEmail {
        id: message.text("id"),
        thread: message.text_some("threadId"),
        message_id: named(&headers, "message-id").map(str::to_owned),
        sender: people("from").into_iter().next(),
        to: people("to"),
        cc: people("cc"),
        subject: named(&headers, "subject").map(header::decoded),
        snippet: message.str_some("snippet").map(plain),
        text: body.text,
        html: body.html,
        attachments: body.files,
        seen: !has_label(message, "UNREAD"),
        received_at_ms: api::number(message, "internalDate"),
    }
}

/// Whether a message has a label.
pub(crate) fn has_label(message: &Fields<'_>, label: &str) -> bool {
    message.items("labelIds").iter().any(|one| one.as_str() == Some(label))
}

/// The headers of a part.
pub(crate) fn headers(part: &Fields<'_>) -> Vec<(String, String)> {
    part.each("headers", |header| (header.text("name"), header.text("value")))
}

/// The first header of this name.
pub(crate) fn named<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Where the bytes of the part with this id are.
pub(crate) fn part_of(part: &Fields<'_>, id: &str) -> Option<Place> {
    let below = part.each("parts", |inner| part_of(inner, id)).into_iter().flatten().next();
    let here = || {
        let read = |body: &Fields<'_>| match body.text_some("attachmentId") {
            Some(apart) => Some(Place::Apart(apart)),
            None => body.str_some("data").and_then(base64::decode_url).map(Place::Here),
        };
        part.inner("body", read).flatten().filter(|_| id_of(part) == id)
    };
    below.or_else(here)
}

/// The id of a part, which stays the same. That of a mail without parts is empty at Gmail.
fn id_of(part: &Fields<'_>) -> String {
    part.text_some("partId").filter(|id| !id.is_empty()).unwrap_or_else(|| "0".to_owned())
}

/// A part and those below it: what has a name or is kept apart is a file, else the first text of each form is it.
fn walk(part: &Fields<'_>, to: &mut Body) {
    let name = part.str_some("filename").unwrap_or_default();
    let form = part.text_some("mimeType").unwrap_or_default();
    let body =
        part.inner("body", |body| (body.text_some("attachmentId"), body.str_some("data"), body.count_some("size")));
    let (apart, data, size) = body.unwrap_or_default();
    let is_text = form == "text/plain" || form == "text/html";
    if !name.is_empty() || apart.is_some() && !is_text {
        let (id, name, size) = (id_of(part), header::decoded(name), size.unwrap_or_default());
        to.files.push(AttachmentInfo { id, name, content_type: form, size });
    } else if is_text {
        let place = if form == "text/plain" { &mut to.text } else { &mut to.html };
        if place.is_none() {
            *place = data.and_then(|data| text(part, data));
        }
    }
    part.each("parts", |inner| walk(inner, to));
}

fn text(part: &Fields<'_>, data: &str) -> Option<String> {
    let Some(bytes) = base64::decode_url(data) else {
        part.wrong("body", "its data are no base64 of the alphabet for URLs");
        return None;
    };
    let headers = headers(part);
    let charset = named(&headers, "content-type").and_then(|form| form.split_once("charset="));
    let charset = charset.map_or("utf-8", |(_, charset)| charset.trim_start_matches('"'));
    Some(header::text_of(charset, bytes))
}

/// A snippet is written for a page: with the five escapes of HTML.
fn plain(snippet: &str) -> String {
    let mut text = snippet.to_owned();
    for (escape, letter) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")] {
        text = text.replace(escape, letter);
    }
    text
}

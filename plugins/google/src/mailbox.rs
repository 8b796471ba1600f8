//! Mail in the mailbox: `GET /gmail/v1/users/me/messages`, `…/{id}` and `…/{id}/attachments/{id}`.

use gatehouse_sdk::email::mailboxes::{
    AttachmentContent, AttachmentRequest, MailboxEmail, MailboxPage, MailboxRequest,
};
use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::{Error, Result, base64, paging};

use crate::message::Place;
use crate::{api, message};

/// How many mails a page has: each is one more request, and a call has 64.
pub(crate) const USUAL_PAGE: u32 = 25;
pub(crate) const LARGEST_PAGE: u32 = 50;

/// What is asked of each mail of a list: all but the bytes of its parts, five deep.
const WITHOUT_BYTES: &str = "id,threadId,labelIds,snippet,internalDate,payload(partId,mimeType,filename,headers,\
     body(attachmentId,size),parts(partId,mimeType,filename,body(attachmentId,size),parts(partId,mimeType,filename,\
     body(attachmentId,size),parts(partId,mimeType,filename,body(attachmentId,size),parts(partId,mimeType,filename,\
     body(attachmentId,size))))))";

/// Reads a page of mail, newest first, without the mails' texts.
pub(crate) fn list(request: &MailboxRequest) -> Result<MailboxPage> {
    let count = paging::limit(request.limit, USUAL_PAGE, LARGEST_PAGE)?;
    let folder = request.folder.as_deref().unwrap_or("INBOX");
    // Gmail counts in seconds, and leaves the second itself out.
    let since = request.received_from_ms.map(|ms| format!("after:{}", (ms / 1000).saturating_sub(1)));
    let (ids, next) = ids(count, Some(folder), since.as_deref(), request.cursor.as_deref())?;
    let mut items = Vec::new();
    for id in ids {
        items.extend(each(&id, message::mail)?);
    }
    let from = request.received_from_ms.unwrap_or_default();
    items.retain(|mail| mail.received_at_ms >= from);
    Ok(MailboxPage { items, next })
}

/// The ids of a page of mail, newest first, and where the next page begins.
pub(crate) fn ids(
    count: u32,
    label: Option<&str>,
    query: Option<&str>,
    page: Option<&str>,
) -> Result<(Vec<String>, Option<String>)> {
    let get = Request::get(api::mail(&["messages"])?)
        .query("maxResults", count)
        .query_some("labelIds", label)
        .query_some("q", query)
        .query_some("pageToken", page);
    api::send(get)?.read(|list| {
        if list.get("messages").is_none() && list.get("resultSizeEstimate").is_none() {
            list.wrong("messages", "there are none, and no estimate says so");
        }
        (list.each("messages", |message| message.text("id")), paging::token(list.str_some("nextPageToken")))
    })
}

/// What `with` reads of one mail of a list; none where it is gone meanwhile.
pub(crate) fn each<T>(id: &str, with: impl FnOnce(&Fields<'_>) -> T) -> Result<Option<T>> {
    let get = Request::get(api::mail(&["messages", id])?).query("format", "full").query("fields", WITHOUT_BYTES);
    match api::send(get) {
        Ok(response) => response.read(with).map(Some),
        Err(error) if error.http_status == Some(404) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads a mail with its texts.
pub(crate) fn get(id: &str) -> Result<MailboxEmail> {
    whole(id)?.read(message::mail)
}

fn whole(id: &str) -> Result<gatehouse_sdk::http::Response> {
    api::send(Request::get(api::mail(&["messages", id])?).query("format", "full"))
}

/// Reads a file. Gmail keeps most apart from the mail, under an id that the mail has to be asked for.
pub(crate) fn file(request: &AttachmentRequest) -> Result<AttachmentContent> {
    let AttachmentRequest { email, attachment } = request;
    let found = whole(email)?.read(|mail| {
        if mail.get("payload").is_none() {
            mail.wrong("payload", "it is absent");
        }
        mail.inner("payload", |top| message::part_of(top, attachment)).flatten()
    })?;
    let apart = match found {
        Some(Place::Apart(apart)) => apart,
        Some(Place::Here(content)) => return Ok(AttachmentContent { content }),
        None => return Err(Error::not_found(format!("the mail `{email}` has no file `{attachment}`"))),
    };
    let response = api::send(Request::get(api::mail(&["messages", email, "attachments", &apart])?))?;
    let content = response.read(|file| base64::decode_url(&file.text("data")))?;
    let content = content.ok_or_else(|| response.senseless("gmail's file is no base64 of the alphabet for URLs"))?;
    Ok(AttachmentContent { content })
}

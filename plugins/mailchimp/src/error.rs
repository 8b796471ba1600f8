//! Mailchimp's errors in our words (its page "Errors"): problem documents, told apart by their title.

use gatehouse_sdk::http::Response;
use gatehouse_sdk::{Error, ErrorKind};

/// Titles that say more than their status.
const KINDS: &[(&str, ErrorKind)] = &[
    ("Member Exists", ErrorKind::Conflict),
    ("Invalid Action", ErrorKind::Conflict),
    // Who was deleted for good, or has unsubscribed or complained, comes back only by a form of Mailchimp's.
    ("Forgotten Email Not Subscribed", ErrorKind::Declined),
    ("Member In Compliance State", ErrorKind::Declined),
    ("API Key Invalid", ErrorKind::Unauthorized),
];

/// The error in an answer that is not a success. A body that makes no sense leaves the status to speak.
pub(crate) fn from_response(response: &Response) -> Error {
    let said = response.read(|body| {
        let fields = body.each("errors", |error| (error.text_some("field"), error.text_some("message")));
        (body.text_some("title"), body.text_some("detail"), fields)
    });
    let (title, detail, fields) = said.unwrap_or_default();
    let mut text = detail.unwrap_or_else(|| format!("mailchimp answered with status {}", response.status()));
    for (field, message) in fields {
        text.push_str(&format!(" ({}: {})", field.unwrap_or_default(), message.unwrap_or_default()));
    }
    response.error(text).coded(title.as_deref(), KINDS)
}

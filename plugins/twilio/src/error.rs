//! Twilio's errors in our words (its page "Error and Warning Dictionary").

use gatehouse_sdk::http::Response;
use gatehouse_sdk::{Error, ErrorKind};

/// Codes that say more than their status.
const KINDS: &[(&str, ErrorKind)] = &[
    // The account is suspended or closed.
    ("20005", ErrorKind::Forbidden),
    // The receiver's country is not switched on.
    ("21408", ErrorKind::Forbidden),
    // A trial account, and a number that was not verified.
    ("21608", ErrorKind::Forbidden),
    // The receiver has said STOP.
    ("21610", ErrorKind::Declined),
    // The sender's queue is full, or its messages of the day are used up: nothing was done.
    ("21611", ErrorKind::RateLimited),
    ("63038", ErrorKind::RateLimited),
    // WhatsApp: the receiver wrote too long ago for a free text; a template is needed.
    ("63016", ErrorKind::Conflict),
    // Too many requests, in an answer of any status.
    ("20429", ErrorKind::RateLimited),
];

/// The error in an answer that is not a success. A body that makes no sense leaves the status to speak.
pub(crate) fn from_response(response: &Response) -> Error {
    let said = response.read(|body| (body.integer_some("code"), body.text_some("message")));
    let (code, message) = said.unwrap_or_default();
    let message = message.unwrap_or_else(|| format!("twilio answered with status {}", response.status()));
    response.error(message).coded(code.map(|code| code.to_string()).as_deref(), KINDS)
}

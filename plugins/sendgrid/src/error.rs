//! `SendGrid`'s errors in our words (its page "Mail Send errors"): a list of messages, each with the field that it
//! is about. There are no codes, so the status speaks, and for a full account the message.

use gatehouse_sdk::http::Response;
use gatehouse_sdk::{Error, ErrorKind};

/// What a 401 says when the mails of the plan are used up.
const USED_UP: &str = "Maximum credits exceeded";

/// The error in an answer that is not a success. A body that makes no sense leaves the status to speak.
pub(crate) fn from_response(response: &Response) -> Error {
    let said = response.read(|body| {
        let errors = body.each("errors", |error| (error.text_some("message"), error.text_some("field")));
        (errors, body.text_some("error"))
    });
    let (errors, alone) = said.unwrap_or_default();
    let mut text = alone.unwrap_or_default();
    for (message, field) in errors {
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(message.as_deref().unwrap_or("it did not say why"));
        if let Some(field) = field.filter(|field| !field.is_empty()) {
            text.push_str(&format!(" ({field})"));
        }
    }
    if text.is_empty() {
        text = format!("sendgrid answered with status {}", response.status());
    }
    let used_up = response.status() == 401 && text == USED_UP;
    let mut error = response.error(text);
    match response.status() {
        401 if used_up => error.kind = ErrorKind::Declined,
        413 => error.kind = ErrorKind::InvalidInput,
        429 if error.retry_after_ms.is_none() => error.retry_after_ms = response.reset_after_ms("x-ratelimit-reset"),
        _ => {}
    }
    error
}

//! Sending: `POST /gmail/v1/users/me/messages/send`, as a whole MIME message.

use gatehouse_sdk::email::emails::EmailRequest;
use gatehouse_sdk::email::{MailAddress, SentEmail};
use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::Object;
use gatehouse_sdk::mime::{self, Mail};
use gatehouse_sdk::{Error, Result, base64, context};

use crate::api::{self, Settings};
use crate::connection;

/// The header by which a sent mail is found again, and the label of its key.
pub(crate) const REFERENCE: &str = "X-Gatehouse-Reference";
pub(crate) const LABEL: &str = "email";

/// Sends a mail with a text, an HTML form, or both. Gmail takes its receivers from the headers, and the hidden ones out
/// of them. It has no place for tags.
pub(crate) fn send(request: EmailRequest) -> Result<SentEmail> {
    if request.to.is_empty() {
        return Err(Error::invalid_input("`to` is empty; give one address at least"));
    }
    let sender = match request.sender {
        Some(sender) => sender,
        None => own_address()?,
    };
    let mut headers = request.headers.unwrap_or_default();
    headers.push((REFERENCE.to_owned(), api::mark(&context::idempotency_key_for(LABEL))));
    let message = mime::write(&Mail {
        sender: &sender,
        to: &request.to,
        cc: request.cc.as_deref().unwrap_or_default(),
        bcc: request.bcc.as_deref().unwrap_or_default(),
        reply_to: request.reply_to.as_ref(),
        subject: &request.subject,
        text: request.text.as_deref(),
        html: request.html.as_deref(),
        attachments: request.attachments.as_deref().unwrap_or_default(),
        headers: &headers,
    })?;
    let body = Object::new().set("raw", base64::encode_url(&message));
    let sent = api::send(Request::post(api::mail(&["messages", "send"])?).json(&body))?;
    sent.read(|sent| SentEmail { id: Some(sent.text("id")) })
}

/// The mailbox's own address, as the connection test found it.
fn own_address() -> Result<MailAddress> {
    let name = Settings::load()?.sender_name;
    let email = match context::account() {
        Some(account) => account.id,
        None => connection::profile()?.0,
    };
    Ok(MailAddress { email, name })
}

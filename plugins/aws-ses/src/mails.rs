//! Sending: `POST /v2/email/outbound-emails`, as a whole MIME message or from a template.

use gatehouse_sdk::email::emails::EmailRequest;
use gatehouse_sdk::email::template_emails::TemplateEmailRequest;
use gatehouse_sdk::email::{Attachment, MailAddress, SentEmail};
use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{self, Object, Value};
use gatehouse_sdk::mime::{self, Mail};
use gatehouse_sdk::{Error, Result, base64};

use crate::api::{self, Settings};

type Pairs = Option<Vec<(String, String)>>;
type Addresses = Option<Vec<MailAddress>>;

/// How a receiver is written: as a bare address beside a message that has all of its headers, or with the name.
type Written = fn(&MailAddress) -> Result<String>;

/// Sends a mail with a text, an HTML form, or both. SES delivers to the receivers beside the message, so that those of
/// `bcc` stand in none of its headers.
pub(crate) fn send(request: EmailRequest) -> Result<SentEmail> {
    let EmailRequest { sender, to, cc, bcc, reply_to, subject, text, html, attachments, headers, tags } = request;
    let settings = Settings::load()?;
    if to.is_empty() {
        return Err(Error::invalid_input("`to` is empty; give one address at least"));
    }
    let message = mime::write(&Mail {
        sender: &from(sender, &settings)?,
        to: &to,
        cc: cc.as_deref().unwrap_or_default(),
        bcc: &[],
        reply_to: reply_to.as_ref(),
        subject: &subject,
        text: text.as_deref(),
        html: html.as_deref(),
        attachments: attachments.as_deref().unwrap_or_default(),
        headers: headers.as_deref().unwrap_or_default(),
    })?;
    let raw = Object::new().set("Data", base64::encode(&message));
    let body =
        Object::new().set("Destination", destination(to, cc, bcc, bare)?).set("Content", Object::new().set("Raw", raw));
    deliver(body, tags, settings)
}

/// Sends a mail made from a template, which has its subject.
pub(crate) fn send_template(request: TemplateEmailRequest) -> Result<SentEmail> {
    let TemplateEmailRequest { sender, to, cc, bcc, reply_to, template, data, attachments, tags } = request;
    let settings = Settings::load()?;
    if to.is_empty() {
        return Err(Error::invalid_input("`to` is empty; give one address at least"));
    }
    if template.is_empty() {
        return Err(Error::invalid_input("`template` is empty; give the name of a template"));
    }
    let reply_to = reply_to.map(|address| mime::mailbox(&address)).transpose()?;
    let files: Vec<Value> = attachments.unwrap_or_default().into_iter().map(file).collect();
    let content = Object::new()
        .set("TemplateName", template)
        .set("TemplateData", filling(data)?)
        .set_some("Attachments", Some(files).filter(|files| !files.is_empty()));
    let body = Object::new()
        .set("FromEmailAddress", mime::mailbox(&from(sender, &settings)?)?)
        .set("Destination", destination(to, cc, bcc, mime::mailbox)?)
        .set_some("ReplyToAddresses", reply_to.map(|address| vec![address]))
        .set("Content", Object::new().set("Template", content));
    deliver(body, tags, settings)
}

/// Completes the body and sends it.
fn deliver(body: Object, tags: Pairs, settings: Settings) -> Result<SentEmail> {
    let mut pairs: Vec<Value> = Vec::new();
    for (name, value) in tags.unwrap_or_default() {
        pairs.push(tag(&name, &value)?);
    }
    let body = body
        .set_some("EmailTags", Some(pairs).filter(|pairs| !pairs.is_empty()))
        .set_some("ConfigurationSetName", settings.configuration_set);
    let sent = api::send(Request::post("/v2/email/outbound-emails").json(&body))?;
    sent.read(|sent| SentEmail { id: Some(sent.text("MessageId")) })
}

/// A tag; SES says of a wrong one only that the request is bad.
fn tag(name: &str, value: &str) -> Result<Value> {
    for text in [name, value] {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if !plain || !(1..=256).contains(&text.len()) {
            return Err(Error::invalid_input(format!(
                "the tag `{name}` with the value `{value}` must have 1 to 256 letters, digits, `_` and `-` in each"
            )));
        }
    }
    Ok(Object::new().set("Name", name).set("Value", value).into())
}

fn from(given: Option<MailAddress>, settings: &Settings) -> Result<MailAddress> {
    let own = || settings.sender.clone().map(|email| MailAddress { email, name: settings.sender_name.clone() });
    given
        .or_else(own)
        .ok_or_else(|| Error::invalid_input("`sender` is absent; give one, or an address in the setting `sender`"))
}

fn bare(address: &MailAddress) -> Result<String> {
    mime::mailbox(&MailAddress { email: address.email.clone(), name: None })
}

fn destination(to: Vec<MailAddress>, cc: Addresses, bcc: Addresses, written: Written) -> Result<Object> {
    let mut destination = Object::new();
    for (name, list) in [("ToAddresses", Some(to)), ("CcAddresses", cc), ("BccAddresses", bcc)] {
        let list = list.unwrap_or_default().iter().map(written).collect::<Result<Vec<String>>>()?;
        destination = destination.set_some(name, Some(list).filter(|list| !list.is_empty()));
    }
    Ok(destination)
}

/// What fills the template, as text that is JSON.
fn filling(data: Option<String>) -> Result<String> {
    let Some(data) = data else { return Ok("{}".to_owned()) };
    match json::document(data.as_bytes()) {
        Ok(Value::Object(_)) => Ok(data),
        Ok(_) => Err(Error::invalid_input("`data` is no JSON object; give one")),
        Err(problem) => Err(Error::invalid_input(format!("`data` is no JSON object: {problem}"))),
    }
}

fn file(file: Attachment) -> Value {
    let place = if file.content_id.is_some() { "INLINE" } else { "ATTACHMENT" };
    Object::new()
        .set("RawContent", base64::encode(&file.content))
        .set("FileName", file.name)
        .set("ContentType", file.content_type)
        .set("ContentDisposition", place)
        .set_some("ContentId", file.content_id)
        .into()
}

//! Sending: `POST /v3/mail/send`, with a text of its own or from a dynamic template.

use gatehouse_sdk::email::emails::EmailRequest;
use gatehouse_sdk::email::template_emails::TemplateEmailRequest;
use gatehouse_sdk::email::{Attachment, MailAddress, SentEmail};
use gatehouse_sdk::http::Method;
use gatehouse_sdk::json::{self, Object, Value};
use gatehouse_sdk::{Error, Result, base64, context};

use crate::api::{self, Settings};

/// The custom argument that holds the key of the write: a look-up finds the mail by it.
pub(crate) const KEY: &str = "gatehouse_key";
/// The label of the key.
pub(crate) const LABEL: &str = "mail";

type Pairs = Option<Vec<(String, String)>>;

/// Whom a mail is for, and what goes with it.
struct Envelope {
    sender: Option<MailAddress>,
    to: Vec<MailAddress>,
    cc: Option<Vec<MailAddress>>,
    bcc: Option<Vec<MailAddress>>,
    reply_to: Option<MailAddress>,
    attachments: Option<Vec<Attachment>>,
    tags: Pairs,
}

/// Sends a mail with a text, an HTML form, or both.
pub(crate) fn send(request: EmailRequest) -> Result<SentEmail> {
    let EmailRequest { sender, to, cc, bcc, reply_to, subject, text, html, attachments, headers, tags } = request;
    if subject.is_empty() {
        return Err(Error::invalid_input("`subject` is empty; sendgrid takes no mail without one"));
    }
    // The order matters: the plain text has to be first.
    let mut content: Vec<Value> = Vec::new();
    for (kind, value) in [("text/plain", text), ("text/html", html)] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            content.push(Object::new().set("type", kind).set("value", value).into());
        }
    }
    if content.is_empty() {
        return Err(Error::invalid_input("there is no text; give `text`, `html` or both"));
    }
    let headers = each_once("headers", headers)?;
    let body = Object::new()
        .set("subject", subject)
        .set("content", content)
        .set_some("headers", Some(headers).filter(|headers| !headers.is_empty()));
    deliver(Envelope { sender, to, cc, bcc, reply_to, attachments, tags }, body, None)
}

/// Sends a mail made from a dynamic template, which has its subject.
pub(crate) fn send_template(request: TemplateEmailRequest) -> Result<SentEmail> {
    let TemplateEmailRequest { sender, to, cc, bcc, reply_to, template, data, attachments, tags } = request;
    if !template.starts_with("d-") {
        return Err(Error::invalid_input(format!(
            "`{template}` is no dynamic template; give an id that begins with d-"
        )));
    }
    let data = data.map(|data| match json::document(data.as_bytes()) {
        Ok(object @ Value::Object(_)) => Ok(object),
        Ok(_) => Err(Error::invalid_input("`data` is no JSON object; give one")),
        Err(problem) => Err(Error::invalid_input(format!("`data` is no JSON object: {problem}"))),
    });
    let body = Object::new().set("template_id", template);
    deliver(Envelope { sender, to, cc, bcc, reply_to, attachments, tags }, body, data.transpose()?)
}

/// Completes the body and sends it. All receivers see each other, as they stand in one mail.
fn deliver(envelope: Envelope, body: Object, data: Option<Value>) -> Result<SentEmail> {
    let settings = Settings::load()?;
    if envelope.to.is_empty() {
        return Err(Error::invalid_input("`to` is empty; give one address at least"));
    }
    let tags = each_once("tags", envelope.tags)?.set(KEY, context::idempotency_key_for(LABEL));
    let personal = Object::new()
        .set("to", addresses(envelope.to))
        .set_some("cc", envelope.cc.filter(|cc| !cc.is_empty()).map(addresses))
        .set_some("bcc", envelope.bcc.filter(|bcc| !bcc.is_empty()).map(addresses))
        .set("custom_args", tags)
        .set_some("dynamic_template_data", data);
    let mut files: Vec<Value> = Vec::new();
    for file in envelope.attachments.unwrap_or_default() {
        files.push(attachment(file)?);
    }
    let checked_only = || Object::new().set("sandbox_mode", Object::new().set("enable", true));
    let body = body
        .set("from", sender(envelope.sender, &settings)?)
        .set("personalizations", vec![Value::from(personal)])
        .set_some("reply_to", envelope.reply_to.map(address))
        .set_some("attachments", Some(files).filter(|files| !files.is_empty()))
        .set_some("mail_settings", settings.sandbox.then(checked_only));
    let taken = api::send(api::request(Method::Post, "/v3/mail/send")?.json(&body))?;
    Ok(SentEmail { id: taken.header("x-message-id").map(str::to_owned) })
}

fn sender(given: Option<MailAddress>, settings: &Settings) -> Result<Value> {
    let own = || settings.sender.clone().map(|email| MailAddress { email, name: settings.sender_name.clone() });
    let sender = given.or_else(own);
    let sender = sender
        .ok_or_else(|| Error::invalid_input("`sender` is absent; give one, or an address in the setting `sender`"))?;
    Ok(address(sender))
}

fn addresses(list: Vec<MailAddress>) -> Vec<Value> {
    list.into_iter().map(address).collect()
}

fn address(address: MailAddress) -> Value {
    Object::new().set("email", address.email).set_some("name", address.name.filter(|name| !name.is_empty())).into()
}

/// A file; `SendGrid` takes no empty one.
fn attachment(file: Attachment) -> Result<Value> {
    if file.content.is_empty() {
        return Err(Error::invalid_input(format!("the attachment `{}` is empty; leave it out", file.name)));
    }
    let place = if file.content_id.is_some() { "inline" } else { "attachment" };
    let object = Object::new()
        .set("content", base64::encode(&file.content))
        .set("type", file.content_type)
        .set("filename", file.name)
        .set("disposition", place)
        .set_some("content_id", file.content_id);
    Ok(object.into())
}

/// Pairs as an object, which has each name once.
fn each_once(field: &str, pairs: Pairs) -> Result<Object> {
    let (mut object, mut seen) = (Object::new(), vec![KEY.to_owned()]);
    for (name, value) in pairs.unwrap_or_default() {
        if seen.contains(&name) {
            let why = if name == KEY { "is taken; use another name" } else { "is there twice; give it once" };
            return Err(Error::invalid_input(format!("`{name}` in `{field}` {why}")));
        }
        object = object.set(&name, value);
        seen.push(name);
    }
    Ok(object)
}

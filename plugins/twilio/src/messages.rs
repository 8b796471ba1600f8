//! Messages: `POST …/Messages.json` and `GET …/Messages/{sid}.json`.

use gatehouse_sdk::http::{Form, Request};
use gatehouse_sdk::json::Object;
use gatehouse_sdk::messaging::Message;
use gatehouse_sdk::messaging::messages::MessageRequest;
use gatehouse_sdk::messaging::template_messages::TemplateMessageRequest;
use gatehouse_sdk::{Error, Result};

use crate::api::{self, Settings};

/// What an address on `WhatsApp` begins with.
const WHATSAPP: &str = "whatsapp:";

/// Sends a message by SMS, MMS or `WhatsApp`, whichever the sender and the receiver are.
pub(crate) fn send(request: &MessageRequest) -> Result<Message> {
    let settings = Settings::load()?;
    if request.reply_to.is_some() {
        return Err(Error::invalid_input("`reply_to` is set, and twilio has no threads; leave it out"));
    }
    let media = request.media_urls.as_deref().unwrap_or_default();
    if request.text.is_empty() && media.is_empty() {
        return Err(Error::invalid_input("`text` is empty; give a text, or `media_urls`"));
    }
    let text = Some(request.text.as_str()).filter(|text| !text.is_empty());
    let form = addressed(&request.to, request.sender.as_deref(), &settings)?;
    post(form.set_some("Body", text).set_all("MediaUrl", media), &settings)
}

/// Sends a message made from a content template. Twilio keeps one language a template.
pub(crate) fn send_template(request: &TemplateMessageRequest) -> Result<Message> {
    let settings = Settings::load()?;
    let variables = request.variables.as_deref().unwrap_or_default();
    let object = variables.iter().fold(Object::new(), |object, (name, value)| object.set(name, value.as_str()));
    let form = addressed(&request.to, request.sender.as_deref(), &settings)?.set("ContentSid", &request.template);
    post(form.set_some("ContentVariables", (!object.is_empty()).then_some(object)), &settings)
}

/// Reads a message.
pub(crate) fn get(id: &str) -> Result<Message> {
    let settings = Settings::load()?;
    Ok(api::send(Request::get(settings.message(id)?))?.read(api::message)?.message)
}

fn post(form: Form, settings: &Settings) -> Result<Message> {
    let form = form.set_some("StatusCallback", settings.status_callback.as_deref());
    Ok(api::send(Request::post(settings.messages()?).form(form))?.read(api::message)?.message)
}

/// Whom a message goes to and comes from. From a `WhatsApp` sender, a number is meant as an address there.
fn addressed(to: &str, sender: Option<&str>, settings: &Settings) -> Result<Form> {
    let Some(sender) = sender.or(settings.sender.as_deref()) else {
        return Err(Error::invalid_input("`sender` is absent; give one, or set the integration's own"));
    };
    if to.is_empty() {
        return Err(Error::invalid_input("`to` is empty; give a number such as +4915112345678"));
    }
    let to = receiver(to, sender);
    let field = if sender.starts_with("MG") { "MessagingServiceSid" } else { "From" };
    Ok(Form::new().set("To", to).set(field, sender))
}

/// The address that Twilio knows a receiver by.
pub(crate) fn receiver(to: &str, sender: &str) -> String {
    if sender.starts_with(WHATSAPP) && to.starts_with('+') { format!("{WHATSAPP}{to}") } else { to.to_owned() }
}

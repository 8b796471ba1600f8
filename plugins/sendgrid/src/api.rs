//! `SendGrid`'s API as this gateway uses it: one place that sends, and what its answers have in common.

use gatehouse_sdk::http::{Method, Request, Response};
use gatehouse_sdk::json::{self, Fields, Object, Value};
use gatehouse_sdk::{Result, context};

use crate::error;

/// Where the data of European subusers is.
const EUROPE: &str = "https://api.eu.sendgrid.com";

/// The integration's settings.
pub(crate) struct Settings {
    /// Who mail comes from where a call does not say.
    pub(crate) sender: Option<String>,
    /// The name shown with that address.
    pub(crate) sender_name: Option<String>,
    /// Whether mail is checked and not sent.
    pub(crate) sandbox: bool,
    /// For whom a parent account acts.
    pub(crate) subuser: Option<String>,
    in_europe: bool,
}

impl Settings {
    /// This call's settings.
    pub(crate) fn load() -> Result<Self> {
        context::read_settings(|settings| Self {
            sender: settings.text_some("sender"),
            sender_name: settings.text_some("sender_name"),
            sandbox: settings.flag("sandbox"),
            subuser: settings.text_some("subuser"),
            in_europe: settings.str_some("region") == Some("eu"),
        })
    }
}

/// A request to a path, in the account's region and for its subuser.
#[inline(never)]
pub(crate) fn request(method: Method, path: &str) -> Result<Request> {
    let settings = Settings::load()?;
    let host = if settings.in_europe { EUROPE } else { "" };
    Ok(Request::new(method, format!("{host}{path}")).header_some("on-behalf-of", settings.subuser))
}

/// A request that reads a path.
pub(crate) fn get(path: &str) -> Result<Request> {
    request(Method::Get, path)
}

/// Sends a request and keeps only a success.
#[inline(never)]
pub(crate) fn send(request: Request) -> Result<Response> {
    let response = request.send()?;
    if response.is_success() { Ok(response) } else { Err(error::from_response(&response)) }
}

/// What `with` reads of each object of a body that is a list.
pub(crate) fn each<T>(response: &Response, with: impl FnMut(&Fields<'_>) -> T) -> Result<Vec<T>> {
    let list = json::document(response.bytes()).and_then(|list| {
        let body: Value = Object::new().set("body", list).into();
        json::read_value(&body, |body| body.each("body", with))
    });
    list.map_err(|problem| {
        response.senseless(format!("the provider's answer does not have the expected shape: {problem}"))
    })
}

/// The id that a mail had when it was taken: what stands before the name of the server in the id that events and the
/// activity have for each of its receivers.
pub(crate) fn mail_id(of_receiver: &str) -> &str {
    let server = of_receiver.find(".filter").or_else(|| of_receiver.find(".recvd"));
    server.and_then(|end| of_receiver.get(..end)).unwrap_or(of_receiver)
}

//! The API of SES, version 2, as this gateway uses it: its settings, one place that sends, and how it writes moments.

use gatehouse_sdk::http::{Request, Response};
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::{Result, context, time};

use crate::error;

/// The integration's settings.
pub(crate) struct Settings {
    /// Which region's SES is used.
    pub(crate) region: String,
    /// Who mail comes from where a call does not say.
    pub(crate) sender: Option<String>,
    /// The name shown with that address.
    pub(crate) sender_name: Option<String>,
    /// What mail is sent with.
    pub(crate) configuration_set: Option<String>,
}

impl Settings {
    /// This call's settings.
    pub(crate) fn load() -> Result<Self> {
        context::read_settings(|settings| Self {
            region: settings.text_some("region").unwrap_or_default(),
            sender: settings.text_some("sender"),
            sender_name: settings.text_some("sender_name"),
            configuration_set: settings.text_some("configuration_set"),
        })
    }
}

/// Sends a request and keeps only a success.
#[inline(never)]
pub(crate) fn send(request: Request) -> Result<Response> {
    let response = request.send()?;
    if response.is_success() { Ok(response) } else { Err(error::from_response(&response)) }
}

/// A moment, which is a number of seconds with or without a fraction.
pub(crate) fn moment(record: &Fields<'_>, name: &str) -> Option<u64> {
    let given = record.get(name).filter(|value| !value.is_null())?;
    let found = if given.is_number() { time::parse_seconds(&given.to_string()) } else { None };
    if found.is_none() {
        record.wrong(name, "this is no moment in seconds");
    }
    found
}

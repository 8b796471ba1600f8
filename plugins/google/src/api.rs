//! Gmail's and Calendar's APIs as this gateway uses them: where they are, one place that sends, and the settings.

use gatehouse_sdk::http::{self, Request, Response};
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::{Result, context, time};

use crate::error;

/// The calendar that is meant where none is named, in Google's words.
pub(crate) const MAIN: &str = "primary";

/// The integration's settings.
pub(crate) struct Settings {
    /// The name shown with the mailbox's own address.
    pub(crate) sender_name: Option<String>,
    /// The calendar that is synchronised.
    pub(crate) calendar: Option<String>,
    /// The label whose mail is synchronised; all mail where absent.
    pub(crate) label: Option<String>,
    /// Whether another base stands in for Google, such as a sandbox.
    has_other_base: bool,
}

impl Settings {
    /// This call's settings.
    pub(crate) fn load() -> Result<Self> {
        context::read_settings(|settings| Self {
            sender_name: settings.text_some("sender_name"),
            calendar: settings.text_some("calendar"),
            label: settings.text_some("label"),
            has_other_base: settings.get("base_url").is_some(),
        })
    }
}

/// Sends a request and keeps only a success.
#[inline(never)]
pub(crate) fn send(request: Request) -> Result<Response> {
    let response = request.send()?;
    if response.is_success() { Ok(response) } else { Err(error::from_response(&response)) }
}

/// A path below the mailbox, relative to the base URL.
#[inline(never)]
pub(crate) fn mail(segments: &[&str]) -> Result<String> {
    Ok(format!("/gmail/v1/users/me{}", http::path(segments)?))
}

/// An address below Calendar's API, which has a host of its own; but where the operator's base stands in for Google,
/// nothing beside it may be reached.
#[inline(never)]
pub(crate) fn calendar(segments: &[&str]) -> Result<String> {
    let host = if Settings::load()?.has_other_base { "" } else { "https://www.googleapis.com" };
    Ok(format!("{host}/calendar/v3{}", http::path(segments)?))
}

/// A key as text that may be an event's id (the alphabet of base32hex) and stand in a header.
pub(crate) fn mark(key: &str) -> String {
    let mut mark = String::from("gh");
    for byte in key.bytes() {
        mark.extend([byte >> 4, byte & 15].into_iter().filter_map(|half| char::from_digit(half.into(), 16)));
    }
    mark
}

/// A moment of RFC 3339 that may be absent.
pub(crate) fn moment(record: &Fields<'_>, name: &str) -> Option<u64> {
    let moment = time::parse_rfc3339(record.str_some(name)?);
    if moment.is_none() {
        record.wrong(name, "this is no moment");
    }
    moment
}

/// A whole number that Google writes as text.
pub(crate) fn number(record: &Fields<'_>, name: &str) -> u64 {
    let number = record.str_some(name).and_then(|text| text.parse().ok());
    if number.is_none() {
        record.wrong(name, "this is no whole number in a text");
    }
    number.unwrap_or_default()
}

//! Mailchimp's API as this gateway uses it: one place that sends, and what all of its records have in common.

use gatehouse_sdk::http::{self, Request, Response};
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::{Result, context, time};

use crate::error;

/// What Mailchimp puts on a page where we do not say, and the most that it does.
pub(crate) const USUAL_PAGE: u32 = 100;
pub(crate) const LARGEST_PAGE: u32 = 1000;

/// The integration's settings, with what was kept of the provider's answers when it was connected.
pub(crate) struct Settings {
    /// The audience that is synchronised.
    pub(crate) audience: Option<String>,
    /// Whose token it is; absent where there is an API key instead.
    connected_as: Option<String>,
}

impl Settings {
    /// This call's settings.
    pub(crate) fn load() -> Result<Self> {
        context::read_settings(|settings| Self {
            audience: settings.text_some("audience"),
            connected_as: settings.text_some("connected_as"),
        })
    }
}

/// Sends a request and keeps only a success.
#[inline(never)]
pub(crate) fn send(request: Request) -> Result<Response> {
    let by = if Settings::load()?.connected_as.is_some() { "oauth" } else { "api_key" };
    let response = request.auth(by).send()?;
    if response.is_success() { Ok(response) } else { Err(error::from_response(&response)) }
}

/// A path below `/3.0`.
#[inline(never)]
pub(crate) fn path(segments: &[&str]) -> Result<String> {
    Ok(format!("/3.0{}", http::path(segments)?))
}

/// The path of a member of an audience, or of what belongs to it. Mailchimp knows a member by the MD5 of the address
/// in lower case.
pub(crate) fn member(audience: &str, email: &str, below: &[&str]) -> Result<String> {
    let hash = format!("{:x}", md5::compute(email.trim_ascii().to_ascii_lowercase()));
    let mut segments = vec!["lists", audience, "members", &hash];
    segments.extend_from_slice(below);
    path(&segments)
}

/// A moment of Mailchimp's; an empty text where there is none.
pub(crate) fn moment(record: &Fields<'_>, name: &str) -> Option<u64> {
    let text = record.str_some(name).filter(|text| !text.is_empty())?;
    let moment = time::parse_rfc3339(text);
    if moment.is_none() {
        record.wrong(name, "this is no moment");
    }
    moment
}

/// A filter "since": Mailchimp leaves the moment itself out, and counts in seconds.
pub(crate) fn since(ms: u64) -> String {
    time::format_rfc3339((ms / 1000).saturating_sub(1).saturating_mul(1000))
}

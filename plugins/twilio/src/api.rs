//! Twilio's API as this gateway uses it: one place that sends, and the one record that it reads.

mod message;
mod settings;

use gatehouse_sdk::Result;
use gatehouse_sdk::http::{Request, Response};

pub(crate) use message::{Found, in_our_words, message};
pub(crate) use settings::Settings;

use crate::error;

/// Sends a request and keeps only a success.
#[inline(never)]
pub(crate) fn send(request: Request) -> Result<Response> {
    let response = request.send()?;
    if response.is_success() { Ok(response) } else { Err(error::from_response(&response)) }
}

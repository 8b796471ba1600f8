//! Stripe's API as this gateway uses it: one place that sends, and what all of its objects have in common.
//!
//! Fields that other API versions lack are optional here, and unknown ones are ignored, so that
//! an account on another version is still understood.

mod amount;
mod event;
mod object;
mod page;
mod settings;

use gatehouse_sdk::http::{Form, Request, Response};
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::{Result, context};

pub(crate) use amount::{amount_to_stripe, money_from_stripe};
pub(crate) use event::Event;
pub(crate) use object::{
    Identified, KEY, REFERENCE, id_of, made_at, milliseconds, moment, money, reference_in, set_metadata, texts,
};
pub(crate) use page::{LARGEST as LARGEST_PAGE, Page};
pub(crate) use settings::Settings;

use crate::error;

/// The API version that every request asks for: the newest whose description this gateway is checked against.
const VERSION: &str = "2023-08-16";

/// Sends a write. The label keeps its idempotency key apart from those of other writes of the same
/// call. The key is kept with the object too, where a look-up finds it again.
///
/// Kept out of line, with [`send`]: every function calls it.
#[inline(never)]
pub(crate) fn post(path: &str, label: &str, form: Form, settings: &Settings) -> Result<Response> {
    let key = context::idempotency_key_for(label);
    let form = form.set(format!("metadata[{KEY}]"), &key);
    send(Request::post(path).form(form).idempotency_key(key), settings)
}

/// Sends a write that changes an object: the key that the object keeps is that of the write which
/// made it, and stays.
#[inline(never)]
pub(crate) fn change(path: &str, label: &str, form: Form, settings: &Settings) -> Result<Response> {
    let key = context::idempotency_key_for(label);
    send(Request::post(path).form(form).idempotency_key(key), settings)
}

/// Sends a request and keeps only a success.
#[inline(never)]
pub(crate) fn send(request: Request, settings: &Settings) -> Result<Response> {
    let request = request.header("stripe-version", VERSION).header_some("stripe-account", settings.account.as_deref());
    let response = request.send()?;
    if response.is_success() { Ok(response) } else { Err(error::from_response(&response)) }
}

/// Reads an object from a success; what `with` says of one that makes no sense is the error.
pub(crate) fn object<T>(
    response: &Response,
    with: impl FnOnce(&Fields<'_>) -> core::result::Result<T, String>,
) -> Result<T> {
    response.read(with)?.map_err(|problem| response.senseless(problem))
}

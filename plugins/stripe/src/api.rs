//! Stripe's API as this gateway uses it: one place that sends, and the shapes of what comes back.
//!
//! Fields that other API versions lack are optional here, and unknown ones are ignored, so that
//! an account on another version is still understood.

mod amount;
mod balance;
mod checkout;
mod customer;
mod dispute;
mod event;
mod payment_intent;
mod reference;
mod refund;
mod settings;
mod webhook_endpoint;

use gatehouse_sdk::http::{Form, Request, Response};
use gatehouse_sdk::{Result, context};
use serde::de::DeserializeOwned;

pub(crate) use amount::{amount_to_stripe, money_from_stripe};
pub(crate) use balance::{Account, Balance, BalanceTransaction, List};
pub(crate) use checkout::CheckoutSession;
pub(crate) use customer::Customer;
pub(crate) use dispute::Dispute;
pub(crate) use event::Event;
pub(crate) use payment_intent::{Charge, PaymentIntent};
pub(crate) use reference::{KEY, REFERENCE, set_metadata};
pub(crate) use refund::Refund;
pub(crate) use settings::Settings;
pub(crate) use webhook_endpoint::{DeletedEndpoint, WebhookEndpoint};

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

/// Reads an object of Stripe's from a success.
pub(crate) fn read<T: DeserializeOwned>(response: &Response) -> Result<T> {
    response.json()
}

/// Milliseconds since 1970 of Stripe's seconds.
pub(crate) fn milliseconds(seconds: u64) -> u64 {
    seconds.saturating_mul(1000)
}

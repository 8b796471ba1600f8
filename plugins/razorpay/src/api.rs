//! Razorpay's API as this gateway uses it: one place that sends, and what all of its records have in common.

mod amount;
mod notes;
mod payment;
mod settings;

use gatehouse_sdk::http::{Request, Response};
use gatehouse_sdk::json::{Fields, Object};
use gatehouse_sdk::{Money, Result, context, time};

pub(crate) use amount::checked;
pub(crate) use notes::{CUSTOMER, DESCRIPTION, KEY, Notes, REFERENCE, note};
pub(crate) use payment::{Order, best_payment_of, order, payment, payments_of};
pub(crate) use settings::Settings;

use crate::error;

/// How long a receipt and a reference id may be.
const RECEIPT: usize = 40;

/// Sends a write. Razorpay knows no key for it in general: what recognises a repeated one is in its body.
pub(crate) fn post(path: &str, body: &Object, settings: &Settings) -> Result<Response> {
    send(Request::post(path).json(body), settings)
}

/// Sends a request and keeps only a success.
#[inline(never)]
pub(crate) fn send(request: Request, settings: &Settings) -> Result<Response> {
    let response = request.header_some("x-razorpay-account", settings.account.as_deref()).send()?;
    if response.is_success() { Ok(response) } else { Err(error::from_response(&response)) }
}

/// Reads a record by its path.
pub(crate) fn get(path: impl Into<String>, settings: &Settings) -> Result<Response> {
    send(Request::get(path), settings)
}

/// What an order and a payment link are recognised by when they are made again: the end of the call's key, as
/// Razorpay takes 40 characters. What the host gives differs there: it is a digest, or an id with random letters.
pub(crate) fn receipt(key: &str) -> String {
    key.get(key.len().saturating_sub(RECEIPT)..).unwrap_or(key).to_owned()
}

/// The receipt of this call.
pub(crate) fn own_receipt() -> String {
    receipt(&context::idempotency_key())
}

/// The `amount` and `currency` of a record. They are ISO 4217 minor units for all currencies.
pub(crate) fn money(record: &Fields<'_>) -> Money {
    Money::new(record.integer("amount"), record.text("currency"))
}

/// A moment that Razorpay writes as seconds since 1970, in milliseconds.
pub(crate) fn moment(record: &Fields<'_>, name: &str) -> u64 {
    let seconds = record.count_some(name);
    if seconds.is_none() {
        record.wrong(name, "there is no such moment");
    }
    time::from_seconds(seconds.unwrap_or_default())
}

//! What becomes of a reserved payment: `POST /v1/payment_intents/{id}/capture` and `…/cancel`.

use gatehouse_sdk::Result;
use gatehouse_sdk::http::{self, Form};
use gatehouse_sdk::payments::Payment;
use gatehouse_sdk::payments::captures::CaptureRequest;

use crate::api::{self, Settings};
use crate::payment;

/// Takes what was reserved, or a part of it; Stripe releases the rest.
pub(crate) fn capture(request: &CaptureRequest) -> Result<Payment> {
    let path = http::path(&["v1", "payment_intents", &request.payment, "capture"])?;
    // Stripe captures in the payment's own currency and takes no other.
    let amount = request.amount.as_ref().map(api::amount_to_stripe).transpose()?;
    let form = Form::new().set_some("amount_to_capture", amount);
    payment::of(&api::change(&path, "capture", form, &Settings::load()?)?)
}

/// Releases what was reserved, or stops waiting for the payer.
pub(crate) fn cancel(id: &str) -> Result<Payment> {
    let path = http::path(&["v1", "payment_intents", id, "cancel"])?;
    payment::of(&api::change(&path, "cancel", Form::new(), &Settings::load()?)?)
}

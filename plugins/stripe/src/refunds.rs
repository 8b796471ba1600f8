//! Refunds: `POST /v1/refunds` and `GET /v1/refunds/{id}`.

use gatehouse_sdk::http::{self, Form, Request};
use gatehouse_sdk::payments::refunds::{Refund, RefundRequest};
use gatehouse_sdk::{Error, Result};

use crate::api::{self, Settings};

/// The reasons that Stripe knows. It learns from `fraudulent`.
const REASONS: [&str; 3] = ["duplicate", "fraudulent", "requested_by_customer"];

/// How long a value of metadata may be.
const METADATA_CHARS: usize = 500;

/// Where another reason is kept.
const REASON: &str = "metadata[reason]";

/// Gives back a payment, whole or in part. A charge's id, from before payment intents, is taken too.
pub(crate) fn refund(request: &RefundRequest) -> Result<Refund> {
    let settings = Settings::load()?;
    refund_in(&api::post("/v1/refunds", "refund", form(request)?, &settings)?)
}

/// Reads a refund.
pub(crate) fn get(id: &str) -> Result<Refund> {
    refund_in(&api::send(Request::get(http::path(&["v1", "refunds", id])?), &Settings::load()?)?)
}

/// Kept out of line, as two functions end with it.
#[inline(never)]
fn refund_in(response: &http::Response) -> Result<Refund> {
    let refund: api::Refund = api::read(response)?;
    refund.to_refund().map_err(|problem| response.senseless(problem))
}

fn form(request: &RefundRequest) -> Result<Form> {
    if request.payment.is_empty() {
        return Err(Error::invalid_input("`payment` is empty; give the payment's id"));
    }
    let field = if request.payment.starts_with("ch_") || request.payment.starts_with("py_") {
        "charge"
    } else {
        "payment_intent"
    };
    // Stripe refunds in the payment's own currency and takes no other.
    let amount = request.amount.as_ref().map(api::amount_to_stripe).transpose()?;
    let form = Form::new().set(field, &request.payment).set_some("amount", amount);
    let form = match request.reason.as_deref() {
        Some(known) if REASONS.contains(&known) => form.set("reason", known),
        other => form.set_some(REASON, other.map(|text| text.chars().take(METADATA_CHARS).collect::<String>())),
    };
    api::set_metadata(form, "metadata", None, request.reference.as_deref())
}

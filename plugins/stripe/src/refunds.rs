//! Refunds: `POST /v1/refunds`.

use gatehouse_sdk::http::Form;
use gatehouse_sdk::payments::refunds::{Refund, RefundReason, RefundRequest};
use gatehouse_sdk::{Error, Result};

use crate::api::{self, Settings};

/// Gives back a payment, whole or in part. A charge's id, from before payment intents, is taken too.
pub(crate) fn refund(request: &RefundRequest) -> Result<Refund> {
    let settings = Settings::load()?;
    let response = api::post("/v1/refunds", "refund", form(request)?, &settings)?;
    let refund: api::Refund = api::read(&response)?;
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
    let form = Form::new()
        .set(field, &request.payment)
        .set_some("amount", amount)
        .set_some("reason", request.reason.map(reason));
    api::set_metadata(form, "metadata", None, request.reference.as_deref())
}

fn reason(reason: RefundReason) -> &'static str {
    match reason {
        RefundReason::Duplicate => "duplicate",
        RefundReason::Fraudulent => "fraudulent",
        RefundReason::RequestedByCustomer => "requested_by_customer",
    }
}

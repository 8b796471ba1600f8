//! Refunds: `POST /v1/refunds` and `GET /v1/refunds/{id}`.

use gatehouse_sdk::http::{self, Form, Request};
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::payments::refunds::{Refund, RefundRequest, RefundStatus};
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
    api::object(&api::post("/v1/refunds", "refund", form(request)?, &settings)?, read)
}

/// Reads a refund.
pub(crate) fn get(id: &str) -> Result<Refund> {
    api::object(&api::send(Request::get(http::path(&["v1", "refunds", id])?), &Settings::load()?)?, read)
}

/// Reads a refund. Some that only move a balance have no status.
///
/// # Errors
/// A text where Stripe's status is one that we do not know.
#[inline(never)]
pub(crate) fn read(refund: &Fields<'_>) -> core::result::Result<Refund, String> {
    let id = refund.text("id");
    let status = match refund.str_some("status") {
        Some("pending" | "requires_action") | None => RefundStatus::Pending,
        Some("succeeded") => RefundStatus::Succeeded,
        Some("failed") => RefundStatus::Failed,
        Some("canceled") => RefundStatus::Canceled,
        Some(other) => return Err(format!("the refund {id} has the unknown status `{other}`")),
    };
    Ok(Refund {
        id,
        payment: paid_by(refund).unwrap_or_default(),
        status,
        amount: api::money(refund, "amount"),
        reference: api::reference_in(refund),
        created_at_ms: api::made_at(refund),
    })
}

/// The payment that a refund or a dispute is about; a charge made without one stands for itself.
pub(crate) fn paid_by(object: &Fields<'_>) -> Option<String> {
    api::id_of(object, "payment_intent").or_else(|| api::id_of(object, "charge"))
}

/// The field that names a payment: charges are from before payment intents.
pub(crate) fn field_of(payment: &str) -> &'static str {
    if payment.starts_with("ch_") || payment.starts_with("py_") { "charge" } else { "payment_intent" }
}

fn form(request: &RefundRequest) -> Result<Form> {
    if request.payment.is_empty() {
        return Err(Error::invalid_input("`payment` is empty; give the payment's id"));
    }
    // Stripe refunds in the payment's own currency and takes no other.
    let amount = request.amount.as_ref().map(api::amount_to_stripe).transpose()?;
    let form = Form::new().set(field_of(&request.payment), &request.payment).set_some("amount", amount);
    let form = match request.reason.as_deref() {
        Some(known) if REASONS.contains(&known) => form.set("reason", known),
        other => form.set_some(REASON, other.map(|text| text.chars().take(METADATA_CHARS).collect::<String>())),
    };
    api::set_metadata(form, None, request.reference.as_deref())
}

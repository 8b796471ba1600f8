//! Refunds: `POST /v1/payments/{id}/refund` and `GET /v1/refunds/{id}`.

use gatehouse_sdk::http::{self, Request};
use gatehouse_sdk::json::{Fields, Object};
use gatehouse_sdk::payments::PaymentStatus;
use gatehouse_sdk::payments::refunds::{Refund, RefundRequest, RefundStatus};
use gatehouse_sdk::{Result, context};

use crate::api::{self, KEY, Notes, REFERENCE, Settings};
use crate::captures;

/// How long a note may be, in characters.
const NOTE_CHARS: usize = 256;

/// Gives back a payment, whole or in part.
pub(crate) fn refund(request: &RefundRequest) -> Result<Refund> {
    let settings = Settings::load()?;
    let amount = request.amount.as_ref().map(api::checked).transpose()?;
    let payment = payment_of(&request.payment, &settings)?;
    let key = key(&context::idempotency_key());
    let reason = request.reason.as_deref().map(short);
    // Razorpay refunds in the payment's own currency and takes no other.
    let body = Object::new()
        .set_some("amount", amount.map(|amount| amount.minor_units))
        .set("speed", if settings.instant_refunds { "optimum" } else { "normal" });
    let notes = Notes::new(None, request.reference.as_deref())?.with(KEY, Some(&key)).with("reason", reason);
    let post = Request::post(http::path(&["v1", "payments", &payment, "refund"])?).json(&notes.onto(body));
    api::send(post.idempotency_key(key), &settings)?.read(in_our_words)
}

/// Reads a refund.
pub(crate) fn get(id: &str) -> Result<Refund> {
    api::get(http::path(&["v1", "refunds", id])?, &Settings::load()?)?.read(in_our_words)
}

/// The id of the payment that is given back: an order's is the one that was captured.
pub(crate) fn payment_of(id: &str, settings: &Settings) -> Result<String> {
    if !id.starts_with("order_") {
        return Ok(id.to_owned());
    }
    Ok(captures::of(id, &PaymentStatus::Succeeded, settings)?.id)
}

/// The key of a refund: Razorpay takes letters, digits, `-` and `_`, 10 at least.
pub(crate) fn key(of_call: &str) -> String {
    let plain = |byte: u8| if byte.is_ascii_alphanumeric() || byte == b'-' { byte } else { b'_' };
    let mut key: Vec<u8> = of_call.bytes().map(plain).collect();
    key.extend_from_slice(b"-gh-refund");
    String::from_utf8(key).unwrap_or_default()
}

/// As much of a text as a note holds.
fn short(text: &str) -> &str {
    let end = text.char_indices().nth(NOTE_CHARS).map(|(end, _)| end);
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// Reads a refund of Razorpay's.
#[inline(never)]
pub(crate) fn in_our_words(refund: &Fields<'_>) -> Refund {
    Refund {
        id: refund.text("id"),
        payment: refund.text("payment_id"),
        status: match refund.str_some("status").unwrap_or("pending") {
            "pending" | "created" => RefundStatus::Pending,
            "processed" => RefundStatus::Succeeded,
            "failed" => RefundStatus::Failed,
            other => {
                refund.wrong("status", format!("a refund can not be `{other}`"));
                RefundStatus::Pending
            }
        },
        amount: api::money(refund),
        reference: api::note(refund, REFERENCE),
        created_at_ms: api::moment(refund, "created_at"),
    }
}

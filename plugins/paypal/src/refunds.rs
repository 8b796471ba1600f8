//! Refunds: `POST /v2/payments/captures/{id}/refund` and `GET /v2/payments/refunds/{id}`.

use gatehouse_sdk::http;
use gatehouse_sdk::json::{Fields, Object};
use gatehouse_sdk::payments::refunds::{Refund, RefundRequest, RefundStatus};
use gatehouse_sdk::{Error, Result};

use crate::api;
use crate::charges;

/// How long a note to the payer may be, in characters.
const NOTE: usize = 255;

/// Gives back what was captured for an order, whole or in part.
pub(crate) fn refund(request: &RefundRequest) -> Result<Refund> {
    let reason = request.reason.as_deref().filter(|reason| !reason.is_empty());
    let body = Object::new()
        .set_some("amount", request.amount.as_ref().map(api::checked).transpose()?)
        .set_some("custom_id", api::reference(request.reference.as_deref())?)
        .set_some("note_to_payer", reason.map(|reason| api::short(reason, NOTE)));
    let order = charges::order(&request.payment)?;
    let Some(capture) = order.capture else {
        return Err(Error::conflict(format!("no money was taken for the order {}", request.payment)));
    };
    let path = http::path(&["v2", "payments", "captures", &capture, "refund"])?;
    let made = api::post(path, "refund", &body)?.read(in_our_words)?;
    Ok(Refund { payment: order.payment.id, ..made })
}

/// Reads a refund, and the capture that it gives back, which knows its order.
pub(crate) fn get(id: &str) -> Result<Refund> {
    let response = api::get(http::path(&["v2", "payments", "refunds", id])?)?;
    let refund = response.read(in_our_words)?;
    if refund.payment.is_empty() {
        return Err(response.senseless(format!("the refund {id} does not say what it gives back")));
    }
    let capture = http::path(&["v2", "payments", "captures", &refund.payment])?;
    let order = api::get(capture)?.read(order_of)?;
    Ok(Refund { payment: order.unwrap_or(refund.payment), ..refund })
}

/// The id of the order that a capture or an authorization belongs to.
#[inline(never)]
pub(crate) fn order_of(made: &Fields<'_>) -> Option<String> {
    let related = |data: &Fields<'_>| data.inner("related_ids", |ids| ids.text_some("order_id")).flatten();
    made.inner("supplementary_data", related).flatten()
}

/// Reads a refund of `PayPal`'s. Its payment is the capture that its `up` link leads to, as it does not name the order.
#[inline(never)]
pub(crate) fn in_our_words(refund: &Fields<'_>) -> Refund {
    let capture = api::link(refund, &["up"]).and_then(|link| Some(link.rsplit('/').next()?.to_owned()));
    Refund {
        id: refund.text("id"),
        payment: capture.unwrap_or_default(),
        status: match refund.text("status").as_str() {
            "PENDING" => RefundStatus::Pending,
            "COMPLETED" => RefundStatus::Succeeded,
            "FAILED" => RefundStatus::Failed,
            "CANCELLED" => RefundStatus::Canceled,
            other => {
                refund.wrong("status", format!("a refund can not be `{other}`"));
                RefundStatus::Pending
            }
        },
        amount: api::amount_of(refund),
        reference: refund.text_some("custom_id"),
        created_at_ms: api::made_at(refund),
    }
}

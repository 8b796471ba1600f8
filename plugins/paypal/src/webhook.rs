//! `PayPal`'s events in our words. The host has verified the delivery.
//!
//! Nothing is lost: an event that is not ours, or whose record is not as expected, is passed on as
//! `provider.event` with what `PayPal` sent.

use gatehouse_sdk::json::{self, Fields, Object, Value, read_value};
use gatehouse_sdk::payments::refunds::RefundStatus;
use gatehouse_sdk::payments::{Payment, PaymentStatus};
use gatehouse_sdk::webhook::{Delivery, Event};
use gatehouse_sdk::{Error, Result, time};

use crate::{api, refunds};

/// Reads the one event of a delivery.
pub(crate) fn parse(delivery: &Delivery) -> Result<Vec<Event>> {
    let wrong = |problem| Error::invalid_input(format!("the delivery is not an event of paypal's: {problem}"));
    let document = json::document(&delivery.body).map_err(wrong)?;
    let (id, provider_kind, made_at) =
        read_value(&document, |event| (event.text("id"), event.text("event_type"), event.text_some("create_time")))
            .map_err(wrong)?;
    let resource = document.get("resource").unwrap_or(&Value::Null);
    let Normal { kind, subject, data } = normal(&provider_kind, resource).unwrap_or_else(|| passed_on(resource));
    let occurred_at_ms = made_at.and_then(|text| time::parse_rfc3339(&text)).unwrap_or_default();
    Ok(vec![Event { id, kind, provider_kind, occurred_at_ms, subject, data }])
}

/// An event in our words.
struct Normal {
    kind: String,
    subject: Option<String>,
    data: String,
}

fn passed_on(resource: &Value) -> Normal {
    let subject = resource.get("id").and_then(Value::as_str).map(str::to_owned);
    let data = if resource.is_object() { json::text(resource) } else { "{}".to_owned() };
    Normal { kind: "provider.event".to_owned(), subject, data }
}

/// `None` for an event that is not ours, and for a record that is not as expected.
fn normal(kind: &str, resource: &Value) -> Option<Normal> {
    let (ours, with): (&str, fn(&Fields<'_>) -> Object) = match kind {
        "CHECKOUT.ORDER.APPROVED" => ("payment.authorized", |order| Object::of(&api::order(order).payment)),
        "PAYMENT.AUTHORIZATION.CREATED" => ("payment.authorized", authorization),
        "PAYMENT.AUTHORIZATION.VOIDED" => ("payment.canceled", authorization),
        "PAYMENT.CAPTURE.COMPLETED" => ("payment.succeeded", capture),
        "PAYMENT.CAPTURE.PENDING" => ("payment.processing", capture),
        "PAYMENT.CAPTURE.DECLINED" | "PAYMENT.CAPTURE.DENIED" => ("payment.failed", capture),
        "PAYMENT.CAPTURE.REFUNDED" => ("refund.created", refund),
        _ => return None,
    };
    let data = Value::from(read_value(resource, with).ok()?);
    let subject = data.get("id").and_then(Value::as_str).map(str::to_owned);
    Some(Normal { kind: ours.to_owned(), subject, data: json::text(&data) })
}

fn authorization(made: &Fields<'_>) -> Object {
    payment(made, "authorization", api::authorized(made))
}

fn capture(made: &Fields<'_>) -> Object {
    payment(made, "capture", api::captured(made))
}

/// The payment that an authorization or a capture belongs to: its order, or itself where it names none.
#[inline(never)]
fn payment(made: &Fields<'_>, name: &str, status: PaymentStatus) -> Object {
    let (id, amount) = (made.text("id"), api::amount_of(made));
    let order = refunds::order_of(made).unwrap_or_else(|| id.clone());
    let payment = Payment {
        id: order,
        status,
        captured_minor_units: if status == PaymentStatus::Succeeded { amount.minor_units } else { 0 },
        amount,
        customer: None,
        reference: made.text_some("custom_id"),
        description: None,
        next_action_url: None,
        created_at_ms: api::made_at(made),
    };
    Object::of(&payment).set(name, id)
}

/// A refund. It names its capture and not its order, so that `payment` is left out.
fn refund(made: &Fields<'_>) -> Object {
    let refund = refunds::in_our_words(made);
    Object::new()
        .set("id", refund.id)
        .set("capture", refund.payment)
        .set_money("amount", &refund.amount)
        .set_some("reference", refund.reference)
        .set(
            "status",
            match refund.status {
                RefundStatus::Pending => "pending",
                RefundStatus::Succeeded => "succeeded",
                RefundStatus::Failed => "failed",
                RefundStatus::Canceled => "canceled",
            },
        )
}

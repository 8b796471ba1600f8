//! Stripe's events in our words. The host has verified the delivery.
//!
//! Nothing is lost: an event that is not ours, or whose object is not as expected, is passed on
//! as `provider.event` with what Stripe sent.

use gatehouse_sdk::json::{self, Value};
use gatehouse_sdk::webhook::Event;
use gatehouse_sdk::{Error, Money, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Map;

use crate::api::{self, Charge, CheckoutSession, Customer, Dispute, PaymentIntent, Refund};

/// Reads the one event of a delivery.
pub(crate) fn parse(body: &[u8]) -> Result<Vec<Event>> {
    let event: api::Event = json::from_bytes(body)
        .map_err(|error| Error::invalid_input(format!("the delivery is not an event of Stripe's: {error}")))?;
    let object = event.object();
    let Normal { kind, subject, data } = normal(&event.kind, object).unwrap_or_else(|| passed_on(object));
    Ok(vec![Event {
        kind,
        provider_kind: event.kind.clone(),
        occurred_at_ms: event.occurred_at_ms().unwrap_or_default(),
        subject,
        data: data.to_string(),
        id: event.id,
    }])
}

/// An event in our words.
struct Normal {
    kind: String,
    subject: Option<String>,
    data: Value,
}

fn passed_on(object: &Value) -> Normal {
    let subject = object.get("id").and_then(Value::as_str).map(str::to_owned);
    let data = match object {
        Value::Object(_) => object.clone(),
        Value::Null => Value::Object(Map::new()),
        other => Value::Object(Map::from_iter([("object".to_owned(), other.clone())])),
    };
    Normal { kind: "provider.event".to_owned(), subject, data }
}

/// `None` for an event that is not ours, and for an object that is not as expected.
fn normal(kind: &str, object: &Value) -> Option<Normal> {
    if let Some(what) = payment_kind(kind) {
        return payment(what, object);
    }
    match kind {
        "refund.created" => refund("refund.created", object),
        "refund.updated" | "charge.refund.updated" => refund("refund.updated", object),
        "refund.failed" => refund("refund.failed", object),
        "charge.refunded" => refunded(object),
        "customer.created" | "customer.updated" | "customer.deleted" => customer(kind, object),
        _ => match (kind.strip_prefix("charge.dispute."), kind.strip_prefix("checkout.session.")) {
            (Some(what), _) => dispute(what, object),
            (_, Some(what)) => link(what, object),
            _ => None,
        },
    }
}

fn payment_kind(kind: &str) -> Option<&'static str> {
    Some(match kind.strip_prefix("payment_intent.")? {
        "created" => "payment.created",
        "succeeded" => "payment.succeeded",
        "payment_failed" => "payment.failed",
        "processing" => "payment.processing",
        "canceled" => "payment.canceled",
        "requires_action" => "payment.requires_action",
        "amount_capturable_updated" => "payment.authorized",
        _ => return None,
    })
}

fn payment(kind: &str, object: &Value) -> Option<Normal> {
    let intent: PaymentIntent = read(object)?;
    event(kind, intent.id.clone(), &intent.to_payment().ok()?)
}

fn refund(kind: &str, object: &Value) -> Option<Normal> {
    let refund: Refund = read(object)?;
    event(kind, refund.id.clone(), &refund.to_refund().ok()?)
}

fn customer(kind: &str, object: &Value) -> Option<Normal> {
    let customer: Customer = read(object)?;
    event(kind, customer.id.clone(), &customer.to_customer())
}

/// `charge.refunded` tells of the charge, in whole or in part; which refund did it is in `refund.*`.
fn refunded(object: &Value) -> Option<Normal> {
    #[derive(Serialize)]
    struct Refunded {
        payment: String,
        charge: String,
        amount: Money,
        refunded: Money,
        complete: bool,
    }
    let charge: Charge = read(object)?;
    let money = |amount| api::money_from_stripe(amount, &charge.currency);
    let payment = charge.payment();
    let refunded = money(charge.amount_refunded?);
    let amount = money(charge.amount);
    let complete = charge.refunded;
    event("payment.refunded", payment.clone(), &Refunded { payment, charge: charge.id, amount, refunded, complete })
}

fn dispute(what: &str, object: &Value) -> Option<Normal> {
    #[derive(Serialize)]
    struct Disputed {
        id: String,
        payment: Option<String>,
        amount: Money,
        reason: Option<String>,
        status: Option<String>,
    }
    let kind = match what {
        "created" | "updated" | "closed" | "funds_withdrawn" | "funds_reinstated" => format!("dispute.{what}"),
        _ => return None,
    };
    let dispute: Dispute = read(object)?;
    let (payment, amount) = (dispute.payment(), dispute.money());
    let Dispute { id, reason, status, .. } = dispute;
    event(&kind, id.clone(), &Disputed { id, payment, amount, reason, status })
}

fn link(what: &str, object: &Value) -> Option<Normal> {
    #[derive(Serialize)]
    struct Paid {
        id: String,
        payment: Option<String>,
        amount: Option<Money>,
        customer: Option<String>,
        reference: Option<String>,
    }
    let session: CheckoutSession = read(object)?;
    let kind = match (what, session.payment_status.as_deref()) {
        // Some methods tell only days later whether they paid; until then the session is unpaid.
        ("completed", Some("unpaid")) => "link.processing",
        ("completed" | "async_payment_succeeded", _) => "link.paid",
        ("async_payment_failed", _) => "link.failed",
        ("expired", _) => "link.expired",
        _ => return None,
    };
    let paid = Paid {
        payment: session.payment(),
        amount: session.total(),
        customer: session.customer(),
        reference: session.reference(),
        id: session.id,
    };
    event(kind, paid.id.clone(), &paid)
}

fn read<T: DeserializeOwned>(object: &Value) -> Option<T> {
    json::from_value(object).ok()
}

fn event(kind: &str, subject: String, data: &impl Serialize) -> Option<Normal> {
    let mut data = serde_json::to_value(data).ok()?;
    if let Value::Object(fields) = &mut data {
        fields.retain(|_, field| !field.is_null());
    }
    Some(Normal { kind: kind.to_owned(), subject: Some(subject), data })
}

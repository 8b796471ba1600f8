//! Stripe's events in our words. The host has verified the delivery.
//!
//! Nothing is lost: an event that is not ours, or whose object is not as expected, is passed on
//! as `provider.event` with what Stripe sent.

use gatehouse_sdk::json::{self, Fields, Object, Value};
use gatehouse_sdk::webhook::Event;
use gatehouse_sdk::{Error, Result};

use crate::{api, customers, links, payment, refunds};

/// Stripe's kinds of events, and ours.
const KINDS: [(&str, &str); 24] = [
    ("payment_intent.created", "payment.created"),
    ("payment_intent.succeeded", "payment.succeeded"),
    ("payment_intent.payment_failed", "payment.failed"),
    ("payment_intent.processing", "payment.processing"),
    ("payment_intent.canceled", "payment.canceled"),
    ("payment_intent.requires_action", "payment.requires_action"),
    ("payment_intent.amount_capturable_updated", "payment.authorized"),
    ("charge.refunded", "payment.refunded"),
    ("refund.created", "refund.created"),
    ("refund.updated", "refund.updated"),
    ("charge.refund.updated", "refund.updated"),
    ("refund.failed", "refund.failed"),
    ("charge.dispute.created", "dispute.created"),
    ("charge.dispute.updated", "dispute.updated"),
    ("charge.dispute.closed", "dispute.closed"),
    ("charge.dispute.funds_withdrawn", "dispute.funds_withdrawn"),
    ("charge.dispute.funds_reinstated", "dispute.funds_reinstated"),
    ("checkout.session.completed", "link.completed"),
    ("checkout.session.async_payment_succeeded", "link.paid"),
    ("checkout.session.async_payment_failed", "link.failed"),
    ("checkout.session.expired", "link.expired"),
    ("customer.created", "customer.created"),
    ("customer.updated", "customer.updated"),
    ("customer.deleted", "customer.deleted"),
];

/// An event in our words.
struct Ours {
    kind: &'static str,
    subject: String,
    data: Object,
}

/// Reads the one event of a delivery.
pub(crate) fn parse(body: &[u8]) -> Result<Vec<Event>> {
    let event: api::Event = json::from_bytes(body)
        .map_err(|error| Error::invalid_input(format!("the delivery is not an event of Stripe's: {error}")))?;
    let object = event.object();
    let known = KINDS.iter().find(|(theirs, _)| *theirs == event.kind);
    let ours = known.and_then(|(_, kind)| json::read_value(object, |object| ours(kind, object)).ok().flatten());
    let (kind, subject, data) = match ours {
        Some(Ours { kind, subject, data }) => (kind, Some(subject), data.into()),
        None => ("provider.event", object.get("id").and_then(Value::as_str).map(str::to_owned), passed_on(object)),
    };
    Ok(vec![Event {
        kind: kind.to_owned(),
        occurred_at_ms: event.occurred_at_ms().unwrap_or_default(),
        subject,
        data: json::text(&data),
        provider_kind: event.kind,
        id: event.id,
    }])
}

fn passed_on(object: &Value) -> Value {
    match object {
        Value::Object(_) => object.clone(),
        Value::Null => Object::new().into(),
        other => Object::new().set("object", other.clone()).into(),
    }
}

/// Reads the object of an event that is ours. `None` where it is not as expected.
fn ours(kind: &'static str, object: &Fields<'_>) -> Option<Ours> {
    let id = object.text("id");
    if kind == "payment.refunded" {
        return refunded(kind, id, object);
    }
    let (kind, data) = match kind.split_once('.')?.0 {
        "payment" => (kind, Object::of(&payment::read(object).ok()?)),
        "refund" => (kind, Object::of(&refunds::read(object).ok()?)),
        "customer" => (kind, Object::of(&customers::read(object))),
        "dispute" => (kind, disputed(&id, object)),
        _ => (link_kind(kind, object), link(&id, object)),
    };
    Some(Ours { kind, subject: id, data })
}

/// `charge.refunded` tells of the charge, in whole or in part; which refund did it is in `refund.*`.
fn refunded(kind: &'static str, charge: String, object: &Fields<'_>) -> Option<Ours> {
    object.get("amount_refunded")?;
    let payment = api::id_of(object, "payment_intent").unwrap_or_else(|| charge.clone());
    let data = Object::new()
        .set("payment", payment.as_str())
        .set("charge", charge)
        .set_money("amount", &api::money(object, "amount"))
        .set_money("refunded", &api::money(object, "amount_refunded"))
        .set("complete", object.flag("refunded"));
    Some(Ours { kind, subject: payment, data })
}

fn disputed(id: &str, dispute: &Fields<'_>) -> Object {
    Object::new()
        .set("id", id)
        .set_some("payment", refunds::paid_by(dispute))
        .set_money("amount", &api::money(dispute, "amount"))
        .set_some("reason", dispute.str_some("reason"))
        .set_some("status", dispute.str_some("status"))
}

fn link(id: &str, session: &Fields<'_>) -> Object {
    let data = Object::new()
        .set("id", id)
        .set_some("payment", api::id_of(session, "payment_intent"))
        .set_some("customer", api::id_of(session, "customer"))
        .set_some("reference", links::reference_of(session));
    match links::total_of(session) {
        Some(total) => data.set_money("amount", &total),
        None => data,
    }
}

/// Some methods tell only days later whether they paid; until then a completed session is unpaid.
fn link_kind(kind: &'static str, session: &Fields<'_>) -> &'static str {
    match (kind, session.str_some("payment_status")) {
        ("link.completed", Some("unpaid")) => "link.processing",
        ("link.completed", _) => "link.paid",
        _ => kind,
    }
}

//! Razorpay's events in our words. The host has verified the delivery.
//!
//! Nothing is lost: an event that is not ours, or whose record is not as expected, is passed on as
//! `provider.event` with what Razorpay sent.

use gatehouse_sdk::json::{self, Fields, Object, Value, read_value};
use gatehouse_sdk::webhook::{Delivery, Event};
use gatehouse_sdk::{Error, Result, time};

use crate::{api, links, refunds};

/// Reads the one event of a delivery.
pub(crate) fn parse(delivery: &Delivery) -> Result<Vec<Event>> {
    let wrong = |problem| Error::invalid_input(format!("the delivery is not an event of razorpay's: {problem}"));
    let document = json::document(&delivery.body).map_err(wrong)?;
    let (provider_kind, created_at) =
        read_value(&document, |event| (event.text("event"), event.count_some("created_at"))).map_err(wrong)?;
    let payload = document.get("payload").unwrap_or(&Value::Null);
    let entity = |name: &str| payload.get(name).and_then(|part| part.get("entity"));
    let normal = normal(&provider_kind, &entity);
    let Normal { kind, subject, data } = normal.unwrap_or_else(|| passed_on(&provider_kind, payload, &entity));
    let occurred_at_ms = time::from_seconds(created_at.unwrap_or_default());
    let id = delivery.headers.iter().find(|(name, _)| name == "x-razorpay-event-id").map(|(_, id)| id.clone());
    let id =
        id.unwrap_or_else(|| format!("{provider_kind}:{}:{occurred_at_ms}", subject.as_deref().unwrap_or_default()));
    Ok(vec![Event { id, kind, provider_kind, occurred_at_ms, subject, data }])
}

/// An event in our words.
struct Normal {
    kind: String,
    subject: Option<String>,
    data: String,
}

/// Finds the record with a name in a delivery: `payment`, `order`, `refund` …
type Entity<'a, 'b> = &'b dyn Fn(&str) -> Option<&'a Value>;

/// The record that the event is named after, or all of them.
fn passed_on(kind: &str, payload: &Value, entity: Entity<'_, '_>) -> Normal {
    let record = entity(kind.split('.').next().unwrap_or_default());
    let subject = record.and_then(|record| record.get("id")).and_then(Value::as_str).map(str::to_owned);
    let data = match record.unwrap_or(payload) {
        Value::Null => "{}".to_owned(),
        object @ Value::Object(_) => json::text(object),
        other => format!("{{\"payload\":{}}}", json::text(other)),
    };
    Normal { kind: "provider.event".to_owned(), subject, data }
}

/// `None` for an event that is not ours, and for a record that is not as expected.
fn normal(kind: &str, entity: Entity<'_, '_>) -> Option<Normal> {
    let (ours, record, with): (&str, &str, fn(&Fields<'_>) -> Object) = match kind {
        "payment.authorized" => ("payment.authorized", "payment", |found| Object::of(&api::payment(found))),
        "payment.captured" => ("payment.succeeded", "payment", |found| Object::of(&api::payment(found))),
        "payment.failed" => {
            ("payment.failed", "payment", |found| Object::of(&api::payment(found)).set_some("failure", failure(found)))
        }
        "order.paid" => ("order.paid", "order", |found| Object::of(&api::order(found).payment)),
        "refund.created" => ("refund.created", "refund", |found| Object::of(&refunds::in_our_words(found))),
        "refund.processed" | "refund.speed_changed" => {
            ("refund.updated", "refund", |found| Object::of(&refunds::in_our_words(found)))
        }
        "refund.failed" => ("refund.failed", "refund", |found| Object::of(&refunds::in_our_words(found))),
        "payment_link.paid" => ("link.paid", "payment_link", link),
        "payment_link.partially_paid" => ("link.partially_paid", "payment_link", link),
        "payment_link.cancelled" => ("link.canceled", "payment_link", link),
        "payment_link.expired" => ("link.expired", "payment_link", link),
        "payment.dispute.created" => ("dispute.created", "dispute", dispute),
        "payment.dispute.under_review" | "payment.dispute.action_required" => ("dispute.updated", "dispute", dispute),
        "payment.dispute.won" | "payment.dispute.lost" | "payment.dispute.closed" => {
            ("dispute.closed", "dispute", dispute)
        }
        _ => return None,
    };
    let found = entity(record)?;
    let data = read_value(found, with).ok()?;
    // Which payment an order or a link was paid with is told beside it.
    let paid_with = entity("payment").filter(|_| matches!(record, "order" | "payment_link"));
    let data = data.set_some("payment", paid_with.and_then(|payment| payment.get("id")).and_then(Value::as_str));
    let subject = found.get("id").and_then(Value::as_str).map(str::to_owned);
    Some(Normal { kind: ours.to_owned(), subject, data: data.to_string() })
}

fn failure(found: &Fields<'_>) -> Option<String> {
    found.text_some("error_reason").or_else(|| found.text_some("error_code"))
}

fn link(found: &Fields<'_>) -> Object {
    let link = links::in_our_words(found);
    Object::new()
        .set("id", link.id)
        .set_money("amount", &link.amount)
        .set_some("paid_minor_units", found.integer_some("amount_paid"))
        .set_some("reference", link.reference)
}

fn dispute(found: &Fields<'_>) -> Object {
    Object::new()
        .set("id", found.text("id"))
        .set("payment", found.text("payment_id"))
        .set_money("amount", &api::money(found))
        .set_some("reason", found.text_some("reason_code"))
        .set_some("status", found.text_some("status"))
}

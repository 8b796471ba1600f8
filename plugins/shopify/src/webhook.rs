//! Shopify's events in our words. The host has verified the delivery, which holds one of them; what it is stands in its
//! headers.
//!
//! Nothing is lost: an event that is not ours is passed on as `provider.event` with what Shopify sent.

use gatehouse_sdk::json::{self, Fields, Object, Value, read_value};
use gatehouse_sdk::webhook::{Delivery, Event};
use gatehouse_sdk::{Error, Result, context, money, time};

/// Topics, our names for them, and the kind of record that they are about.
const TOPICS: &[(&str, &str, &str)] = &[
    ("orders/create", "order.created", "Order"),
    ("orders/updated", "order.updated", "Order"),
    ("orders/paid", "order.paid", "Order"),
    ("orders/partially_fulfilled", "order.partly_fulfilled", "Order"),
    ("orders/fulfilled", "order.fulfilled", "Order"),
    ("orders/cancelled", "order.cancelled", "Order"),
    ("orders/delete", "order.deleted", "Order"),
    ("refunds/create", "refund.created", "Refund"),
    ("products/create", "product.created", "Product"),
    ("products/update", "product.updated", "Product"),
    ("products/delete", "product.deleted", "Product"),
    ("customers/create", "customer.created", "Customer"),
    ("customers/update", "customer.updated", "Customer"),
    ("customers/delete", "customer.deleted", "Customer"),
    ("inventory_levels/update", "stock.updated", "InventoryItem"),
    ("app/uninstalled", "app.uninstalled", "Shop"),
    ("customers/data_request", "customer.data_requested", "Customer"),
    ("customers/redact", "customer.erasure_requested", "Customer"),
    ("shop/redact", "shop.erasure_requested", "Shop"),
];

/// What is kept of a record.
const DATA: &[(&str, &str)] = &[
    ("number", "name"),
    ("title", "title"),
    ("status", "status"),
    ("payment", "financial_status"),
    ("fulfilment", "fulfillment_status"),
    ("email", "email"),
    ("phone", "phone"),
    ("first_name", "first_name"),
    ("last_name", "last_name"),
    ("order", "order_id"),
    ("location", "location_id"),
    ("available", "available"),
    ("updated_at", "updated_at"),
];

/// Reads the event of a delivery. Those of another shop are left out: an app has one address for all that use it.
pub(crate) fn parse(delivery: &Delivery) -> Result<Vec<Event>> {
    let wrong = |problem| Error::invalid_input(format!("the delivery is no event of shopify's: {problem}"));
    let header = |name: &str| delivery.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let Some(topic) = header("x-shopify-topic") else {
        return Err(Error::invalid_input("the delivery is no event of shopify's: it has no X-Shopify-Topic"));
    };
    let ours = context::read_settings(|settings| settings.text_some("shop"))?;
    let is_ours = |shop: &str| {
        let name = shop.strip_suffix(".myshopify.com").unwrap_or(shop);
        ours.as_deref().is_none_or(|ours| ours.eq_ignore_ascii_case(name))
    };
    if !header("x-shopify-shop-domain").is_none_or(is_ours) {
        return Ok(Vec::new());
    }
    let document = json::document(&delivery.body).map_err(wrong)?;
    let known = TOPICS.iter().find(|(known, _, _)| *known == topic);
    let (subject, body) =
        read_value(&document, |body| (subject(body, known.map(|known| known.2)), data(body))).map_err(wrong)?;
    let triggered = header("x-shopify-triggered-at").and_then(time::parse_rfc3339);
    let occurred_at_ms = triggered.or(body.1).unwrap_or_default();
    let about = subject.as_deref().unwrap_or_default();
    // An event may be told under several topics, and is repeated with the same number.
    let id = match header("x-shopify-event-id").or_else(|| header("x-shopify-webhook-id")) {
        Some(number) => format!("{number}:{topic}"),
        None => format!("{topic}:{about}:{occurred_at_ms}"),
    };
    let (kind, data) = match known {
        Some((_, kind, _)) => (*kind, body.0.set_some("id", subject.as_deref()).to_string()),
        None => ("provider.event", json::text(&document)),
    };
    Ok(vec![Event { id, kind: kind.to_owned(), provider_kind: topic.to_owned(), occurred_at_ms, subject, data }])
}

/// The id of the record as the Admin API has it; events have its number.
#[inline(never)]
fn subject(body: &Fields<'_>, kind: Option<&str>) -> Option<String> {
    if let Some(id) = body.get("admin_graphql_api_id").and_then(Value::as_str) {
        return Some(id.to_owned());
    }
    let customer = || body.get("customer").and_then(|customer| customer.get("id"));
    let number = match kind? {
        "InventoryItem" => body.get("inventory_item_id"),
        "Shop" => body.get("shop_id").or_else(|| body.get("id")),
        "Customer" => body.get("id").or_else(customer),
        _ => body.get("id"),
    };
    Some(format!("gid://shopify/{}/{}", kind?, json::text(number?)))
}

/// What is kept, and when the record was changed.
#[inline(never)]
fn data(body: &Fields<'_>) -> (Object, Option<u64>) {
    let mut data = Object::new();
    for (ours, theirs) in DATA {
        data = data.set_some(ours, body.get(theirs).cloned());
    }
    let text = |name| body.get(name).and_then(Value::as_str);
    if let (Some(total), Some(currency)) = (text("total_price"), text("currency"))
        && let Ok(total) = money::from_decimal(total, currency)
    {
        data = data.set_money("total", &total);
    }
    (data, text("updated_at").and_then(time::parse_rfc3339))
}

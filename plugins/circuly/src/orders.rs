//! What was ordered: `/orders`.

use gatehouse_sdk::Money;
use gatehouse_sdk::Result;
use gatehouse_sdk::commerce::orders::{OrdersPage, OrdersRequest};
use gatehouse_sdk::commerce::{Order, OrderLine, OrderPayment, OrderStatus};
use gatehouse_sdk::json::{Fields, Mismatch, Value, read_value};

use crate::api::{self, Shop};

/// Their name in paths, and as synchronised records.
pub(crate) const LIST: &str = "orders";
/// The setting with further states.
pub(crate) const STATUSES: &str = "order_statuses";

/// Reads an order.
pub(crate) fn get(id: &str) -> Result<Order> {
    let shop = Shop::read(STATUSES)?;
    order(&api::one(LIST, id)?, &shop).map_err(|problem| api::odd(&problem))
}

/// Reads a page of orders. The cursor is the page's number.
pub(crate) fn list(request: &OrdersRequest) -> Result<OrdersPage> {
    let shop = Shop::read(STATUSES)?;
    let page = api::page(LIST, &[], request.cursor.as_deref(), request.limit)?;
    let mut items = api::all(&page.found, request.changed_from_ms, |found| order(found, &shop))?;
    if let Some(status) = request.status {
        items.retain(|order| order.status == status);
    }
    Ok(OrdersPage { items, next: page.next })
}

/// Reads an order. Its number for people is its name.
#[inline(never)]
pub(crate) fn order(found: &Value, shop: &Shop) -> core::result::Result<Order, Mismatch> {
    read_value(found, |found| {
        let currency = api::needed(found, &["currency"]);
        let mut lines = found.each("items", |item| line(item, &currency));
        for (place, line) in lines.iter_mut().enumerate() {
            if line.id.is_empty() {
                line.id = (place + 1).to_string();
            }
        }
        Order {
            id: api::needed(found, &["order_id", "id"]),
            number: api::text(found, "order_name"),
            status: status(found, shop),
            payment: payment(found),
            fulfilment: None,
            customer: api::text(found, "customer_id"),
            email: api::text(found, "email"),
            lines,
            total: amount(found, "amount", &currency),
            tax: api::price(found, "tax_amount", &currency),
            shipping: api::price(found, "shipping_amount", &currency),
            discount: api::price(found, "discount", &currency),
            shipping_address: found.inner("shipping", api::address).flatten(),
            billing_address: found.inner("billing", api::address).flatten(),
            note: None,
            placed_at_ms: api::moment(found, "created_at").unwrap_or_else(|| {
                found.wrong("created_at", "is missing");
                0
            }),
            updated_at_ms: api::moment(found, "updated_at"),
        }
    })
}

fn amount(found: &Fields<'_>, name: &str, currency: &str) -> Money {
    api::price(found, name, currency).unwrap_or_else(|| {
        found.wrong(name, format!("this is no amount of {currency}"));
        Money::new(0, currency)
    })
}

fn line(item: &Fields<'_>, currency: &str) -> OrderLine {
    let quantity = item.get("quantity").and_then(Value::as_u64).and_then(|count| u32::try_from(count).ok());
    OrderLine {
        id: api::text(item, "id").or_else(|| api::text(item, "item_id")).unwrap_or_default(),
        product: api::text(item, "product_id"),
        variant: api::text(item, "variant_id"),
        sku: api::text(item, "sku"),
        title: api::needed(item, &["name"]),
        quantity: quantity.unwrap_or(1),
        unit_price: amount(item, "price", currency),
        total: api::price(item, "row_total_incl_tax", currency),
    }
}

fn status(found: &Fields<'_>, shop: &Shop) -> OrderStatus {
    let theirs = api::needed(found, &["status"]);
    match shop.status(&theirs).unwrap_or(&theirs) {
        "open" => OrderStatus::Open,
        "completed" | "fulfilled" | "closed" => OrderStatus::Completed,
        "cancelled" | "canceled" => OrderStatus::Cancelled,
        _ => {
            found.wrong(
                "status",
                format!("`{theirs}` is not known; say in the setting `{STATUSES}` what it stands for"),
            );
            OrderStatus::Open
        }
    }
}

/// What was paid; absent where the word is not known.
fn payment(found: &Fields<'_>) -> Option<OrderPayment> {
    match found.str_some("payment_status")? {
        "paid" => Some(OrderPayment::Paid),
        "payment_required" => Some(OrderPayment::Unpaid),
        "authorized" => Some(OrderPayment::Authorized),
        "refunded" => Some(OrderPayment::Refunded),
        "partially_refunded" => Some(OrderPayment::PartlyRefunded),
        _ => None,
    }
}

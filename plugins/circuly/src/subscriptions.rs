//! What customers rent or get again and again: `/subscriptions`.

use gatehouse_sdk::Result;
use gatehouse_sdk::commerce::store_subscriptions::{StoreSubscriptionsPage, StoreSubscriptionsRequest};
use gatehouse_sdk::commerce::{StoreSubscription, StoreSubscriptionStatus};
use gatehouse_sdk::json::{Fields, Mismatch, Value, read_value};

use crate::api::{self, Shop};

/// Their name in paths, and as synchronised records.
pub(crate) const LIST: &str = "subscriptions";
/// The setting with further states.
pub(crate) const STATUSES: &str = "subscription_statuses";

/// Reads a subscription.
pub(crate) fn get(id: &str) -> Result<StoreSubscription> {
    let shop = Shop::read(STATUSES)?;
    subscription(&api::one(LIST, id)?, &shop).map_err(|problem| api::odd(&problem))
}

/// Reads a page of subscriptions. The cursor is the page's number. Of the states, Circuly is only known to filter by one.
pub(crate) fn list(request: &StoreSubscriptionsRequest) -> Result<StoreSubscriptionsPage> {
    let shop = Shop::read(STATUSES)?;
    let mut only = Vec::new();
    if let Some(customer) = &request.customer {
        only.push(("customer_id", customer.as_str()));
    }
    // Where the settings name further states, one of them may count as active.
    if request.status == Some(StoreSubscriptionStatus::Active) && !shop.has_statuses() {
        only.push(("status", "active"));
    }
    let page = api::page(LIST, &only, request.cursor.as_deref(), request.limit)?;
    let mut items = api::all(&page.found, request.changed_from_ms, |found| subscription(found, &shop))?;
    if let Some(status) = request.status {
        items.retain(|subscription| subscription.status == status);
    }
    Ok(StoreSubscriptionsPage { items, next: page.next })
}

/// Reads a subscription.
#[inline(never)]
pub(crate) fn subscription(found: &Value, shop: &Shop) -> core::result::Result<StoreSubscription, Mismatch> {
    read_value(found, |found| {
        let mut products = Vec::new();
        products.extend(found.inner("item", |item| api::text(item, "product_id")).flatten());
        StoreSubscription {
            id: api::needed(found, &["id", "subscription_id"]),
            status: status(found, shop),
            customer: api::text(found, "customer_id"),
            products,
            amount: shop.currency.as_ref().and_then(|currency| api::price(found, "subscription_price", currency)),
            interval: interval(found),
            started_at_ms: api::moment(found, "subscription_start"),
            next_charge_at_ms: None,
            // The other end is that of what was agreed to at first; most go on after it.
            ends_at_ms: api::moment(found, "real_end_date"),
            updated_at_ms: api::moment(found, "updated_at"),
        }
    })
}

fn status(found: &Fields<'_>, shop: &Shop) -> StoreSubscriptionStatus {
    let theirs = api::needed(found, &["status"]);
    match shop.status(&theirs).unwrap_or(&theirs) {
        "active" => StoreSubscriptionStatus::Active,
        "pending" | "open" => StoreSubscriptionStatus::Pending,
        "paused" => StoreSubscriptionStatus::Paused,
        "cancelled" | "canceled" | "pending_return" | "pending return" => StoreSubscriptionStatus::Cancelled,
        "ended" | "expired" | "bought out" | "manual bought out" => StoreSubscriptionStatus::Expired,
        _ => {
            found.wrong(
                "status",
                format!("`{theirs}` is not known; say in the setting `{STATUSES}` what it stands for"),
            );
            StoreSubscriptionStatus::Pending
        }
    }
}

/// How often it is charged: `monthly` with 3 is `P3M`.
fn interval(found: &Fields<'_>) -> Option<String> {
    let unit = match found.str_some("subscription_frequency")? {
        "daily" => 'D',
        "weekly" => 'W',
        "monthly" => 'M',
        "yearly" => 'Y',
        _ => return None,
    };
    let times = api::text(found, "subscription_frequency_interval").unwrap_or_else(|| "1".to_owned());
    times.parse::<u32>().ok().filter(|times| *times > 0).map(|times| format!("P{times}{unit}"))
}

//! Subscriptions, customers, orders and products as records that the host pulls. Circuly neither tells what changed nor
//! what is gone, so that everything is read each time.

use gatehouse_sdk::json::{self, Mismatch, Object, Value};
use gatehouse_sdk::sync::{Page, RecordData};
use gatehouse_sdk::{Error, Result, paging};

use crate::api::{self, Shop};
use crate::{customers, orders, products, subscriptions};

/// Reads a page, the oldest record first. The cursor is the page's number and how many records there were at first:
/// where that has not changed at the end, nothing moved and everything was seen.
pub(crate) fn pull(entity: &str, cursor: Option<&str>, limit: u32) -> Result<Page> {
    let statuses = match entity {
        subscriptions::LIST => subscriptions::STATUSES,
        orders::LIST => orders::STATUSES,
        customers::LIST | products::LIST => "",
        _ => {
            return Err(Error::unsupported(format!(
                "`{entity}` is not synchronised; subscriptions, customers, orders and products are"
            )));
        }
    };
    let shop = Shop::read(statuses)?;
    let (number, first) = cursor.and_then(|cursor| cursor.split_once('.')).unzip();
    let first = first.map(|first| paging::number(Some(first), 0)).transpose()?;
    let number = number.or(cursor);
    let page = api::page(entity, &[], number, Some(limit))?;
    let records = api::all(&page.found, None, |found| record(entity, found, &shop))?;
    let total = page.total.unwrap_or_default();
    let same = first.is_none_or(|first| first == total) && page.total.is_some();
    // A count that differs is never met again.
    let kept = if same { total } else { u64::MAX };
    let complete = same && page.next.is_none() && (cursor.is_none() || first.is_some());
    Ok(Page { records, cursor: page.next.map(|next| format!("{next}.{kept}")), complete })
}

fn record(entity: &str, found: &Value, shop: &Shop) -> core::result::Result<RecordData, Mismatch> {
    let (id, updated_at_ms, data) = match entity {
        subscriptions::LIST => {
            let subscription = subscriptions::subscription(found, shop)?;
            let data = Object::of(&subscription);
            (subscription.id, subscription.updated_at_ms, data)
        }
        customers::LIST => {
            let customer = customers::customer(found)?;
            let data = Object::of(&customer);
            (customer.id, customer.updated_at_ms, data)
        }
        orders::LIST => {
            let order = orders::order(found, shop)?;
            let data = Object::of(&order);
            (order.id, order.updated_at_ms, data)
        }
        _ => {
            let product = products::product(found, shop)?;
            let data = Object::of(&product);
            (product.id, product.updated_at_ms, data)
        }
    };
    Ok(RecordData { id, updated_at_ms, deleted: false, data: json::text(&data.into()) })
}

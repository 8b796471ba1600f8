//! Products, orders and customers as records that the host pulls, and customers as records that it pushes.

use gatehouse_sdk::json::Object;
use gatehouse_sdk::sync::{Change, Outcome, Page, RecordData};
use gatehouse_sdk::{Error, Result};
use serde::Serialize;

use crate::api::{self, Wanted};
use crate::{customers, orders, products};

const DELETED: &str = "query{deletionEvents(first:250 subjectTypes:[PRODUCT]sortKey:CREATED_AT reverse:true)\
    {nodes{subjectId occurredAt}}}";

/// Reads a page, oldest change first. The cursor is Shopify's, which holds the change that it stands behind: what
/// changes while the list is read moves to its end, and none is left out.
pub(crate) fn pull(entity: &str, cursor: Option<&str>, limit: u32) -> Result<Page> {
    let wanted = Wanted { cursor, first: limit.max(1), changed_from_ms: None, condition: None };
    let mut records = Vec::new();
    let next = match entity {
        "products" => {
            let (found, next) = products::page(&wanted)?;
            for product in found {
                records.push(record(&product.id, product.updated_at_ms, &product));
            }
            if next.is_none() {
                deleted(&mut records)?;
            }
            next
        }
        "orders" => {
            let (found, next) = orders::page(&wanted)?;
            for order in found {
                records.push(record(&order.id, order.updated_at_ms, &order));
            }
            next
        }
        "customers" => {
            let (found, next) = customers::page(&wanted)?;
            for customer in found {
                records.push(record(&customer.id, customer.updated_at_ms, &customer));
            }
            next
        }
        _ => {
            return Err(Error::unsupported(format!(
                "`{entity}` is not synchronised; products, orders and customers are"
            )));
        }
    };
    let complete = cursor.is_none() && next.is_none();
    Ok(Page { records, cursor: next, complete })
}

fn record(id: &str, updated_at_ms: Option<u64>, found: &impl Serialize) -> RecordData {
    RecordData { id: id.to_owned(), updated_at_ms, deleted: false, data: Object::of(found).to_string() }
}

/// The last 250 products that were deleted: Shopify keeps no such list of orders and customers, only their webhooks.
#[inline(never)]
fn deleted(records: &mut Vec<RecordData>) -> Result<()> {
    let (gone, _) = api::read(DELETED, Object::new())?.part("deletionEvents", |list| {
        api::page(list, |event| RecordData {
            id: event.text("subjectId"),
            updated_at_ms: Some(api::moment(event, "occurredAt")),
            deleted: true,
            data: "{}".to_owned(),
        })
    })?;
    records.extend(gone);
    Ok(())
}

/// Writes customers, each for itself.
pub(crate) fn push(entity: &str, changes: Vec<Change>) -> Result<Vec<Outcome>> {
    if entity != "customers" {
        return Err(Error::unsupported(format!("`{entity}` is not written; customers are")));
    }
    let mut outcomes = Vec::new();
    for change in changes {
        outcomes.push(Outcome { status: customers::write(&change), reference: change.reference });
    }
    Ok(outcomes)
}

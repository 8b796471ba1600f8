//! Who rents: `/customers`.

use gatehouse_sdk::Result;
use gatehouse_sdk::commerce::customer_data::{StoreCustomer, StoreCustomersPage, StoreCustomersRequest};
use gatehouse_sdk::json::{Mismatch, Value, read_value};

use crate::api;

/// Their name in paths, and as synchronised records.
pub(crate) const LIST: &str = "customers";

/// Reads a page of customers. The cursor is the page's number.
pub(crate) fn list(request: &StoreCustomersRequest) -> Result<StoreCustomersPage> {
    let page = api::page(LIST, &[], request.cursor.as_deref(), request.limit)?;
    Ok(StoreCustomersPage { items: api::all(&page.found, request.changed_from_ms, customer)?, next: page.next })
}

/// Reads a customer. Of two addresses it is the one that things are sent to.
#[inline(never)]
pub(crate) fn customer(found: &Value) -> core::result::Result<StoreCustomer, Mismatch> {
    read_value(found, |found| StoreCustomer {
        id: api::needed(found, &["id", "uid"]),
        first_name: api::text(found, "first_name"),
        last_name: api::text(found, "last_name"),
        email: api::text(found, "email"),
        phone: api::text(found, "phone"),
        address: found
            .inner("address", |both| {
                both.inner("shipping", api::address).flatten().or_else(|| both.inner("billing", api::address).flatten())
            })
            .flatten(),
        reference: api::text(found, "external_customer_id"),
        created_at_ms: api::moment(found, "created_at"),
        updated_at_ms: api::moment(found, "updated_at"),
    })
}

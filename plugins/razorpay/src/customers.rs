//! Customers: `POST /v1/customers`.

use gatehouse_sdk::json::{Fields, Object};
use gatehouse_sdk::payments::customers::{Customer, CustomerRequest};
use gatehouse_sdk::{Result, context};

use crate::api::{self, DESCRIPTION, KEY, Notes, REFERENCE, Settings};

/// Creates a customer. One with the same address and number is a conflict, as it belongs to another reference.
pub(crate) fn create(request: &CustomerRequest) -> Result<Customer> {
    let settings = Settings::load()?;
    let body = Object::new()
        .set_some("name", request.name.as_deref())
        .set_some("email", request.email.as_deref())
        .set_some("contact", request.phone.as_deref())
        .set("fail_existing", "1");
    let notes = Notes::new(request.metadata.as_deref(), request.reference.as_deref())?
        .with(DESCRIPTION, request.description.as_deref())
        .with(KEY, Some(&context::idempotency_key_for("customer")));
    api::post("/v1/customers", &notes.onto(body), &settings)?.read(in_our_words)
}

/// Reads a customer of Razorpay's.
#[inline(never)]
pub(crate) fn in_our_words(customer: &Fields<'_>) -> Customer {
    Customer {
        id: customer.text("id"),
        name: customer.text_some("name"),
        email: customer.text_some("email"),
        reference: api::note(customer, REFERENCE),
        created_at_ms: api::moment(customer, "created_at"),
    }
}

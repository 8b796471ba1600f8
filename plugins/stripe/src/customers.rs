//! Customers: `POST /v1/customers`.

use gatehouse_sdk::Result;
use gatehouse_sdk::http::Form;
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::payments::customers::{Customer, CustomerRequest};

use crate::api::{self, Settings};

/// Creates a customer.
pub(crate) fn create(request: &CustomerRequest) -> Result<Customer> {
    let settings = Settings::load()?;
    let form = Form::new()
        .set_some("name", request.name.as_deref())
        .set_some("email", request.email.as_deref())
        .set_some("phone", request.phone.as_deref())
        .set_some("description", request.description.as_deref());
    let form = api::set_metadata(form, request.metadata.as_deref(), request.reference.as_deref())?;
    api::post("/v1/customers", "customer", form, &settings)?.read(read)
}

/// Reads a customer. One that was deleted has nothing but its id.
#[inline(never)]
pub(crate) fn read(customer: &Fields<'_>) -> Customer {
    Customer {
        id: customer.text("id"),
        name: customer.text_some("name"),
        email: customer.text_some("email"),
        reference: api::reference_in(customer),
        created_at_ms: api::moment(customer, "created").unwrap_or_default(),
    }
}

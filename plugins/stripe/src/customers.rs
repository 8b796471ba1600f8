//! Customers: `POST /v1/customers`.

use gatehouse_sdk::Result;
use gatehouse_sdk::http::Form;
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
    let form = api::set_metadata(form, "metadata", request.metadata.as_deref(), request.reference.as_deref())?;
    let response = api::post("/v1/customers", "customer", form, &settings)?;
    Ok(api::read::<api::Customer>(&response)?.to_customer())
}

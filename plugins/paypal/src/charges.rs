//! Payments: `POST /v2/checkout/orders` and `GET /v2/checkout/orders/{id}`.

use gatehouse_sdk::Result;
use gatehouse_sdk::http;
use gatehouse_sdk::json::Object;
use gatehouse_sdk::payments::Payment;
use gatehouse_sdk::payments::charges::PaymentRequest;

use crate::api::{self, Order, Settings, Unit};

/// Makes an order. With a saved wallet `PayPal` takes, or reserves, the money at once; else it waits for the payer.
pub(crate) fn process(request: &PaymentRequest) -> Result<Payment> {
    let settings = Settings::load()?;
    let page = request.return_url.as_deref().map(|url| api::page(url, None, &settings));
    let saved = request.payment_method.as_deref();
    // The owner of a saved wallet is known already.
    let email = request.payer_email.as_deref().filter(|_| saved.is_none());
    let wallet =
        Object::new().set_some("vault_id", saved).set_some("email_address", email).set_some("experience_context", page);
    let unit = Unit {
        amount: &request.amount,
        description: request.description.as_deref(),
        reference: request.reference.as_deref(),
    };
    let body = api::order_body(&unit, request.capture == Some(false), wallet)?;
    let made = api::post("/v2/checkout/orders".to_owned(), "order", &body)?.read(api::order)?;
    Ok(made.payment)
}

/// Reads a payment by its order's id.
pub(crate) fn get(id: &str) -> Result<Payment> {
    Ok(order(id)?.payment)
}

/// Reads an order.
pub(crate) fn order(id: &str) -> Result<Order> {
    api::get(http::path(&["v2", "checkout", "orders", id])?)?.read(api::order)
}

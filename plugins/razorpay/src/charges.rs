//! Payments: `POST /v1/orders` and, with a saved token, `POST /v1/payments/create/recurring`.

use gatehouse_sdk::http::{self, Request};
use gatehouse_sdk::json::Object;
use gatehouse_sdk::payments::charges::PaymentRequest;
use gatehouse_sdk::payments::{Payment, PaymentStatus};
use gatehouse_sdk::{Error, ErrorKind, Result, log};

use crate::api::{self, CUSTOMER, DESCRIPTION, Notes, Order, Settings};

/// Makes an order that waits for the payer, or charges a token of a customer at once.
pub(crate) fn process(request: &PaymentRequest) -> Result<Payment> {
    let settings = Settings::load()?;
    match request.payment_method.as_deref() {
        None => Ok(order(request, &settings)?.payment),
        Some(token) => charge(request, token, &settings),
    }
}

/// Reads a payment, or an order with the payments made for it.
pub(crate) fn get(id: &str) -> Result<Payment> {
    let settings = Settings::load()?;
    if !id.starts_with("order_") {
        return payment(id, &settings);
    }
    let order = api::get(http::path(&["v1", "orders", id])?, &settings)?.read(api::order)?;
    if !order.tried || order.payment.status == PaymentStatus::Succeeded {
        return Ok(order.payment);
    }
    let made = api::best_payment_of(id, &settings)?;
    Ok(made.map_or(order.payment.clone(), |made| Payment {
        status: made.status,
        captured_minor_units: made.captured_minor_units,
        customer: order.payment.customer.clone().or(made.customer),
        ..order.payment
    }))
}

/// Reads a payment by its own id.
pub(crate) fn payment(id: &str, settings: &Settings) -> Result<Payment> {
    api::get(http::path(&["v1", "payments", id])?, settings)?.read(api::payment)
}

/// The order that was made under a receipt, where there is one.
pub(crate) fn find_order(receipt: &str, settings: &Settings) -> Result<Option<Order>> {
    let list = api::send(Request::get("/v1/orders").query("receipt", receipt).query("count", 1), settings)?;
    Ok(list.read(|list| list.each("items", api::order))?.into_iter().next())
}

/// Makes an order. One with this receipt may be there from another attempt: Razorpay answers with it, or says
/// that the receipt is taken.
fn order(request: &PaymentRequest, settings: &Settings) -> Result<Order> {
    let amount = api::checked(&request.amount)?;
    let receipt = api::own_receipt();
    let body = Object::new()
        .set("amount", amount.minor_units)
        .set("currency", amount.currency.as_str())
        .set("receipt", receipt.as_str())
        .set("unique_receipt", true)
        .set("payment_capture", request.capture != Some(false));
    let body = notes(request)?.with(CUSTOMER, request.customer.as_deref()).onto(body);
    match api::post("/v1/orders", &body, settings) {
        Ok(response) => response.read(api::order),
        Err(taken) if taken.kind == ErrorKind::Conflict => find_order(&receipt, settings)?.ok_or(taken),
        Err(error) => Err(error),
    }
}

fn notes(request: &PaymentRequest) -> Result<Notes> {
    let notes = Notes::new(request.metadata.as_deref(), request.reference.as_deref())?;
    Ok(notes.with(DESCRIPTION, request.description.as_deref()))
}

/// Charges a saved token. Razorpay wants the payer's address and number with each charge, which the customer has.
fn charge(request: &PaymentRequest, token: &str, settings: &Settings) -> Result<Payment> {
    let Some(customer) = request.customer.as_deref() else {
        return Err(Error::invalid_input("`customer` is absent; give the customer whom the payment method belongs to"));
    };
    let path = http::path(&["v1", "customers", customer])?;
    let (email, contact) =
        api::get(path, settings)?.read(|known| (known.text_some("email"), known.text_some("contact")))?;
    let (Some(email), Some(contact)) = (request.payer_email.clone().or(email), contact) else {
        return Err(Error::invalid_input(format!(
            "the customer {customer} has no e-mail address or no telephone number; razorpay charges nobody without both"
        )));
    };
    let order = order(request, settings)?;
    if let Some(made) = made_before(&order, settings)? {
        return Ok(made);
    }
    let body = Object::new()
        .set("email", email)
        .set("contact", contact)
        .set("amount", request.amount.minor_units)
        .set("currency", request.amount.currency.as_str())
        .set("order_id", order.payment.id.as_str())
        .set("customer_id", customer)
        .set("token", token)
        .set("recurring", true)
        .set_some("description", request.description.as_deref());
    let body = notes(request)?.onto(body);
    let id =
        api::post("/v1/payments/create/recurring", &body, settings)?.read(|made| made.text("razorpay_payment_id"))?;
    Ok(charged(id, customer, &order, settings))
}

/// A payment that another attempt of this call made for the order: it is not made twice.
fn made_before(order: &Order, settings: &Settings) -> Result<Option<Payment>> {
    if !order.tried {
        return Ok(None);
    }
    let made = api::best_payment_of(&order.payment.id, settings)?;
    Ok(made.filter(|made| made.status != PaymentStatus::Failed))
}

/// The payment was made, so that a failure to read it is none of the call: it is answered as what is known.
fn charged(id: String, customer: &str, order: &Order, settings: &Settings) -> Payment {
    payment(&id, settings).unwrap_or_else(|error| {
        log::warn("the payment was made and could not be read", &[("payment", &id), ("error", &error.message)]);
        let customer = Some(customer.to_owned());
        Payment { id, status: PaymentStatus::Processing, customer, captured_minor_units: 0, ..order.payment.clone() }
    })
}

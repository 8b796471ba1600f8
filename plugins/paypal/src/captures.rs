//! Taking the money: `POST /v2/checkout/orders/{id}/capture` for an order that the payer approved, and
//! `POST /v2/payments/authorizations/{id}/capture` for one that is reserved first.

use gatehouse_sdk::http;
use gatehouse_sdk::json::Object;
use gatehouse_sdk::payments::captures::CaptureRequest;
use gatehouse_sdk::payments::{Payment, PaymentStatus};
use gatehouse_sdk::{Error, Result};

use crate::api::{self, Order};
use crate::charges;

/// Takes what was approved or reserved.
pub(crate) fn capture(request: &CaptureRequest) -> Result<Payment> {
    let order = charges::order(&request.payment)?;
    if order.reserves { reserved(request, order) } else { approved(request, &order) }
}

/// Takes an order whole, as `PayPal` does with one that was only approved.
fn approved(request: &CaptureRequest, order: &Order) -> Result<Payment> {
    let whole = &order.payment.amount;
    let same = |part: &gatehouse_sdk::Money| part.minor_units == whole.minor_units && part.currency == whole.currency;
    if !request.amount.as_ref().is_none_or(same) {
        return Err(Error::invalid_input(format!(
            "paypal takes all of an order or nothing; leave `amount` out, or give {} {}, or make the payment with `capture: false`",
            whole.minor_units, whole.currency
        )));
    }
    let path = http::path(&["v2", "checkout", "orders", &request.payment, "capture"])?;
    Ok(api::post(path, "capture", &Object::new())?.read(api::order)?.payment)
}

/// Reserves what the payer approved, where that was not done yet, and takes it. What is left is released.
fn reserved(request: &CaptureRequest, order: Order) -> Result<Payment> {
    let amount = request.amount.as_ref().map(api::checked).transpose()?;
    let authorization = match order.authorization {
        Some(made) => made,
        None => authorize(&request.payment)?,
    };
    let path = http::path(&["v2", "payments", "authorizations", &authorization, "capture"])?;
    let body = Object::new().set_some("amount", amount).set("final_capture", true);
    let (status, taken) = api::post(path, "capture", &body)?
        .read(|capture| (api::captured(capture), api::amount_of(capture).minor_units))?;
    let captured_minor_units = if status == PaymentStatus::Succeeded { taken } else { 0 };
    Ok(Payment { status, captured_minor_units, next_action_url: None, ..order.payment })
}

fn authorize(order: &str) -> Result<String> {
    let path = http::path(&["v2", "checkout", "orders", order, "authorize"])?;
    let response = api::post(path, "authorize", &Object::new())?;
    let made = response.read(api::order)?.authorization;
    made.ok_or_else(|| response.senseless("paypal answered without the authorization that it made"))
}

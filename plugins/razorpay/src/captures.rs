//! Taking what was reserved: `POST /v1/payments/{id}/capture`.

use gatehouse_sdk::http;
use gatehouse_sdk::json::Object;
use gatehouse_sdk::payments::captures::CaptureRequest;
use gatehouse_sdk::payments::{Payment, PaymentStatus};
use gatehouse_sdk::{Error, Result};

use crate::api::{self, Settings};
use crate::charges;

/// Takes what was reserved. Razorpay takes all of it or nothing, and wants the amount said.
pub(crate) fn capture(request: &CaptureRequest) -> Result<Payment> {
    let settings = Settings::load()?;
    let (id, amount) = match &request.amount {
        Some(amount) if !request.payment.starts_with("order_") => (request.payment.clone(), amount.clone()),
        given => {
            let reserved = of(&request.payment, &PaymentStatus::Authorized, &settings)?;
            (reserved.id, given.clone().unwrap_or(reserved.amount))
        }
    };
    let amount = api::checked(&amount)?;
    let body = Object::new().set("amount", amount.minor_units).set("currency", amount.currency.as_str());
    api::post(&http::path(&["v1", "payments", &id, "capture"])?, &body, &settings)?.read(api::payment)
}

/// The payment that an id stands for: itself, or that of an order which stands at `status`.
///
/// # Errors
/// `conflict` where an order has no such payment.
pub(crate) fn of(id: &str, status: &PaymentStatus, settings: &Settings) -> Result<Payment> {
    if !id.starts_with("order_") {
        return charges::payment(id, settings);
    }
    let made = api::payments_of(id, settings)?.into_iter().find(|made| made.status == *status);
    made.ok_or_else(|| Error::conflict(format!("the order {id} has no payment that allows this")))
}

//! Payments: `POST /v1/payment_intents` and `GET /v1/payment_intents/{id}`.

use gatehouse_sdk::Result;
use gatehouse_sdk::http::{self, Form, Request};
use gatehouse_sdk::payments::Payment;
use gatehouse_sdk::payments::charges::PaymentRequest;

use crate::api::{self, Settings};
use crate::payment;

/// Takes or reserves an amount. With a payment method it is confirmed at once; without one the
/// payment waits for the payer.
pub(crate) fn process(request: &PaymentRequest) -> Result<Payment> {
    let settings = Settings::load()?;
    payment::of(&api::post("/v1/payment_intents", "payment", form(request, &settings)?, &settings)?)
}

/// Reads a payment.
#[inline(never)]
pub(crate) fn get(id: &str) -> Result<Payment> {
    let path = http::path(&["v1", "payment_intents", id])?;
    payment::of(&api::send(Request::get(path), &Settings::load()?)?)
}

fn form(request: &PaymentRequest, settings: &Settings) -> Result<Form> {
    let form = Form::new()
        .set("amount", api::amount_to_stripe(&request.amount)?)
        .set("currency", request.amount.currency.to_ascii_lowercase())
        .set_some("customer", request.customer.as_deref())
        .set_some("payment_method", request.payment_method.as_deref())
        .set_some("confirm", request.payment_method.as_ref().map(|_| true))
        .set_some("capture_method", (request.capture == Some(false)).then_some("manual"))
        .set_some("description", request.description.as_deref())
        .set_some("receipt_email", request.payer_email.as_deref());
    let form = set_steps(form, request, settings.payment_method_types.as_deref());
    api::set_metadata(form, request.metadata.as_deref(), request.reference.as_deref())
}

/// Which kinds of payment method may be used, and where the payer comes back to. Stripe takes that
/// page only where the payment is confirmed; without one, methods that send the payer elsewhere are
/// left out.
fn set_steps(form: Form, request: &PaymentRequest, types: Option<&[String]>) -> Form {
    let confirmed = request.payment_method.is_some();
    let page = request.return_url.as_deref().filter(|_| confirmed);
    let mut form = form.set_some("return_url", page);
    if let Some(types) = types {
        for (index, kind) in types.iter().enumerate() {
            form = form.set(format!("payment_method_types[{index}]"), kind);
        }
        return form;
    }
    form = form.set("automatic_payment_methods[enabled]", true);
    if confirmed && page.is_none() { form.set("automatic_payment_methods[allow_redirects]", "never") } else { form }
}

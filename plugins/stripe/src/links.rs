//! Payment pages: `POST /v1/checkout/sessions`.

use gatehouse_sdk::http::Form;
use gatehouse_sdk::payments::links::{Link, LinkRequest};
use gatehouse_sdk::{Error, Money, Result};

use crate::api::{self, CheckoutSession, REFERENCE, Settings};

/// How long a `client_reference_id` may be, in characters.
const CLIENT_REFERENCE: usize = 200;

/// Creates a page on which one payer pays once. It works for 24 hours.
pub(crate) fn create(request: &LinkRequest) -> Result<Link> {
    let settings = Settings::load()?;
    let response = api::post("/v1/checkout/sessions", "link", form(request)?, &settings)?;
    let session: CheckoutSession = api::read(&response)?;
    link(session, request).map_err(|problem| response.senseless(problem))
}

/// The page in our words.
///
/// # Errors
/// A text where it has no URL: once it was paid or has expired, Stripe takes that away.
pub(crate) fn link(session: CheckoutSession, request: &LinkRequest) -> core::result::Result<Link, String> {
    let Some(url) = session.url.clone() else {
        return Err(format!("the checkout session {} has no url", session.id));
    };
    Ok(Link {
        url,
        amount: session.total().unwrap_or_else(|| total(request)),
        reference: session.reference(),
        expires_at_ms: session.expires_at.map(api::milliseconds),
        id: session.id,
    })
}

fn form(request: &LinkRequest) -> Result<Form> {
    let quantity = request.quantity.unwrap_or(1);
    if quantity == 0 {
        return Err(Error::invalid_input("`quantity` is 0; give 1 or more"));
    }
    let reference = request.reference.as_deref();
    let short = reference.filter(|reference| reference.chars().count() <= CLIENT_REFERENCE);
    let form = Form::new()
        .set("mode", "payment")
        .set("line_items[0][quantity]", quantity)
        .set("line_items[0][price_data][currency]", request.amount.currency.to_ascii_lowercase())
        .set("line_items[0][price_data][unit_amount]", api::amount_to_stripe(&request.amount)?)
        .set("line_items[0][price_data][product_data][name]", &request.description)
        .set("success_url", &request.success_url)
        .set_some("cancel_url", request.cancel_url.as_deref())
        .set_some("customer", request.customer.as_deref())
        .set_some("client_reference_id", short)
        // The payment that will be made carries the reference too, so that it is found from there.
        .set_some(format!("payment_intent_data[metadata][{REFERENCE}]"), reference);
    api::set_metadata(form, "metadata", request.metadata.as_deref(), reference)
}

fn total(request: &LinkRequest) -> Money {
    let quantity = i64::from(request.quantity.unwrap_or(1));
    Money::new(request.amount.minor_units.saturating_mul(quantity), &request.amount.currency)
}

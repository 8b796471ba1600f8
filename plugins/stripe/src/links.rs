//! Payment pages: `POST /v1/checkout/sessions`.

use gatehouse_sdk::http::Form;
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::payments::links::{Link, LinkRequest};
use gatehouse_sdk::{Error, Money, Result};

use crate::api::{self, REFERENCE, Settings};

/// How long a `client_reference_id` may be, in characters.
const CLIENT_REFERENCE: usize = 200;

/// Creates a page on which one payer pays once. It works for 24 hours.
pub(crate) fn create(request: &LinkRequest) -> Result<Link> {
    let settings = Settings::load()?;
    let response = api::post("/v1/checkout/sessions", "link", form(request)?, &settings)?;
    api::object(&response, |session| read(session, total(&request.amount, request.quantity)))
}

/// Reads a page; where it does not tell its total, that is what was `asked` for.
///
/// # Errors
/// A text where it has no URL: once it was paid or has expired, Stripe takes that away.
#[inline(never)]
pub(crate) fn read(session: &Fields<'_>, asked: Money) -> core::result::Result<Link, String> {
    let id = session.text("id");
    let Some(url) = session.text_some("url") else {
        return Err(format!("the checkout session {id} has no url"));
    };
    let (amount, reference) = (total_of(session).unwrap_or(asked), reference_of(session));
    Ok(Link { id, url, amount, reference, expires_at_ms: api::moment(session, "expires_at") })
}

/// What is to be paid in all.
pub(crate) fn total_of(session: &Fields<'_>) -> Option<Money> {
    Some(api::money_from_stripe(session.integer_some("amount_total")?, session.str_some("currency")?))
}

/// Our reference.
pub(crate) fn reference_of(session: &Fields<'_>) -> Option<String> {
    api::reference_in(session).or_else(|| session.text_some("client_reference_id"))
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
    api::set_metadata(form, request.metadata.as_deref(), reference)
}

/// The amount of so many pieces; of one where it is not said.
pub(crate) fn total(amount: &Money, quantity: Option<u32>) -> Money {
    Money::new(amount.minor_units.saturating_mul(quantity.unwrap_or(1).into()), &amount.currency)
}

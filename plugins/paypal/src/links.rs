//! Payment links: an order whose page the payer is sent to.

use gatehouse_sdk::json::Object;
use gatehouse_sdk::payments::links::{Link, LinkRequest};
use gatehouse_sdk::{Error, Money, Result};

use crate::api::{self, Settings, Unit};

/// Makes an order and answers with the page on which the payer approves it. `CAPTURE_PAYMENT` then takes the money.
pub(crate) fn create(request: &LinkRequest) -> Result<Link> {
    let settings = Settings::load()?;
    let amount = total(request)?;
    let unit =
        Unit { amount: &amount, description: Some(&request.description), reference: request.reference.as_deref() };
    let page = api::page(&request.success_url, request.cancel_url.as_deref(), &settings);
    let body = api::order_body(&unit, false, Object::new().set("experience_context", page))?;
    let response = api::post("/v2/checkout/orders".to_owned(), "link", &body)?;
    let order = response.read(api::order)?;
    let Some(url) = order.payer_url else {
        return Err(response.senseless(format!("the order {} has no page for the payer", order.payment.id)));
    };
    let made = order.payment;
    // How long a payer may wait is agreed with PayPal for each account, and not told.
    Ok(Link { id: made.id, url, amount: made.amount, reference: made.reference, expires_at_ms: None })
}

fn total(request: &LinkRequest) -> Result<Money> {
    let quantity = i64::from(request.quantity.unwrap_or(1));
    if quantity == 0 {
        return Err(Error::invalid_input("`quantity` is 0; give 1 or more"));
    }
    let units = request.amount.minor_units.checked_mul(quantity);
    let units =
        units.ok_or_else(|| Error::invalid_input("the amount times `quantity` is too large; give a smaller one"))?;
    Ok(Money::new(units, &request.amount.currency))
}

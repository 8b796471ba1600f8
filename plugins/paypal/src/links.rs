//! Payment links: an order whose page the payer is sent to.

use gatehouse_sdk::json::Object;
use gatehouse_sdk::payments::links::{Link, LinkRequest};
use gatehouse_sdk::{Result, money};

use crate::api::{self, Settings, Unit};

/// Makes an order and answers with the page on which the payer approves it. `CAPTURE_PAYMENT` then takes the money.
pub(crate) fn create(request: &LinkRequest) -> Result<Link> {
    let settings = Settings::load()?;
    let amount = money::times(&request.amount, request.quantity)?;
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

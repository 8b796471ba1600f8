//! Releasing what was reserved: `POST /v2/payments/authorizations/{id}/void`.

use gatehouse_sdk::http::{self, Request};
use gatehouse_sdk::payments::{Payment, PaymentStatus};
use gatehouse_sdk::{Error, Result};

use crate::api;
use crate::charges;

/// Releases what was reserved. `PayPal` has no call that gives up an order for which nothing is reserved.
pub(crate) fn cancel(id: &str) -> Result<Payment> {
    let order = charges::order(id)?;
    let Some(authorization) = order.authorization else {
        return Err(Error::conflict(format!(
            "nothing is reserved for the order {id}; paypal gives up an order by itself when nobody pays it"
        )));
    };
    let path = http::path(&["v2", "payments", "authorizations", &authorization, "void"])?;
    let answer = api::send(api::written(Request::post(path)))?;
    // An answer without a body says by its status alone that it was done.
    if !answer.bytes().is_empty() && answer.read(api::authorized)? != PaymentStatus::Canceled {
        return Err(answer.senseless("paypal answered a void with an authorization that is not void"));
    }
    Ok(Payment { status: PaymentStatus::Canceled, next_action_url: None, ..order.payment })
}

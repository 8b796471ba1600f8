//! What became of a write whose answer was lost: the order says it. Setting a level is repeated with its key instead.

use gatehouse_sdk::commerce::OrderStatus;
use gatehouse_sdk::json::{Fields, Object};
use gatehouse_sdk::outcomes::{Finding, Write};
use gatehouse_sdk::{Error, Result};

use crate::{api, fulfilling, orders};

/// How far Shopify's clock and ours may be apart, in milliseconds.
const SKEW_MS: u64 = 300_000;

const SENT: &str = "query($id:ID!){order(id:$id){...order fulfillmentOrders(first:50){...left}\
    fulfillments(first:100){createdAt trackingInfo(first:10){number}}}}";

/// Looks for what a write did.
pub(crate) fn look_up(write: &Write) -> Result<Finding> {
    match write.capability.as_str() {
        "FULFIL_ORDER" => sent(write),
        "CANCEL_ORDER" => {
            let id = order_of(write)?;
            let order = orders::by_gid(&id)?;
            match order.status {
                OrderStatus::Cancelled => Finding::found(&order),
                _ => Ok(Finding::Absent),
            }
        }
        other => Err(Error::unsupported(format!("a look-up of `{other}` is not needed; repeat it"))),
    }
}

fn order_of(write: &Write) -> Result<String> {
    api::gid("Order", &write.read(|fields| fields.text("order"))?)
}

/// Where something is left, to say all of it again is right: only what is left is said then. Where nothing is, it is
/// done if a parcel like this one was made since.
fn sent(write: &Write) -> Result<Finding> {
    let id = order_of(write)?;
    let number = write.read(|fields| fields.text_some("tracking_number"))?;
    let since = write.first_sent_at_ms.saturating_sub(SKEW_MS);
    let ours = |parcel: &Fields<'_>| {
        let numbers = parcel.each("trackingInfo", |info| info.text_some("number"));
        api::moment(parcel, "createdAt") >= since && (number.is_none() || numbers.contains(&number))
    };
    let document = [orders::document(SENT).as_str(), fulfilling::LEFT_OF].concat();
    let answer = api::read(&document, Object::new().set("id", id.as_str()))?;
    let (left, ours, found) = answer.one("order", &id, |order| {
        (fulfilling::left(order), order.each("fulfillments", ours).contains(&true), orders::order(order))
    })?;
    match (left.is_nothing(), ours) {
        (false, _) => Ok(Finding::Absent),
        (true, true) => Finding::found(&orders::whole(found)?),
        (true, false) => Ok(Finding::Refused(fulfilling::nothing_left(&id))),
    }
}

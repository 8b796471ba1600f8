//! Saying that all that is left of an order was sent. Shopify keeps what is left as fulfilment orders, one or more for
//! each place that sends; a parcel comes from one place.

use gatehouse_sdk::commerce::Order;
use gatehouse_sdk::commerce::order_fulfilling::FulfilmentRequest;
use gatehouse_sdk::json::{Fields, Object, Value};
use gatehouse_sdk::{Error, Result};

use crate::api;
use crate::error::Refusal;
use crate::orders;

const LEFT: &str = "query($id:ID!){order(id:$id){fulfillmentOrders(first:50){...left}}}";
/// What is read of what is left of an order.
pub(crate) const LEFT_OF: &str = " fragment left on FulfillmentOrderConnection{nodes{id status \
    supportedActions{action}assignedLocation{location{id}}}pageInfo{hasNextPage}}";
const CREATE: &str = "mutation($fulfillment:FulfillmentInput!){fulfillmentCreate(fulfillment:$fulfillment){\
    fulfillment{order{...order}}userErrors{field message}}}";

/// What is left of an order to be sent.
#[derive(Default)]
pub(crate) struct Left {
    /// The fulfilment orders that can be sent, by the place that sends them.
    parcels: Vec<(Option<String>, Vec<Value>)>,
    /// What stands in the way: the status of one that can not be sent now.
    blocked: Option<String>,
    /// Whether there are more than were read.
    more: bool,
}

impl Left {
    /// Whether nothing is left.
    pub(crate) fn is_nothing(&self) -> bool {
        self.parcels.is_empty() && self.blocked.is_none() && !self.more
    }
}

/// Says that what is left was sent, one parcel for each place. To say it once more says it of what is left then.
pub(crate) fn fulfil(request: &FulfilmentRequest) -> Result<Order> {
    let id = api::gid("Order", &request.order)?;
    let left = api::read(&[LEFT, LEFT_OF].concat(), Object::new().set("id", id.as_str()))?.one("order", &id, left)?;
    if left.is_nothing() {
        return Err(nothing_left(&id));
    }
    if left.more || left.blocked.is_some() {
        let status = left.blocked.as_deref().unwrap_or("in too many parts");
        return Err(Error::conflict(format!("a part of `{id}` can not be sent: it is {status}")));
    }
    let count = left.parcels.len();
    let mut last = None;
    for (sent, (_, parts)) in left.parcels.into_iter().enumerate() {
        last = Some(create(request, parts).map_err(|error| told(error, sent, count))?);
    }
    let last = last.ok_or_else(|| nothing_left(&id))?;
    orders::whole(last).map_err(|error| told(error, count, count))
}

/// Reads what is left of an order.
#[inline(never)]
pub(crate) fn left(order: &Fields<'_>) -> Left {
    let mut left = Left::default();
    let part = |part: &Fields<'_>| {
        let can = part.each("supportedActions", |action| action.str_some("action") == Some("CREATE_FULFILLMENT"));
        let at = part.inner("assignedLocation", |at| api::id_of(at, "location")).flatten();
        (part.text("id"), part.text("status"), can.contains(&true), at)
    };
    let list = order.inner("fulfillmentOrders", |list| {
        left.more = list.inner("pageInfo", |info| info.flag("hasNextPage")).unwrap_or_default();
        list.each("nodes", part)
    });
    if list.is_none() {
        order.wrong("fulfillmentOrders", "is not there");
    }
    for (id, status, can_be_sent, place) in list.unwrap_or_default() {
        match status.as_str() {
            "CLOSED" | "CANCELLED" | "INCOMPLETE" => {}
            _ if !can_be_sent => left.blocked = Some(status),
            _ => left.add(place, Object::new().set("fulfillmentOrderId", id).into()),
        }
    }
    left
}

impl Left {
    #[inline(never)]
    fn add(&mut self, place: Option<String>, part: Value) {
        match self.parcels.iter_mut().find(|(known, _)| *known == place) {
            Some((_, parts)) => parts.push(part),
            None => self.parcels.push((place, vec![part])),
        }
    }
}

#[inline(never)]
fn create(request: &FulfilmentRequest, parts: Vec<Value>) -> Result<orders::Found> {
    let tracking = Object::new()
        .set_some("number", request.tracking_number.as_deref())
        .set_some("company", request.carrier.as_deref())
        .set_some("url", request.tracking_url.as_deref());
    let fulfillment = Object::new()
        .set("lineItemsByFulfillmentOrder", parts)
        .set("notifyCustomer", request.notify.unwrap_or_default())
        .set_some("trackingInfo", Some(tracking).filter(|tracking| !tracking.is_empty()));
    let answer = api::write(&orders::document(CREATE), Object::new().set("fulfillment", fulfillment))?;
    answer.accepted("fulfillmentCreate", "userErrors", Refusal::State)?;
    let made = answer.take(|data| {
        let order = |made: &Fields<'_>| made.inner("order", orders::order);
        data.inner("fulfillmentCreate", |payload| payload.inner("fulfillment", order).flatten()).flatten()
    })?;
    made.ok_or_else(|| Error::unknown_outcome("shopify does not say what it made of the parcel"))
}

/// Some of it was said, and to say all of it again is safe: only what is left is said then.
#[cold]
fn told(error: Error, sent: usize, count: usize) -> Error {
    match sent {
        0 => error,
        _ => Error::unknown_outcome(format!("{sent} of {count} parcels were told of; then: {}", error.message)),
    }
}

#[cold]
pub(crate) fn nothing_left(id: &str) -> Error {
    Error::conflict(format!("nothing is left of `{id}` to be sent"))
}

//! Calling orders off. Shopify does it a moment later, in a job of its own.

use gatehouse_sdk::commerce::Order;
use gatehouse_sdk::commerce::order_cancelling::OrderCancellation;
use gatehouse_sdk::json::Object;
use gatehouse_sdk::{Error, Result};

use crate::error::Refusal;
use crate::{api, orders};

const CANCEL: &str = "mutation($id:ID!$reason:OrderCancelReason!$restock:Boolean!$notify:Boolean!$note:String\
    $refund:OrderCancelRefundMethodInput!){orderCancel(orderId:$id reason:$reason restock:$restock \
    notifyCustomer:$notify staffNote:$note refundMethod:$refund){job{id}orderCancelUserErrors{field message code}}}";

/// Shopify's reasons; any other is a note beside `OTHER`.
const REASONS: &[&str] = &["CUSTOMER", "DECLINED", "FRAUD", "INVENTORY", "STAFF"];

/// Calls an order off and answers with how it stands then, which may still be open. Nothing is paid back.
pub(crate) fn cancel(request: &OrderCancellation) -> Result<Order> {
    let id = api::gid("Order", &request.order)?;
    let given = request.reason.as_deref().unwrap_or_default();
    let reason = REASONS.iter().find(|reason| reason.eq_ignore_ascii_case(given));
    let note = request.reason.as_deref().filter(|_| reason.is_none());
    let variables = Object::new()
        .set("id", id.as_str())
        .set("reason", *reason.unwrap_or(&"OTHER"))
        .set("restock", request.restock.unwrap_or(true))
        .set("notify", request.notify.unwrap_or_default())
        .set_some("note", note)
        .set("refund", Object::new().set("originalPaymentMethodsRefund", false));
    api::write(CANCEL, variables)?.accepted("orderCancel", "orderCancelUserErrors", Refusal::State)?;
    orders::by_gid(&id).map_err(|error| {
        Error::unknown_outcome(format!("shopify took the cancellation; reading the order failed: {}", error.message))
    })
}

//! Razorpay's two halves of a payment: the order, which waits for a payer, and the payments made for it.

use gatehouse_sdk::Result;
use gatehouse_sdk::http::{self, Request};
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::payments::{Payment, PaymentStatus};

use super::{CUSTOMER, DESCRIPTION, REFERENCE, Settings, moment, money, note, send};

/// An order, and what tells whether there are payments for it.
pub(crate) struct Order {
    /// The order in our words: it waits for the payer, or was paid.
    pub(crate) payment: Payment,
    /// Whether a payment was tried for it.
    pub(crate) tried: bool,
}

/// Reads an order.
#[inline(never)]
pub(crate) fn order(order: &Fields<'_>) -> Order {
    let status = order.text("status");
    let payment = Payment {
        id: order.text("id"),
        status: match status.as_str() {
            "created" | "attempted" => PaymentStatus::RequiresAction,
            "paid" => PaymentStatus::Succeeded,
            other => {
                order.wrong("status", format!("an order can not be `{other}`"));
                PaymentStatus::Processing
            }
        },
        amount: money(order),
        captured_minor_units: order.integer("amount_paid"),
        customer: note(order, CUSTOMER),
        reference: note(order, REFERENCE),
        description: note(order, DESCRIPTION),
        next_action_url: None,
        created_at_ms: moment(order, "created_at"),
    };
    Order { payment, tried: status != "created" || order.integer_some("attempts").is_some_and(|tries| tries > 0) }
}

/// Reads a payment.
#[inline(never)]
pub(crate) fn payment(payment: &Fields<'_>) -> Payment {
    let (amount, captured) = (money(payment), payment.flag("captured"));
    Payment {
        id: payment.text("id"),
        status: match payment.text("status").as_str() {
            "created" | "pending" => PaymentStatus::Processing,
            "authorized" => PaymentStatus::Authorized,
            // What was never captured goes back to the payer by itself.
            "refunded" if !captured => PaymentStatus::Canceled,
            "captured" | "refunded" => PaymentStatus::Succeeded,
            "failed" => PaymentStatus::Failed,
            other => {
                payment.wrong("status", format!("a payment can not be `{other}`"));
                PaymentStatus::Processing
            }
        },
        captured_minor_units: if captured { amount.minor_units } else { 0 },
        amount,
        customer: payment.text_some("customer_id"),
        reference: note(payment, REFERENCE),
        description: payment.text_some("description").or_else(|| note(payment, DESCRIPTION)),
        next_action_url: None,
        created_at_ms: moment(payment, "created_at"),
    }
}

/// The payment made for an order that says most about it: what was taken comes before what was reserved, and
/// that before what failed.
pub(crate) fn best_payment_of(order: &str, settings: &Settings) -> Result<Option<Payment>> {
    Ok(payments_of(order, settings)?.into_iter().min_by_key(|payment| match payment.status {
        PaymentStatus::Succeeded => 0,
        PaymentStatus::Authorized => 1,
        PaymentStatus::Processing | PaymentStatus::RequiresAction => 2,
        PaymentStatus::Canceled => 3,
        PaymentStatus::Failed => 4,
    }))
}

/// The payments made for an order.
pub(crate) fn payments_of(order: &str, settings: &Settings) -> Result<Vec<Payment>> {
    let path = http::path(&["v1", "orders", order, "payments"])?;
    send(Request::get(path), settings)?.read(|list| list.each("items", payment))
}

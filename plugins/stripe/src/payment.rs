//! `PaymentIntent`: Stripe's payment, and the charge in which money moves.

use gatehouse_sdk::Result;
use gatehouse_sdk::http::Response;
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::payments::{Payment, PaymentStatus};

use crate::api::{self, Identified};

/// Where a payer has something to do: the step, and the field with its address.
const NEXT_ACTIONS: [(&str, &str); 6] = [
    ("redirect_to_url", "url"),
    ("alipay_handle_redirect", "url"),
    ("boleto_display_details", "hosted_voucher_url"),
    ("konbini_display_details", "hosted_voucher_url"),
    ("oxxo_display_details", "hosted_voucher_url"),
    ("verify_with_microdeposits", "hosted_verification_url"),
];

/// The payment in a success. An answer without an id is none.
#[inline(never)]
pub(crate) fn of(response: &Response) -> Result<Payment> {
    response.json::<Identified>()?;
    api::object(response, read)
}

/// Reads a payment.
///
/// # Errors
/// A text where Stripe's status is one that we do not know.
#[inline(never)]
pub(crate) fn read(intent: &Fields<'_>) -> core::result::Result<Payment, String> {
    let (id, status) = (intent.text("id"), intent.text("status"));
    let currency = intent.text("currency");
    Ok(Payment {
        amount: api::money(intent, "amount"),
        captured_minor_units: api::money_from_stripe(captured(intent, &status), &currency).minor_units,
        customer: api::id_of(intent, "customer"),
        reference: api::reference_in(intent),
        description: intent.text_some("description"),
        next_action_url: intent.inner("next_action", next_action).flatten(),
        created_at_ms: api::made_at(intent),
        status: match status.as_str() {
            // The same status before the first attempt and after one that failed.
            "requires_payment_method" if intent.get("last_payment_error").is_some() => PaymentStatus::Failed,
            "requires_payment_method" | "requires_confirmation" | "requires_action" => PaymentStatus::RequiresAction,
            "processing" => PaymentStatus::Processing,
            "requires_capture" => PaymentStatus::Authorized,
            "succeeded" => PaymentStatus::Succeeded,
            "canceled" => PaymentStatus::Canceled,
            other => return Err(format!("the payment {id} has the unknown status `{other}`")),
        },
        id,
    })
}

/// What was taken: old API versions tell it only with the charge, or with the first of a list of them.
fn captured(intent: &Fields<'_>, status: &str) -> i64 {
    let latest = intent.get("latest_charge").filter(|charge| charge.is_object());
    let latest = latest.and_then(|_| intent.inner("latest_charge", taken));
    let listed = intent.inner("charges", |charges| charges.each("data", taken).into_iter().next()).flatten();
    match intent.integer_some("amount_received").or(latest).or(listed) {
        Some(amount) => amount,
        None if status == "succeeded" => intent.integer("amount"),
        None => 0,
    }
}

fn taken(charge: &Fields<'_>) -> i64 {
    match charge.integer_some("amount_captured") {
        Some(amount) => amount,
        None if charge.flag("captured") && charge.flag("paid") => charge.integer("amount"),
        None => 0,
    }
}

fn next_action(action: &Fields<'_>) -> Option<String> {
    NEXT_ACTIONS.iter().find_map(|(step, address)| action.inner(step, |step| step.text_some(address)).flatten())
}

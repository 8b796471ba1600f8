//! `PayPal`'s order, with the authorizations and captures made for it: one payment in our words.

use gatehouse_sdk::json::{Fields, Object, Value};
use gatehouse_sdk::payments::{Payment, PaymentStatus};
use gatehouse_sdk::{Money, Result};

use super::{Settings, amount_of, checked, link, made_at, reference, short};

/// How long an order's description may be, in characters.
const DESCRIPTION: usize = 127;

/// An order, and what the next step needs to know of it.
pub(crate) struct Order {
    /// The order in our words.
    pub(crate) payment: Payment,
    /// Whether it is to be reserved before it is captured.
    pub(crate) reserves: bool,
    /// The id of what was reserved.
    pub(crate) authorization: Option<String>,
    /// The id of the newest capture that took money.
    pub(crate) capture: Option<String>,
    /// Where the payer approves it.
    pub(crate) payer_url: Option<String>,
}

/// What an order asks for.
pub(crate) struct Unit<'a> {
    /// How much.
    pub(crate) amount: &'a Money,
    /// What the payer is shown.
    pub(crate) description: Option<&'a str>,
    /// Our reference.
    pub(crate) reference: Option<&'a str>,
}

/// The body that makes an order.
///
/// # Errors
/// `invalid-input` where `PayPal` can not keep the amount or the reference.
pub(crate) fn order_body(unit: &Unit<'_>, reserves: bool, wallet: Object) -> Result<Object> {
    let description = unit.description.filter(|text| !text.is_empty());
    let asked = Object::new()
        .set("amount", checked(unit.amount)?)
        .set_some("description", description.map(|text| short(text, DESCRIPTION)))
        .set_some("custom_id", reference(unit.reference)?);
    let body = Object::new()
        .set("intent", if reserves { "AUTHORIZE" } else { "CAPTURE" })
        .set("purchase_units", vec![Value::from(asked)]);
    Ok(if wallet.is_empty() { body } else { body.set("payment_source", Object::new().set("paypal", wallet)) })
}

/// How the payer is shown `PayPal`'s page.
pub(crate) fn page(return_url: &str, cancel_url: Option<&str>, settings: &Settings) -> Object {
    Object::new()
        .set("user_action", "PAY_NOW")
        .set("return_url", return_url)
        .set_some("cancel_url", cancel_url)
        .set_some("shipping_preference", settings.no_shipping.then_some("NO_SHIPPING"))
}

/// One of the captures or authorizations made for an order.
struct Made {
    id: String,
    status: PaymentStatus,
    minor_units: i64,
}

/// Reads an order. All of ours have one purchase unit; of another's order the first one counts.
#[inline(never)]
pub(crate) fn order(order: &Fields<'_>) -> Order {
    let units = order.each("purchase_units", |unit| {
        let made = unit.inner("payments", |made| {
            (
                made.each("authorizations", |found| of(found, authorized)),
                made.each("captures", |found| of(found, captured)),
            )
        });
        (amount_of(unit), unit.text_some("custom_id"), unit.text_some("description"), made.unwrap_or_default())
    });
    let (amount, reference, description, (authorizations, captures)) = units.into_iter().next().unwrap_or_else(|| {
        order.wrong("purchase_units", "is empty");
        (Money::new(0, "XXX"), None, None, Default::default())
    });
    let status = standing(&captures, &authorizations).unwrap_or_else(|| status(order));
    let took: Vec<&Made> = captures.iter().filter(|made| made.status == PaymentStatus::Succeeded).collect();
    let payer_url = link(order, &["payer-action", "approve"]);
    let payment = Payment {
        id: order.text("id"),
        amount,
        captured_minor_units: took.iter().map(|made| made.minor_units).sum(),
        customer: order.inner("payer", |payer| payer.text_some("payer_id")).flatten(),
        reference,
        description,
        next_action_url: payer_url.clone().filter(|_| status == PaymentStatus::RequiresAction),
        created_at_ms: made_at(order),
        status,
    };
    Order {
        payment,
        reserves: order.str_some("intent") == Some("AUTHORIZE"),
        authorization: authorizations.last().map(|made| made.id.clone()),
        capture: took.last().map(|made| made.id.clone()),
        payer_url,
    }
}

fn of(found: &Fields<'_>, status: fn(&Fields<'_>) -> PaymentStatus) -> Made {
    Made { id: found.text("id"), status: status(found), minor_units: amount_of(found).minor_units }
}

/// What was made for an order says more than its own status: what was taken before what is on its way, and that
/// before what is reserved.
fn standing(captures: &[Made], authorizations: &[Made]) -> Option<PaymentStatus> {
    let all = || captures.iter().chain(authorizations.last());
    let best = [PaymentStatus::Succeeded, PaymentStatus::Processing, PaymentStatus::Authorized];
    let found = best.into_iter().find(|wanted| all().any(|made| made.status == *wanted));
    found.or_else(|| all().last().map(|made| made.status))
}

/// The status of an order for which nothing was made yet. An approved one waits for us: nothing is taken by itself.
fn status(order: &Fields<'_>) -> PaymentStatus {
    match order.text("status").as_str() {
        "CREATED" | "SAVED" | "PAYER_ACTION_REQUIRED" => PaymentStatus::RequiresAction,
        "APPROVED" => PaymentStatus::Authorized,
        "COMPLETED" => PaymentStatus::Processing,
        "VOIDED" => PaymentStatus::Canceled,
        other => unknown(order, "an order", other),
    }
}

/// The status of a capture. What was given back was taken before.
#[inline(never)]
pub(crate) fn captured(capture: &Fields<'_>) -> PaymentStatus {
    match capture.text("status").as_str() {
        "COMPLETED" | "PARTIALLY_REFUNDED" | "REFUNDED" => PaymentStatus::Succeeded,
        "PENDING" => PaymentStatus::Processing,
        "DECLINED" | "FAILED" => PaymentStatus::Failed,
        other => unknown(capture, "a capture", other),
    }
}

/// The status of an authorization.
#[inline(never)]
pub(crate) fn authorized(authorization: &Fields<'_>) -> PaymentStatus {
    match authorization.text("status").as_str() {
        "CREATED" => PaymentStatus::Authorized,
        // The capture itself says whether the money came.
        "PENDING" | "CAPTURED" | "PARTIALLY_CAPTURED" => PaymentStatus::Processing,
        "VOIDED" => PaymentStatus::Canceled,
        "DENIED" => PaymentStatus::Failed,
        other => unknown(authorization, "an authorization", other),
    }
}

#[cold]
fn unknown(record: &Fields<'_>, what: &str, status: &str) -> PaymentStatus {
    record.wrong("status", format!("{what} can not be `{status}`"));
    PaymentStatus::Processing
}

//! Stripe's errors in our words (its document "Errors" and its list of error codes).

use gatehouse_sdk::http::{Effect, Response};
use gatehouse_sdk::{Error, ErrorKind};

/// The error in an answer that is not a success. A body that makes no sense leaves the status to speak.
#[inline(never)]
pub(crate) fn from_response(response: &Response) -> Error {
    let said = response.read(|body| {
        body.inner("error", |error| {
            ["type", "code", "decline_code", "message", "param"].map(|name| error.text_some(name))
        })
    });
    let [kind, code, decline_code, message, param] = said.ok().flatten().unwrap_or_default();
    let status = response.status();
    let mut text = message.unwrap_or_else(|| format!("stripe answered with status {status}"));
    if let Some(param) = param {
        text = format!("{text} (parameter {param})");
    }
    let mut error = response.error(text);
    if let Some(kind) = kind_of(status, kind.as_deref(), code.as_deref(), response.effect()) {
        error.kind = kind;
    }
    error.with_code(decline_code.or(code))
}

/// What Stripe's type and code say more precisely than the status; `None` where the status says it all.
fn kind_of(status: u16, kind: Option<&str>, code: Option<&str>, effect: Effect) -> Option<ErrorKind> {
    match (status, kind, code, effect) {
        // The first request with this key is still running: the same write, its outcome not known yet.
        (409, _, Some("idempotency_key_in_use"), Effect::Write) => Some(ErrorKind::UnknownOutcome),
        (400..=499, Some("card_error"), ..) => Some(ErrorKind::Declined),
        (400..=499, Some("idempotency_error"), ..) => Some(ErrorKind::Conflict),
        (400..=499, _, Some("resource_missing"), _) => Some(ErrorKind::NotFound),
        (400..=499, _, Some(code), _) if STATE_CODES.contains(&code) => Some(ErrorKind::Conflict),
        // The request was failed before it did anything, for a reason such as no money on a balance.
        (402, ..) => Some(ErrorKind::Declined),
        _ => None,
    }
}

/// Codes that come with status 400 and say that the record's state does not allow this.
const STATE_CODES: &[&str] = &[
    "charge_already_captured",
    "charge_already_refunded",
    "charge_disputed",
    "charge_expired_for_capture",
    "payment_intent_unexpected_state",
    "resource_already_exists",
];

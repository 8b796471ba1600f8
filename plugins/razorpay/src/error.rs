//! Razorpay's errors in our words (its pages "About Errors" and "Error Index"). Nearly all of them are status 400
//! with the code `BAD_REQUEST_ERROR`, so the step, the reason and the description have to tell them apart.

use gatehouse_sdk::http::{Effect, Response};
use gatehouse_sdk::{Error, ErrorKind};

/// What the body of an answer that is not a success says.
#[derive(Default)]
struct Said {
    code: Option<String>,
    description: Option<String>,
    field: Option<String>,
    step: Option<String>,
    reason: Option<String>,
}

/// The error in an answer that is not a success. A body that makes no sense leaves the status to speak.
pub(crate) fn from_response(response: &Response) -> Error {
    let said = response.read(|body| {
        body.inner("error", |error| Said {
            code: error.text_some("code"),
            description: error.text_some("description"),
            field: error.text_some("field"),
            step: error.text_some("step"),
            reason: error.text_some("reason"),
        })
    });
    let said = said.ok().flatten().unwrap_or_default();
    let status = response.status();
    let mut text = said.description.clone().unwrap_or_else(|| format!("razorpay answered with status {status}"));
    if let Some(field) = said.field.as_deref().filter(|field| !field.is_empty()) {
        text.push_str(&format!(" (field {field})"));
    }
    let mut error = response.error(text);
    if let Some(kind) = kind_of(status, &said, response.effect()) {
        error.kind = kind;
    }
    error.with_code(said.reason.filter(|reason| reason != "NA").or(said.code))
}

/// What the body says more precisely than the status; `None` where the status says it all.
fn kind_of(status: u16, said: &Said, effect: Effect) -> Option<ErrorKind> {
    let description = said.description.as_deref().unwrap_or_default();
    let says = |part: &str| has(description, part);
    // `payment_initiation` is the request itself; each later step is the payer, the bank or the network saying no.
    let refused = said.step.as_deref().is_some_and(|step| step.starts_with("payment_") && step != "payment_initiation");
    match status {
        // A refund with the same key is still being made: the same write, its outcome not known yet.
        409 if effect == Effect::Write => Some(ErrorKind::UnknownOutcome),
        400..=499 if refused => Some(ErrorKind::Declined),
        400 if says("Authentication failed") || says("key/secret") => Some(ErrorKind::Unauthorized),
        400 if says("does not exist") || says("not a valid id") => Some(ErrorKind::NotFound),
        400 if says("enough balance") || said.code.as_deref() == Some("GATEWAY_ERROR") => Some(ErrorKind::Declined),
        400 if says("already") || says("same idempotency key") || says("should be unique") => Some(ErrorKind::Conflict),
        _ => None,
    }
}

/// Whether a text has a part: `str::contains` brings 3 KB of a search that is fast on long texts.
#[inline(never)]
fn has(text: &str, part: &str) -> bool {
    text.as_bytes().windows(part.len()).any(|window| window == part.as_bytes())
}

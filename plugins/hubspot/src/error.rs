//! Hubspot's errors in our words (its page "Error handling"): told apart by their category.

use gatehouse_sdk::http::Response;
use gatehouse_sdk::json::Value;
use gatehouse_sdk::{Error, ErrorKind};

/// Categories that say more than their status.
const KINDS: &[(&str, ErrorKind)] = &[
    ("CONFLICT", ErrorKind::Conflict),
    ("OBJECT_NOT_FOUND", ErrorKind::NotFound),
    ("MISSING_SCOPES", ErrorKind::Forbidden),
    ("INVALID_AUTHENTICATION", ErrorKind::Unauthorized),
    ("EXPIRED_AUTHENTICATION", ErrorKind::Unauthorized),
    ("RATE_LIMITS", ErrorKind::RateLimited),
    ("VALIDATION_ERROR", ErrorKind::InvalidInput),
];
/// How long to wait for a daily limit, in milliseconds: it begins anew at the account's midnight.
const DAILY_WAIT_MS: u64 = 3_600_000;
/// How long a locked record is to be left alone, in milliseconds.
const LOCKED_WAIT_MS: u64 = 2_000;

/// The error in an answer that is not a success. A body that makes no sense leaves the status to speak.
#[inline(never)]
pub(crate) fn from_response(response: &Response) -> Error {
    let said = response.read(|body| {
        let mut text = body.text_some("message");
        for error in body.items("errors") {
            if let (Some(text), Some(detail)) = (&mut text, error.get("message").and_then(Value::as_str)) {
                text.push_str(" (");
                text.push_str(detail);
                text.push(')');
            }
        }
        (body.text_some("category"), text, body.text_some("policyName"))
    });
    let (category, message, policy) = said.unwrap_or_default();
    let text = message.unwrap_or_else(|| format!("hubspot answered with status {}", response.status()));
    let mut error = response.error(text);
    match response.status() {
        // The category of a 5xx says nothing about whether a write was done.
        500.. => error.with_code(category),
        // HubSpot's own: the record is locked, the account is being moved. Nothing was done.
        423 => {
            error.kind = ErrorKind::Unavailable;
            error.retry_after_ms = error.retry_after_ms.or(Some(LOCKED_WAIT_MS));
            error.with_code(category)
        }
        477 => {
            error.kind = ErrorKind::Unavailable;
            error.with_code(category)
        }
        429 => {
            error.retry_after_ms = error.retry_after_ms.or_else(|| wait(response, policy.as_deref()));
            error.with_code(category)
        }
        _ => error.coded(category.as_deref(), KINDS),
    }
}

fn wait(response: &Response, policy: Option<&str>) -> Option<u64> {
    match policy {
        Some("DAILY") => Some(DAILY_WAIT_MS),
        Some("SECONDLY") => Some(1000),
        _ => response.header("x-hubspot-ratelimit-interval-milliseconds")?.parse().ok(),
    }
}

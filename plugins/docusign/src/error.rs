//! Docusign's errors in our words (its page "Error codes"): most are a 400 and told apart by their code.

use gatehouse_sdk::http::Response;
use gatehouse_sdk::{Error, ErrorKind};

/// Codes that say more than their status.
const KINDS: &[(&str, ErrorKind)] = &[
    ("ACCOUNT_LACKS_PERMISSIONS", ErrorKind::Forbidden),
    ("ACCOUNT_NOT_AUTHORIZED_FOR_ENVELOPE", ErrorKind::Forbidden),
    ("AUTHORIZATION_INVALID_TOKEN", ErrorKind::Unauthorized),
    ("BURST_APIINVOCATION_LIMIT_EXCEEDED", ErrorKind::RateLimited),
    ("DOCUMENT_DOES_NOT_EXIST", ErrorKind::NotFound),
    ("ENVELOPE_ALLOWANCE_EXCEEDED", ErrorKind::Declined),
    ("ENVELOPE_CANNOT_VOID_INVALID_STATE", ErrorKind::Conflict),
    ("ENVELOPE_DOES_NOT_EXIST", ErrorKind::NotFound),
    ("ENVELOPE_HAS_BEEN_PURGED", ErrorKind::NotFound),
    ("ENVELOPE_INVALID_STATUS", ErrorKind::Conflict),
    ("ENVELOPE_IS_INCOMPLETE", ErrorKind::InvalidInput),
    ("ENVELOPE_NOT_IN_FOLDER", ErrorKind::NotFound),
    ("HOURLY_APIINVOCATION_LIMIT_EXCEEDED", ErrorKind::RateLimited),
    ("HOURLY_ENVELOPE_POLLING_LIMIT_EXCEEDED", ErrorKind::RateLimited),
    ("HOURLY_ENVELOPE_UPDATE_LIMIT_EXCEEDED", ErrorKind::RateLimited),
    ("INVALID_TOKEN_FORMAT", ErrorKind::Unauthorized),
    ("PARTNER_AUTHENTICATION_FAILED", ErrorKind::Unauthorized),
    ("RECIPIENT_NOT_IN_SEQUENCE", ErrorKind::Conflict),
    ("TEMPLATE_ID_INVALID", ErrorKind::NotFound),
    ("UNKNOWN_ENVELOPE_RECIPIENT", ErrorKind::NotFound),
    ("USER_AUTHENTICATION_FAILED", ErrorKind::Unauthorized),
    ("USER_DOES_NOT_BELONG_TO_SPECIFIED_ACCOUNT", ErrorKind::Forbidden),
    ("USER_LACKS_PERMISSIONS", ErrorKind::Forbidden),
    ("USER_NOT_ENVELOPE_SENDER", ErrorKind::Forbidden),
];
/// How long the limit of bursts lasts, in milliseconds.
const BURST_MS: u64 = 30_000;

/// The error in an answer that is not a success. A body that makes no sense leaves the status to speak.
#[inline(never)]
pub(crate) fn from_response(response: &Response) -> Error {
    let said = response.read(|body| (body.text_some("errorCode"), body.text_some("message")));
    let (code, message) = said.unwrap_or_default();
    let error =
        response.error(message.unwrap_or_else(|| format!("docusign answered with status {}", response.status())));
    if response.status() >= 500 {
        // The code of a 5xx says nothing about whether a write was done.
        return error.with_code(code);
    }
    // Codes are written with capitals in some places and without in others.
    let known = code.as_deref().map(str::to_ascii_uppercase);
    let mut error = error.coded(known.as_deref(), KINDS);
    if error.kind == ErrorKind::RateLimited {
        let hourly = || response.reset_after_ms("x-ratelimit-reset");
        let burst = known.as_deref() == Some("BURST_APIINVOCATION_LIMIT_EXCEEDED");
        error.retry_after_ms = error.retry_after_ms.or_else(|| if burst { Some(BURST_MS) } else { hourly() });
    }
    error
}

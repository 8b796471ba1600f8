//! Shopify's errors in our words: by the status, by the code of a document's error (its pages "Status and error codes"
//! of the Admin API), and by what a mutation has against its input.

use gatehouse_sdk::graphql::{self, UserError};
use gatehouse_sdk::http::Response;
use gatehouse_sdk::json::{Fields, Value};
use gatehouse_sdk::{Error, ErrorKind, Result, time};

/// Codes of documents' errors that are Shopify's own.
const DOCUMENT: &[(&str, ErrorKind)] = &[
    ("INVALID_VARIABLE", ErrorKind::InvalidInput),
    ("SHOP_INACTIVE", ErrorKind::Forbidden),
    // The first request with this key is still at it.
    ("IDEMPOTENCY_CONCURRENT_REQUEST", ErrorKind::UnknownOutcome),
    ("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", ErrorKind::Conflict),
];
/// Codes of what a mutation has against its input.
const INPUT: &[(&str, ErrorKind)] = &[
    ("CHANGE_FROM_QUANTITY_STALE", ErrorKind::Conflict),
    ("IDEMPOTENCY_CONCURRENT_REQUEST", ErrorKind::UnknownOutcome),
    ("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", ErrorKind::Conflict),
    ("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", ErrorKind::Conflict),
    ("INTERNAL_ERROR", ErrorKind::UnknownOutcome),
    ("INVALID_INVENTORY_ITEM", ErrorKind::NotFound),
    ("INVALID_LOCATION", ErrorKind::NotFound),
    ("ITEM_NOT_STOCKED_AT_LOCATION", ErrorKind::Conflict),
    ("NON_MUTABLE_INVENTORY_ITEM", ErrorKind::Conflict),
    ("NOT_FOUND", ErrorKind::NotFound),
    ("NO_REFUND_PERMISSION", ErrorKind::Forbidden),
    ("TAKEN", ErrorKind::Conflict),
];

/// What it means where a mutation refuses its input without a code that we know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The caller gave something wrong.
    Input,
    /// What was given is Shopify's own, so the record's state does not allow it.
    State,
}

/// The error in an answer that is not a success. A body that makes no sense leaves the status to speak.
#[inline(never)]
pub(crate) fn from_response(response: &Response) -> Error {
    let said = response.read(|body| body.get("errors").map(text)).unwrap_or_default();
    let message = said.unwrap_or_else(|| format!("shopify answered with status {}", response.status()));
    let mut error = response.error(message);
    // Shopify writes it with a fraction: `2.0`.
    error.retry_after_ms = error.retry_after_ms.or_else(|| time::parse_seconds(response.header("retry-after")?));
    // All documents go to one place: the shop is frozen, gone or locked, and no record is meant.
    if matches!(response.status(), 402 | 404 | 423) {
        error.kind = ErrorKind::Forbidden;
    }
    error
}

/// Completes the error of a document.
#[inline(never)]
pub(crate) fn from_document(error: Error) -> Error {
    let code = error.provider_code.clone();
    error.coded(code.as_deref(), DOCUMENT)
}

/// One of a mutation's `userErrors`.
#[inline(never)]
pub(crate) fn user_error(error: &Fields<'_>) -> UserError {
    let mut path = Vec::new();
    for part in error.items("field") {
        path.push(part.as_str().unwrap_or_default().to_owned());
    }
    let field = Some(path).filter(|path| !path.is_empty());
    UserError { field, message: error.text("message"), code: error.text_some("code") }
}

/// Refuses what a mutation has something against.
///
/// # Errors
/// All messages, of the kind that the first code says, else the kind of the refusal.
#[inline(never)]
pub(crate) fn refused(errors: &[UserError], refusal: Refusal) -> Result<()> {
    graphql::no_user_errors(errors, INPUT).map_err(|mut error| {
        if refusal == Refusal::State && error.kind == ErrorKind::InvalidInput {
            error.kind = ErrorKind::Conflict;
        }
        error
    })
}

/// `errors` is a text, or a list of objects with a message.
fn text(errors: &Value) -> String {
    let message = |error: &Value| error.get("message").and_then(Value::as_str).map(str::to_owned);
    let first = errors.as_array().and_then(|list| list.first()).and_then(message);
    first.or_else(|| errors.as_str().map(str::to_owned)).unwrap_or_else(|| "shopify refused the request".to_owned())
}

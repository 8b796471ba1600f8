//! `PayPal`'s errors in our words. The `issue` of an error's first detail says more than its status.

use gatehouse_sdk::Error;
use gatehouse_sdk::ErrorKind::{self, Conflict, Declined, Forbidden, NotFound, UnknownOutcome};
use gatehouse_sdk::http::Response;

/// Issues that mean something else than their status does, from `PayPal`'s descriptions of Orders and Payments.
const KINDS: &[(&str, ErrorKind)] = &[
    ("AGREEMENT_ALREADY_CANCELLED", Declined),
    ("AUTHORIZATION_DENIED", Declined),
    ("CARD_EXPIRED", Declined),
    ("COMPLIANCE_VIOLATION", Declined),
    ("CONSENT_NEEDED", Declined),
    ("DECLINED_DUE_TO_RELATED_TXN", Declined),
    ("INSTRUMENT_DECLINED", Declined),
    ("MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED", Declined),
    ("PAYEE_BLOCKED_TRANSACTION", Declined),
    ("PAYER_ACCOUNT_LOCKED_OR_CLOSED", Declined),
    ("PAYER_ACCOUNT_RESTRICTED", Declined),
    ("PAYER_ACTION_REQUIRED", Declined),
    ("PAYER_CANNOT_PAY", Declined),
    ("PAYMENT_SOURCE_CANNOT_BE_USED", Declined),
    ("PAYMENT_SOURCE_DECLINED_BY_PROCESSOR", Declined),
    ("REDIRECT_PAYER_FOR_ALTERNATE_FUNDING", Declined),
    ("REFUND_FAILED_INSUFFICIENT_FUNDS", Declined),
    ("TRANSACTION_BLOCKED_BY_PAYEE", Declined),
    ("TRANSACTION_LIMIT_EXCEEDED", Declined),
    ("TRANSACTION_RECEIVING_LIMIT_EXCEEDED", Declined),
    ("TRANSACTION_REFUSED", Declined),
    ("PAYEE_ACCOUNT_LOCKED_OR_CLOSED", Forbidden),
    ("PAYEE_ACCOUNT_RESTRICTED", Forbidden),
    ("INVALID_RESOURCE_ID", NotFound),
    ("TOKEN_ID_NOT_FOUND", NotFound),
    ("AUTHORIZATION_ALREADY_CAPTURED", Conflict),
    ("AUTHORIZATION_EXPIRED", Conflict),
    ("AUTHORIZATION_VOIDED", Conflict),
    ("CANNOT_BE_VOIDED", Conflict),
    ("CAPTURE_FULLY_REFUNDED", Conflict),
    ("DUPLICATE_INVOICE_ID", Conflict),
    ("MAX_AUTHORIZATION_COUNT_EXCEEDED", Conflict),
    ("MAX_CAPTURE_COUNT_EXCEEDED", Conflict),
    ("MAX_NUMBER_OF_REFUNDS_EXCEEDED", Conflict),
    ("ORDER_ALREADY_AUTHORIZED", Conflict),
    ("ORDER_ALREADY_CAPTURED", Conflict),
    ("ORDER_COMPLETED_OR_VOIDED", Conflict),
    ("ORDER_EXPIRED", Conflict),
    ("ORDER_NOT_APPROVED", Conflict),
    ("PENDING_CAPTURE", Conflict),
    ("PREVIOUSLY_CAPTURED", Conflict),
    ("PREVIOUSLY_VOIDED", Conflict),
    ("REFUND_AMOUNT_EXCEEDED", Conflict),
    ("REFUND_NOT_ALLOWED", Conflict),
    ("REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK", Conflict),
    ("REFUND_TIME_LIMIT_EXCEEDED", Conflict),
    ("TRANSACTION_DISPUTED", Conflict),
    // The first request with this id is still being worked on: the same write, its outcome not known yet.
    ("ORDER_COMPLETION_IN_PROGRESS", UnknownOutcome),
    ("PREVIOUS_REQUEST_IN_PROGRESS", UnknownOutcome),
];

/// What the body of an answer that is not a success says.
#[derive(Default)]
struct Said {
    code: Option<String>,
    text: Option<String>,
    field: Option<String>,
}

/// The error in an answer that is not a success. A body that makes no sense leaves the status to speak.
pub(crate) fn from_response(response: &Response) -> Error {
    let status = response.status();
    let said = read(response);
    let mut text = said.text.unwrap_or_else(|| format!("paypal answered with status {status}"));
    if let Some(field) = said.field.filter(|field| !field.is_empty()) {
        text.push_str(&format!(" (field {field})"));
    }
    let kinds = if (400..500).contains(&status) { KINDS } else { &[] };
    response.error(text).coded(said.code.as_deref(), kinds)
}

/// The first detail, or the error itself. What refuses a token is written as OAuth does.
fn read(response: &Response) -> Said {
    let said = response.read(|body| {
        let details = body.each("details", |detail| Said {
            code: detail.text_some("issue"),
            text: detail.text_some("description"),
            field: detail.text_some("field"),
        });
        let first = details.into_iter().next().unwrap_or_default();
        let or = |said: Option<String>, names: [&str; 2]| {
            said.or_else(|| names.iter().find_map(|name| body.text_some(name)))
        };
        Said {
            code: or(first.code, ["name", "error"]),
            text: or(first.text, ["message", "error_description"]),
            field: first.field,
        }
    });
    said.unwrap_or_default()
}

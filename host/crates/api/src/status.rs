//! Which HTTP status says what: the one place that knows.

use axum::http::StatusCode;
use gatehouse_domain::ErrorKind;
use gatehouse_domain::guest::GuestErrorKind;

/// The status of a refusal by the host.
pub(crate) fn of_error(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Stale => StatusCode::PRECONDITION_FAILED,
        ErrorKind::Provider => StatusCode::FAILED_DEPENDENCY,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable | ErrorKind::CircuitOpen | ErrorKind::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        ErrorKind::Corrupt | ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The status of an answer by which a gateway says no.
///
/// A provider that does not accept the integration's credential is 424 and not 401: the
/// caller's own key is good, and sending it again will not help.
pub(crate) fn of_guest(kind: GuestErrorKind) -> StatusCode {
    match kind {
        GuestErrorKind::Declined => StatusCode::PAYMENT_REQUIRED,
        GuestErrorKind::InvalidInput | GuestErrorKind::Unsupported | GuestErrorKind::NotFound => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        GuestErrorKind::Conflict => StatusCode::CONFLICT,
        GuestErrorKind::Unauthorized | GuestErrorKind::Forbidden => StatusCode::FAILED_DEPENDENCY,
        GuestErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        GuestErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        GuestErrorKind::UnknownOutcome => StatusCode::GATEWAY_TIMEOUT,
        GuestErrorKind::Provider => StatusCode::BAD_GATEWAY,
    }
}

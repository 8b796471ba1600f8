//! Which HTTP status says what: the one place that knows.

use axum::http::StatusCode;
use gatehouse_domain::ErrorKind;

use crate::kinds::ProblemKind as Kind;

/// The status of a refusal by the host.
pub(crate) fn of_error(kind: ErrorKind) -> StatusCode {
    of_problem(kind.into())
}

/// The status of a problem.
///
/// A provider that does not accept the integration's credential is 424 and not 401: the
/// caller's own key is good, and sending it again will not help.
pub(crate) fn of_problem(kind: Kind) -> StatusCode {
    match kind {
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Declined => StatusCode::PAYMENT_REQUIRED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Kind::Conflict | Kind::Cancelled | Kind::Running | Kind::ProviderConflict => StatusCode::CONFLICT,
        Kind::Stale => StatusCode::PRECONDITION_FAILED,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::Invalid | Kind::ProviderInvalidInput | Kind::Unsupported | Kind::ProviderNotFound => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Kind::ProviderRefused | Kind::ProviderUnauthorized | Kind::ProviderForbidden => StatusCode::FAILED_DEPENDENCY,
        Kind::RateLimited | Kind::ProviderRateLimited => StatusCode::TOO_MANY_REQUESTS,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Kind::GatewayFault | Kind::ProviderError => StatusCode::BAD_GATEWAY,
        Kind::Unavailable | Kind::CircuitOpen | Kind::Overloaded | Kind::ProviderUnavailable => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Kind::UnknownOutcome => StatusCode::GATEWAY_TIMEOUT,
        Kind::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
    }
}

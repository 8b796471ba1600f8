//! The kinds of problems that the API can answer with: one closed list, from which the problem
//! documents, the OpenAPI document and `GET /problems` are made. It chooses no status: `status` does.

use axum::http::StatusCode;
use gatehouse_domain::ErrorKind;
use gatehouse_domain::guest::GuestErrorKind;
use schemars::JsonSchema;
use serde::Serialize;

use crate::status;

mod told;

/// A kind of problem. Its name, once given, stays and is never used for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ProblemKind {
    /// The input can not be right.
    Invalid,
    /// The body has a media type that the route does not take.
    UnsupportedMediaType,
    /// The input is too large.
    TooLarge,
    /// There is no key, or not a good one.
    Unauthenticated,
    /// The key lacks a permission.
    Forbidden,
    /// There is no such record or route.
    NotFound,
    /// The route does not take the method.
    MethodNotAllowed,
    /// The record's state does not allow it.
    Conflict,
    /// The record is not the version of `If-Match`.
    Stale,
    /// Too many requests.
    RateLimited,
    /// A call was cancelled.
    Cancelled,
    /// A call still runs.
    Running,
    /// The provider said no on the way.
    ProviderRefused,
    /// The provider did not accept the input.
    ProviderInvalidInput,
    /// The provider does not accept the credential.
    ProviderUnauthorized,
    /// The provider does not allow it to the account.
    ProviderForbidden,
    /// The provider has no such thing.
    ProviderNotFound,
    /// The provider's record is in another state.
    ProviderConflict,
    /// The provider declined.
    Declined,
    /// The provider asks to be left alone for a while.
    ProviderRateLimited,
    /// The provider does not answer.
    ProviderUnavailable,
    /// The provider's answer says that something else went wrong.
    ProviderError,
    /// The gateway does not do this.
    Unsupported,
    /// Whether a write was done is not known.
    UnknownOutcome,
    /// The gateway's code failed.
    GatewayFault,
    /// A part that is needed can not serve now.
    Unavailable,
    /// The provider is left alone.
    CircuitOpen,
    /// As many calls run as may.
    Overloaded,
    /// The disk is full.
    StorageFull,
    /// A fault of ours.
    Internal,
}

use ProblemKind as Kind;

impl ProblemKind {
    /// All of them, in the order in which they are shown.
    pub(crate) const ALL: &[Self] = &[
        Kind::Invalid,
        Kind::UnsupportedMediaType,
        Kind::TooLarge,
        Kind::Unauthenticated,
        Kind::Forbidden,
        Kind::NotFound,
        Kind::MethodNotAllowed,
        Kind::Conflict,
        Kind::Stale,
        Kind::RateLimited,
        Kind::Cancelled,
        Kind::Running,
        Kind::ProviderRefused,
        Kind::ProviderInvalidInput,
        Kind::ProviderUnauthorized,
        Kind::ProviderForbidden,
        Kind::ProviderNotFound,
        Kind::ProviderConflict,
        Kind::Declined,
        Kind::ProviderRateLimited,
        Kind::ProviderUnavailable,
        Kind::ProviderError,
        Kind::Unsupported,
        Kind::UnknownOutcome,
        Kind::GatewayFault,
        Kind::Unavailable,
        Kind::CircuitOpen,
        Kind::Overloaded,
        Kind::StorageFull,
        Kind::Internal,
    ];

    /// The last part of its type: `invalid` of `urn:gatehouse:problem:invalid`.
    pub(crate) fn name(self) -> &'static str {
        told::of(self).0
    }

    /// What it means.
    pub(crate) fn means(self) -> &'static str {
        told::of(self).1
    }

    /// What to do about it.
    pub(crate) fn fix(self) -> &'static str {
        told::of(self).2
    }

    /// Its type, a URI (RFC 9457 §3.1.1).
    pub(crate) fn uri(self) -> String {
        format!("urn:gatehouse:problem:{}", self.name())
    }

    /// Its title: the name in words.
    pub(crate) fn title(self) -> String {
        self.name().replace('-', " ")
    }
}

impl From<ErrorKind> for ProblemKind {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Invalid => Self::Invalid,
            ErrorKind::Unauthenticated => Self::Unauthenticated,
            ErrorKind::Forbidden => Self::Forbidden,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::Conflict => Self::Conflict,
            ErrorKind::Stale => Self::Stale,
            ErrorKind::Provider => Self::ProviderRefused,
            ErrorKind::TooLarge => Self::TooLarge,
            ErrorKind::RateLimited => Self::RateLimited,
            ErrorKind::Unavailable => Self::Unavailable,
            ErrorKind::CircuitOpen => Self::CircuitOpen,
            ErrorKind::Overloaded => Self::Overloaded,
            ErrorKind::StorageFull => Self::StorageFull,
            ErrorKind::Corrupt | ErrorKind::Internal => Self::Internal,
        }
    }
}

impl From<GuestErrorKind> for ProblemKind {
    fn from(kind: GuestErrorKind) -> Self {
        match kind {
            GuestErrorKind::InvalidInput => Self::ProviderInvalidInput,
            GuestErrorKind::Unauthorized => Self::ProviderUnauthorized,
            GuestErrorKind::Forbidden => Self::ProviderForbidden,
            GuestErrorKind::NotFound => Self::ProviderNotFound,
            GuestErrorKind::Conflict => Self::ProviderConflict,
            GuestErrorKind::Declined => Self::Declined,
            GuestErrorKind::RateLimited => Self::ProviderRateLimited,
            GuestErrorKind::Unavailable => Self::ProviderUnavailable,
            GuestErrorKind::UnknownOutcome => Self::UnknownOutcome,
            GuestErrorKind::Unsupported => Self::Unsupported,
            GuestErrorKind::Provider => Self::ProviderError,
        }
    }
}

/// A kind of problem as it is shown.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProblemKind")]
pub(crate) struct Shown {
    /// The stable URI that problem documents have as `type`.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: String,
    /// The HTTP status that it comes with.
    status: u16,
    /// What it means.
    means: &'static str,
    /// What to do about it.
    fix: &'static str,
}

impl Shown {
    /// A kind with its status.
    pub(crate) fn of(kind: ProblemKind) -> Self {
        let status: StatusCode = status::of_problem(kind);
        Self { kind: kind.uri(), title: kind.title(), status: status.as_u16(), means: kind.means(), fix: kind.fix() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_is_listed_once_under_a_name_of_its_own() {
        let kinds: BTreeSet<Kind> = Kind::ALL.iter().copied().collect();
        let names: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        // The last one in the enumeration has the greatest number.
        assert_eq!(kinds.len(), Kind::Internal as usize + 1, "a kind is not in the list");
        assert_eq!((kinds.len(), names.len()), (Kind::ALL.len(), Kind::ALL.len()));
        for kind in Kind::ALL {
            assert!(kind.means().ends_with('.') && kind.fix().ends_with('.'), "{kind:?}");
            assert!(kind.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{kind:?}");
        }
    }
}

//! How a gateway fails: one constructor a kind, and the two mappings every gateway needs, from
//! a request without an answer and from an HTTP status.
//!
//! A write that may have happened is never called anything but `unknown-outcome`.

use crate::bindings::host::gatehouse::plugin::http::HttpError;
use crate::{Error, ErrorKind};

/// How much of a provider's text is kept, in characters.
const MESSAGE_CHARS: usize = 1000;

/// Whether a request can change something at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It only looks: without an answer, nothing has happened.
    Read,
    /// It may change something: without an answer, that may have happened.
    Write,
}

impl Error {
    /// An error of this kind. A message is lower case, without a full stop, and names the value and the fix.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if let Some((end, _)) = message.char_indices().nth(MESSAGE_CHARS) {
            message.truncate(end);
        }
        Self { kind, message, provider_code: None, http_status: None, retry_after_ms: None }
    }

    /// The parameters can not be right; sending them again will not help.
    pub fn invalid_input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }

    /// The provider does not accept the credential.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unauthorized, message)
    }

    /// The credential is good but may not do this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Forbidden, message)
    }

    /// The provider knows no such record.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// The record's state does not allow this, or it exists already.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, message)
    }

    /// The provider understood and said no.
    pub fn declined(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Declined, message)
    }

    /// Too many requests; nothing was done.
    pub fn rate_limited(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::RateLimited, message)
    }

    /// The provider can not answer now; nothing was done.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    /// A write was sent and its outcome is not known.
    pub fn unknown_outcome(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::UnknownOutcome, message)
    }

    /// The provider can not do this at all.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// Any other error that the provider reported.
    pub fn provider(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Provider, message)
    }

    /// Adds the provider's own code.
    #[must_use]
    pub fn with_code(mut self, code: Option<impl Into<String>>) -> Self {
        self.provider_code = code.map(Into::into);
        self
    }

    /// Adds the provider's own code, and takes the kind that the table has for it. A code that is not
    /// in the table leaves the kind as the status made it.
    #[must_use]
    pub fn coded(mut self, code: Option<&str>, kinds: &[(&str, ErrorKind)]) -> Self {
        let Some(code) = code.filter(|code| !code.is_empty()) else { return self };
        if let Some((_, kind)) = kinds.iter().find(|(known, _)| *known == code) {
            self.kind = *kind;
        }
        self.with_code(Some(code))
    }

    /// Adds the provider's HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.http_status = Some(status);
        self
    }

    /// Adds how long the provider asks to wait, in milliseconds.
    #[must_use]
    pub fn with_retry_after_ms(mut self, wait: Option<u64>) -> Self {
        self.retry_after_ms = wait;
        self
    }

    /// An answer that does not make sense: a write has been seen by the provider and may have
    /// happened, so its outcome is unknown; a read failed at the provider.
    pub fn senseless(effect: Effect, message: impl Into<String>) -> Self {
        match effect {
            Effect::Write => Self::unknown_outcome(message),
            Effect::Read => Self::provider(message),
        }
    }

    /// Why a request has no answer.
    pub fn from_http(error: HttpError, effect: Effect) -> Self {
        match error {
            HttpError::Denied(reason) => Self::forbidden(reason),
            HttpError::Invalid(reason) => Self::invalid_input(reason),
            HttpError::Connect(reason) => Self::unavailable(format!("no connection to the provider: {reason}")),
            HttpError::Timeout => no_answer(effect, "the provider did not answer in time".to_owned()),
            HttpError::Interrupted(reason) => no_answer(effect, format!("the connection broke: {reason}")),
            HttpError::TooLarge(size) => no_answer(effect, format!("the answer of {size} bytes is too large")),
            HttpError::Limit(reason) => Self::unavailable(format!("this call reached a limit: {reason}")),
        }
    }

    /// What an HTTP status says (RFC 9110 §15), for a provider without more precise codes.
    /// A 5xx to a write, and a 408, do not say whether it happened.
    pub fn from_status(status: u16, effect: Effect, message: impl Into<String>) -> Self {
        let kind = match (status, effect) {
            (400 | 422, _) => ErrorKind::InvalidInput,
            (401, _) => ErrorKind::Unauthorized,
            (402, _) => ErrorKind::Declined,
            (403, _) => ErrorKind::Forbidden,
            (404 | 410, _) => ErrorKind::NotFound,
            (409 | 412, _) => ErrorKind::Conflict,
            (429, _) => ErrorKind::RateLimited,
            (501, _) => ErrorKind::Unsupported,
            (408 | 500..=599, Effect::Write) => ErrorKind::UnknownOutcome,
            (408 | 500..=599, Effect::Read) => ErrorKind::Unavailable,
            _ => ErrorKind::Provider,
        };
        Self::new(kind, message).with_status(status)
    }
}

fn no_answer(effect: Effect, message: String) -> Error {
    match effect {
        Effect::Write => Error::unknown_outcome(message),
        Effect::Read => Error::unavailable(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_without_an_answer_is_unknown_only_for_a_write() {
        let text = || "why".to_owned();
        for (error, read, write) in [
            (HttpError::Denied(text()), ErrorKind::Forbidden, ErrorKind::Forbidden),
            (HttpError::Invalid(text()), ErrorKind::InvalidInput, ErrorKind::InvalidInput),
            (HttpError::Connect(text()), ErrorKind::Unavailable, ErrorKind::Unavailable),
            (HttpError::Timeout, ErrorKind::Unavailable, ErrorKind::UnknownOutcome),
            (HttpError::Interrupted(text()), ErrorKind::Unavailable, ErrorKind::UnknownOutcome),
            (HttpError::TooLarge(9), ErrorKind::Unavailable, ErrorKind::UnknownOutcome),
            (HttpError::Limit(text()), ErrorKind::Unavailable, ErrorKind::Unavailable),
        ] {
            assert_eq!(Error::from_http(error.clone(), Effect::Read).kind, read, "{error:?}");
            assert_eq!(Error::from_http(error.clone(), Effect::Write).kind, write, "{error:?}");
        }
    }

    #[test]
    fn statuses_map_to_kinds() {
        for (status, read, write) in [
            (302, ErrorKind::Provider, ErrorKind::Provider),
            (400, ErrorKind::InvalidInput, ErrorKind::InvalidInput),
            (401, ErrorKind::Unauthorized, ErrorKind::Unauthorized),
            (402, ErrorKind::Declined, ErrorKind::Declined),
            (403, ErrorKind::Forbidden, ErrorKind::Forbidden),
            (404, ErrorKind::NotFound, ErrorKind::NotFound),
            (408, ErrorKind::Unavailable, ErrorKind::UnknownOutcome),
            (409, ErrorKind::Conflict, ErrorKind::Conflict),
            (418, ErrorKind::Provider, ErrorKind::Provider),
            (429, ErrorKind::RateLimited, ErrorKind::RateLimited),
            (500, ErrorKind::Unavailable, ErrorKind::UnknownOutcome),
            (501, ErrorKind::Unsupported, ErrorKind::Unsupported),
            (503, ErrorKind::Unavailable, ErrorKind::UnknownOutcome),
        ] {
            assert_eq!(Error::from_status(status, Effect::Read, "why").kind, read, "{status}");
            assert_eq!(Error::from_status(status, Effect::Write, "why").kind, write, "{status}");
        }
    }

    #[test]
    fn a_known_code_says_more_than_the_status() {
        let kinds = [("card_declined", ErrorKind::Declined)];
        for (code, kind, kept) in [
            (Some("card_declined"), ErrorKind::Declined, Some("card_declined")),
            (Some("other"), ErrorKind::InvalidInput, Some("other")),
            (Some(""), ErrorKind::InvalidInput, None),
            (None, ErrorKind::InvalidInput, None),
        ] {
            let error = Error::from_status(400, Effect::Write, "why").coded(code, &kinds);
            assert_eq!((error.kind, error.provider_code.as_deref(), error.http_status), (kind, kept, Some(400)));
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(Error::provider("é".repeat(5000)).message, "é".repeat(MESSAGE_CHARS));
    }
}

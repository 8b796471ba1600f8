//! An answer. Its bytes come from the provider and are never trusted to have any shape.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use super::Effect;
use crate::bindings::host::gatehouse::plugin::http as host;
use crate::{Error, Result, json};

/// What the provider answered.
#[derive(Debug, Clone)]
pub struct Response {
    response: host::Response,
    effect: Effect,
}

impl Response {
    pub(super) fn new(response: host::Response, effect: Effect) -> Self {
        Self { response, effect }
    }

    /// An answer made of its parts, for tests of what reads one.
    #[cfg(test)]
    pub(crate) fn of_parts(status: u16, headers: &[(&str, &str)], body: &[u8], effect: Effect) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self::new(host::Response { status, headers, body: body.to_vec() }, effect)
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.response.status
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.response.status)
    }

    /// Whether the request that it answers could change something.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.response.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The whole body.
    pub fn bytes(&self) -> &[u8] {
        &self.response.body
    }

    /// The body as text, with a replacement character for what is not UTF-8.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.response.body)
    }

    /// The body as a JSON document.
    ///
    /// # Errors
    /// [`Error::senseless`] where it does not have this shape: a write has happened or not, nobody can say.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        json::from_bytes(&self.response.body).map_err(|problem| self.misshaped(&problem))
    }

    /// The fields of the body, which is a JSON object, taken by name; see [`json::read`].
    ///
    /// # Errors
    /// As [`Response::json`].
    pub fn read<T>(&self, with: impl FnOnce(&json::Fields<'_>) -> T) -> Result<T> {
        json::read(&self.response.body, with).map_err(|problem| self.misshaped(&problem))
    }

    #[cold]
    #[inline(never)]
    fn misshaped(&self, problem: &json::Mismatch) -> Error {
        self.senseless(format!("the provider's answer does not have the expected shape: {problem}"))
    }

    /// What the status says, with the time that the provider asks to wait. The place to begin for
    /// an answer that is not a success.
    pub fn error(&self, message: impl Into<String>) -> Error {
        Error::from_status(self.response.status, self.effect, message).with_retry_after_ms(self.retry_after_ms())
    }

    /// A success whose content does not make sense; see [`Error::senseless`].
    pub fn senseless(&self, message: impl Into<String>) -> Error {
        Error::senseless(self.effect, message).with_status(self.response.status)
    }

    /// How long the provider asks to wait (RFC 9110 §10.2.3), in milliseconds. A date is measured
    /// against the answer's own `Date`, as a gateway has no clock.
    pub fn retry_after_ms(&self) -> Option<u64> {
        let value = self.header("retry-after")?.trim_ascii();
        if let Ok(seconds) = value.parse::<u64>() {
            return seconds.checked_mul(1000);
        }
        self.until_ms(crate::time::parse_http_date(value)?)
    }

    /// How long until the moment in a header of this name, in seconds since 1970, as headers such as
    /// `X-RateLimit-Reset` give it. In milliseconds, measured against the answer's own `Date`.
    pub fn reset_after_ms(&self, name: &str) -> Option<u64> {
        self.until_ms(crate::time::parse_seconds(self.header(name)?.trim_ascii())?)
    }

    fn until_ms(&self, moment: u64) -> Option<u64> {
        Some(moment.saturating_sub(crate::time::parse_http_date(self.header("date")?)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn hostile_bytes_are_an_error_of_the_right_kind() {
        let deep = vec![b'['; 100_000];
        for body in [b"".as_slice(), b"{", b"\xff\xfe", b"{\"id\": 7}", b"null", &deep] {
            #[derive(Debug, serde::Deserialize)]
            struct Record {
                #[expect(dead_code, reason = "only its shape is tried")]
                id: String,
            }
            let kind = |effect| Response::of_parts(200, &[], body, effect).json::<Record>().unwrap_err().kind;
            assert_eq!(kind(Effect::Write), ErrorKind::UnknownOutcome);
            assert_eq!(kind(Effect::Read), ErrorKind::Provider);
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_beside_a_date() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        for (headers, expect) in [
            (vec![("Retry-After", "7")], Some(7000)),
            (vec![("retry-after", "0")], Some(0)),
            (vec![("retry-after", "-1")], None),
            (vec![("retry-after", "soon")], None),
            (vec![("retry-after", "99999999999999999999")], None),
            (vec![("retry-after", "18446744073709551615")], None),
            (vec![("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT"), date], Some(30_000)),
            (vec![("retry-after", "Sun, 06 Nov 1994 08:49:00 GMT"), date], Some(0)),
            (vec![("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")], None),
            (vec![], None),
        ] {
            assert_eq!(Response::of_parts(429, &headers, b"", Effect::Read).retry_after_ms(), expect, "{headers:?}");
        }
    }

    #[test]
    fn a_reset_is_measured_against_the_answers_date() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        for (headers, expect) in [
            (vec![("X-Reset", "784111800"), date], Some(23_000)),
            (vec![("x-reset", "784111778.5"), date], Some(1500)),
            (vec![("x-reset", "784111700"), date], Some(0)),
            (vec![("x-reset", "soon"), date], None),
            (vec![("x-reset", "784111800")], None),
            (vec![date], None),
        ] {
            assert_eq!(Response::of_parts(429, &headers, b"", Effect::Read).reset_after_ms("x-reset"), expect);
        }
    }
}

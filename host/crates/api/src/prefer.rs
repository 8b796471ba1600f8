//! `Prefer: respond-async, wait=10` (RFC 7240): whether a caller waits for the result, and how long.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_engine::deferred::LONGEST_WAIT;

/// The headers, which the library does not name.
const PREFER: &str = "prefer";
const APPLIED: &str = "preference-applied";

/// How long to wait before asking for a call's outcome again, in seconds.
const ASK_AGAIN: &str = "1";

/// How long a caller waits before the answer may be that the call is accepted; none where it waits
/// for the result. Preferences that we do not know are passed over, as the RFC asks; of one that
/// comes twice the first counts (§2). Without `respond-async`, `wait` says nothing (§4.3).
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] for a `wait` that is no number of seconds.
pub(crate) fn asynchronous(headers: &HeaderMap) -> Result<Option<Duration>> {
    let (mut respond_async, mut wait) = (false, None);
    for value in headers.get_all(PREFER) {
        let text = value.to_str().map_err(|_| wrong("is no text"))?;
        for preference in split(text) {
            let (name, value) = name_and_value(preference);
            match name.to_ascii_lowercase().as_str() {
                "respond-async" => respond_async = true,
                "wait" if wait.is_none() => wait = Some(seconds(value)?),
                _ => {}
            }
        }
    }
    Ok(respond_async.then(|| wait.unwrap_or_default().min(LONGEST_WAIT)))
}

/// The answer for a call that was accepted and has not ended.
pub(crate) fn accepted(location: &str, body: impl IntoResponse) -> Response {
    let mut response = (StatusCode::ACCEPTED, body).into_response();
    let headers = response.headers_mut();
    headers.insert(APPLIED, HeaderValue::from_static("respond-async"));
    if let Ok(location) = HeaderValue::from_str(location) {
        headers.insert(header::LOCATION, location);
    }
    ask_again(&mut response);
    response
}

/// Says when to ask again (RFC 9110 §10.2.3).
pub(crate) fn ask_again(response: &mut Response) {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(ASK_AGAIN));
}

/// The preferences of one header: separated by commas that stand in no quoted text.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |character| {
        quoted ^= character == '"';
        character == ',' && !quoted
    })
}

/// A preference's name and value, without its parameters.
fn name_and_value(preference: &str) -> (&str, &str) {
    let whole = preference.split(';').next().unwrap_or_default();
    let (name, value) = whole.split_once('=').unwrap_or((whole, ""));
    (name.trim(), value.trim().trim_matches('"'))
}

fn seconds(text: &str) -> Result<Duration> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = digits.then(|| text.parse().unwrap_or(u64::MAX));
    seconds.map(Duration::from_secs).ok_or_else(|| wrong(&format!("`wait={text}` is not a number of seconds")))
}

fn wrong(message: &str) -> Error {
    Error::problems("the preference does not read", vec![Problem::at("Prefer", message)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[&str], expect: Option<Option<u64>>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(PREFER, HeaderValue::from_str(value).unwrap());
        }
        let found = asynchronous(&headers).ok().map(|found| found.map(|wait| wait.as_secs()));
        assert_eq!(found, expect, "{values:?}");
    }

    #[test]
    fn preferences_are_read_as_the_rfc_has_them() {
        check(&[], Some(None));
        check(&["respond-async"], Some(Some(0)));
        check(&["Respond-Async"], Some(Some(0)));
        check(&["respond-async, wait=10"], Some(Some(10)));
        check(&["wait=10 , respond-async"], Some(Some(10)));
        check(&["respond-async", "wait=\"7\""], Some(Some(7)));
        check(&["respond-async; foo=bar, wait=3; x"], Some(Some(3)));
        check(&["wait=3, respond-async, wait=5"], Some(Some(3)));
        check(&["wait=10"], Some(None));
        check(&["return=minimal, handling=lenient"], Some(None));
        check(&["foo=\"a, respond-async\""], Some(None));
        check(&["respond-async, wait=0"], Some(Some(0)));
        check(&["respond-async, wait=3600"], Some(Some(30)));
        check(&["respond-async, wait=99999999999999999999999"], Some(Some(30)));
        check(&["", ",,", ";"], Some(None));
        for bad in ["wait", "wait=", "wait=ten", "wait=-1", "wait=1.5", "respond-async, wait=+3"] {
            check(&[bad], None);
        }
    }
}

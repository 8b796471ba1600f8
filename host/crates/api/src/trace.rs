//! The names under which a request is found again: the trace it belongs to (W3C Trace Context)
//! and the caller's own correlation id. Neither is kept in any record, or sent to a provider.

use axum::http::{HeaderMap, HeaderValue};
use gatehouse_domain::id::RequestId;
use gatehouse_domain::{Error, Problem, Result};

/// The header of the caller's own id, in and out.
pub(crate) const CORRELATION: &str = "x-correlation-id";

/// The longest correlation id, in characters.
const LONGEST: usize = 128;

/// The caller's own id for what it does; our number of the request where it has none.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] for one that could not stand in a log line.
pub(crate) fn correlation(headers: &HeaderMap, number: RequestId) -> Result<String> {
    let Some(given) = headers.get(CORRELATION) else { return Ok(number.to_string()) };
    let fits = |value: &HeaderValue| {
        let bytes = value.as_bytes();
        (1..=LONGEST).contains(&bytes.len()) && bytes.iter().all(|byte| (0x20..0x7f).contains(byte))
    };
    match given.to_str() {
        Ok(text) if fits(given) => Ok(text.to_owned()),
        _ => {
            let problem =
                Problem::at("X-Correlation-Id", "must have 1 to 128 printable ASCII characters, or be left out");
            Err(Error::problems("the correlation id does not fit", vec![problem]))
        }
    }
}

/// The id of the trace that `traceparent` names; without one, the digits of our number, which
/// are as good: 128 bits of which 80 are random.
pub(crate) fn trace_id(headers: &HeaderMap, number: RequestId) -> String {
    let given = headers.get("traceparent").and_then(|value| value.to_str().ok()).and_then(named);
    given.map_or_else(|| number.to_string().trim_start_matches("req_").to_owned(), str::to_owned)
}

/// `00-<32 digits>-<16 digits>-<2 digits>` in lower case, no id of zeros alone; a later version
/// may go on after that (W3C Trace Context §3.2.2, §4.3).
fn named(traceparent: &str) -> Option<&str> {
    let mut parts = traceparent.trim().split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let whole = hex(version, 2) && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
    let ids = [trace, parent].iter().all(|id| id.bytes().any(|byte| byte != b'0'));
    let ended = version != "00" || parts.next().is_none();
    (whole && ids && ended && version != "ff").then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    #[test]
    fn a_trace_is_taken_from_a_header_that_is_whole() {
        for (header, expect) in [
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Some(TRACE)),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", Some(TRACE)),
            (" 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 ", Some(TRACE)),
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later", Some(TRACE)),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later", None),
            ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", None),
            ("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", None),
            ("00-00000000000000000000000000000000-b7ad6b7169203331-01", None),
            ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", None),
            ("00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01", None),
            ("00-0af7651916cd43dd8448eb211c80319c", None),
            ("nothing", None),
            ("", None),
        ] {
            assert_eq!(named(header), expect, "{header}");
        }
    }

    fn check(value: &[u8], fits: bool) {
        let number = RequestId::new(0, [7; 10]);
        let mut headers = HeaderMap::new();
        headers.insert(CORRELATION, HeaderValue::from_bytes(value).unwrap());
        let found = correlation(&headers, number);
        assert_eq!(found.is_ok(), fits, "{value:?}");
        if let Ok(text) = found {
            assert_eq!(text.as_bytes(), value);
        }
    }

    #[test]
    fn a_correlation_id_is_short_printable_and_left_as_it_is() {
        check(b"order-1042", true);
        check(b"two words", true);
        check(&[b'a'; 128], true);
        check(&[b'a'; 129], false);
        check(b"", false);
        check("\u{e9}".as_bytes(), false);
        check(b"tab\there", false);
        let number = RequestId::new(0, [7; 10]);
        assert_eq!(correlation(&HeaderMap::new(), number).unwrap(), number.to_string());
        assert_eq!(trace_id(&HeaderMap::new(), number).len(), 32);
    }
}

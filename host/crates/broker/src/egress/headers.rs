//! Which headers a gateway may set and which of the provider's it may see.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::message::SendError;

const MAX_COUNT: usize = 64;
const MAX_BYTES: usize = 16 << 10;

/// Set by the host or by the connection: credentials, framing (RFC 9112 §6), hop-by-hop
/// (RFC 9110 §7.6.1), what would have an answer arrive in a form that can not be searched
/// for secrets, and what would turn the judged method into another.
const REFUSED: &[&str] = &[
    "authorization",
    "cookie",
    "cookie2",
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "upgrade",
    "http2-settings",
    "trailer",
    "expect",
    "accept-encoding",
    "content-encoding",
    "range",
    "if-range",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
];

/// Credentials and challenges of the provider's, framing, and what no longer fits a body that
/// was unpacked and searched.
const DROPPED: &[&str] = &[
    "set-cookie",
    "set-cookie2",
    "www-authenticate",
    "authentication-info",
    "authorization",
    "cookie",
    "connection",
    "keep-alive",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "content-length",
    "content-encoding",
];

/// A name as servers compare it that turn headers into variables: `_` counts as `-`.
pub(crate) fn folded(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

/// The gateway's headers, where each of them may be set. `reserved` names are folded.
pub(crate) fn check(headers: &[(String, String)], reserved: &[&str]) -> Result<HeaderMap, SendError> {
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    if headers.len() > MAX_COUNT || bytes > MAX_BYTES {
        return Err(denied(format!("at most {MAX_COUNT} headers of {MAX_BYTES} bytes in all may be set")));
    }
    let mut checked = HeaderMap::with_capacity(headers.len() + 4);
    for (name, value) in headers {
        let folded = folded(name);
        if REFUSED.contains(&folded.as_str()) || folded.starts_with("proxy-") || reserved.contains(&folded.as_str()) {
            return Err(denied(format!("the header `{}` is set by the host; leave it out", name.escape_default())));
        }
        let parsed = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| denied(format!("`{}` is not a header name", name.escape_default())))?;
        let plain = Some(value).filter(|value| value.is_ascii()).and_then(|value| HeaderValue::from_str(value).ok());
        let value = plain.ok_or_else(|| {
            denied(format!("the value of the header `{parsed}` may hold printable ASCII only, and no line breaks"))
        })?;
        if folded == "content-type" && checked.contains_key(http::header::CONTENT_TYPE) {
            return Err(denied("the header `content-type` is set twice; set it once"));
        }
        checked.append(parsed, value);
    }
    Ok(checked)
}

/// Whether a gateway may see a header of the provider's.
pub(crate) fn is_passed_on(name: &HeaderName) -> bool {
    !DROPPED.contains(&name.as_str()) && !name.as_str().starts_with("proxy-")
}

fn denied(text: impl Into<String>) -> SendError {
    SendError::Denied(text.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check_one(name: &str, value: &str, expect: bool) {
        let result = check(&[(name.to_owned(), value.to_owned())], &["x-api-key", "idempotency-key"]);
        assert_eq!(result.is_ok(), expect, "{name:?} {value:?} {result:?}");
    }

    #[test]
    fn what_the_host_sets_can_not_be_set() {
        for name in REFUSED.iter().chain(&["x-api-key", "idempotency-key", "proxy-authorization", "proxy-connection"]) {
            check_one(name, "x", false);
            check_one(&name.to_ascii_uppercase(), "x", false);
            check_one(&name.replace('-', "_"), "x", false);
        }
        check_one("accept", "application/json", true);
        check_one("x-request-id", "a b\tc", true);
    }

    #[test]
    fn nothing_can_be_smuggled_in_a_name_or_a_value() {
        for value in ["a\r\nhost: evil", "a\nb", "a\rb", "a\0b", "ä", "\u{7f}"] {
            check_one("x-note", value, false);
        }
        for name in ["", "x y", "x:y", "x\r\ny", "host ", " host", "x\0", "authorization\t", "ä"] {
            check_one(name, "x", false);
        }
    }

    #[test]
    fn number_and_size_are_bounded() {
        let many = |count: usize, size: usize| {
            let headers: Vec<_> = (0..count).map(|n| (format!("x-{n}"), "v".repeat(size))).collect();
            check(&headers, &[]).is_ok()
        };
        assert!(many(64, 10) && !many(65, 10));
        assert!(many(1, 16_000) && !many(1, 17_000) && !many(64, 300));
        let twice = [("content-type", "a"), ("Content-Type", "b")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert!(check(&twice, &[]).is_err());
    }

    proptest! {
        #[test]
        fn whatever_passes_is_one_plain_line(name in "\\PC{0,12}|[a-zA-Z_-]{1,16}", value in any::<String>()) {
            if let Ok(headers) = check(&[(name, value)], &["x-api-key"]) {
                for (name, value) in &headers {
                    let folded = folded(name.as_str());
                    prop_assert!(!REFUSED.contains(&folded.as_str()) && folded != "x-api-key" && !folded.starts_with("proxy-"));
                    prop_assert!(value.as_bytes().iter().all(|b| *b == b'\t' || (0x20..0x7f).contains(b)));
                }
            }
        }
    }
}

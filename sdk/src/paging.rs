//! The ways in which providers cut lists into pages, behind one cursor: a page's number, an offset,
//! a token, a link. A cursor comes back from a caller, so it never chooses where a request goes.

use crate::http::Response;
use crate::{Error, Result};

mod link;

#[cfg(all(feature = "conformance", not(target_arch = "wasm32")))]
pub(crate) use link::decode;
pub use link::{pairs, query_of};

/// How many items to ask for: what is wanted, `usual` where nothing is, never more than `most`.
///
/// # Errors
/// `invalid-input` for 0.
pub fn limit(wanted: Option<u32>, usual: u32, most: u32) -> Result<u32> {
    match wanted {
        Some(0) => Err(Error::invalid_input(format!("`limit` is 0; give 1 to {most}"))),
        Some(wanted) => Ok(wanted.min(most)),
        None => Ok(usual),
    }
}

/// The page's number or the offset that a cursor holds; `first` without a cursor.
///
/// # Errors
/// `invalid-input` for a cursor that is no number.
pub fn number(cursor: Option<&str>, first: u64) -> Result<u64> {
    let Some(cursor) = cursor else { return Ok(first) };
    let digits = cursor.bytes().all(|byte| byte.is_ascii_digit());
    let number = cursor.parse().ok().filter(|_| digits);
    number.ok_or_else(|| Error::invalid_input("`cursor` is not one of this list; give `next` of the page before"))
}

/// The cursor after a page by its number, where the provider says which is the last.
pub fn after_page(page: u64, last: u64) -> Option<String> {
    (page < last).then(|| (page + 1).to_string())
}

/// The cursor after a page by its number, where the provider does not say which is the last: a
/// page that is not full is the last.
pub fn after_full_page(page: u64, found: usize, asked: u32) -> Option<String> {
    (found as u64 >= u64::from(asked.max(1))).then(|| page.saturating_add(1).to_string())
}

/// The cursor after an offset. Without a total, a page that is not full is the last; an empty one always is.
pub fn after_offset(offset: u64, found: usize, asked: u32, total: Option<u64>) -> Option<String> {
    let next = offset.saturating_add(found as u64);
    let more = match total {
        Some(total) => next < total,
        None => found as u64 >= u64::from(asked.max(1)),
    };
    (more && found > 0).then(|| next.to_string())
}

/// A token as a cursor: some providers end with an empty one.
pub fn token(token: Option<&str>) -> Option<String> {
    token.filter(|token| !token.is_empty()).map(str::to_owned)
}

/// The query of the address with this relation in the header `Link` (RFC 8288), such as `next`: a
/// cursor that [`pairs`] reads again.
pub fn after_link(response: &Response, relation: &str) -> Option<String> {
    query_of(link::target(response.header("link")?, relation)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn a_limit_is_kept_in_its_bounds() {
        for (wanted, expect) in [(None, Some(20)), (Some(1), Some(1)), (Some(500), Some(100)), (Some(0), None)] {
            assert_eq!(limit(wanted, 20, 100).ok(), expect, "{wanted:?}");
        }
    }

    #[test]
    fn a_cursor_is_a_number_or_refused() {
        for (cursor, expect) in [
            (None, Some(1)),
            (Some("7"), Some(7)),
            (Some("+7"), None),
            (Some("-1"), None),
            (Some(""), None),
            (Some("x"), None),
            (Some("99999999999999999999"), None),
        ] {
            let found = number(cursor, 1);
            assert_eq!(found.as_ref().ok().copied(), expect, "{cursor:?}");
            assert!(found.err().is_none_or(|error| error.kind == ErrorKind::InvalidInput));
        }
    }

    #[test]
    fn the_last_page_has_no_next() {
        for (found, expect) in [
            (after_page(1, 3), Some("2")),
            (after_page(3, 3), None),
            (after_page(1, 0), None),
            (after_full_page(1, 100, 100), Some("2")),
            (after_full_page(2, 99, 100), None),
            (after_full_page(1, 0, 0), None),
            (after_offset(0, 50, 50, None), Some("50")),
            (after_offset(50, 49, 50, None), None),
            (after_offset(50, 10, 50, Some(70)), Some("60")),
            (after_offset(60, 10, 50, Some(70)), None),
            (after_offset(60, 0, 50, Some(70)), None),
            (token(Some("abc")), Some("abc")),
            (token(Some("")), None),
            (token(None), None),
        ] {
            assert_eq!(found.as_deref(), expect);
        }
    }
}

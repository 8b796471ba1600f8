//! Calendar dates: days without a time or a zone, as documents and invoices have them.

use super::{date_of, number, seconds, skip};
use crate::{Error, Result};

/// Reads a date of ISO 8601, such as `2026-03-01`, as the milliseconds since 1970 at which it begins in UTC.
/// `None` for any other text and for days before 1970.
pub fn parse_date(text: &str) -> Option<u64> {
    let mut rest = text;
    let year = number(&mut rest, 4)?;
    let month = number(skip(&mut rest, '-')?, 2)?;
    let day = number(skip(&mut rest, '-')?, 2)?;
    let seconds = seconds(year, month, day, 0, 0, 0).filter(|_| rest.is_empty())?;
    u64::try_from(seconds).ok()?.checked_mul(1000)
}

/// The date in UTC of milliseconds since 1970: `2026-03-01`.
pub fn format_date(ms: u64) -> String {
    let (year, month, day) = date_of(i64::try_from(ms / 86_400_000).unwrap_or_default());
    format!("{year:04}-{month:02}-{day:02}")
}

/// A caller's date, once it is one.
///
/// # Errors
/// `invalid-input` with the field's name for any text that is not a date.
pub fn checked_date<'a>(field: &str, text: &'a str) -> Result<&'a str> {
    match parse_date(text) {
        Some(_) => Ok(text),
        None => Err(Error::invalid_input(format!("`{field}` is `{text}`; give a date such as 2026-03-01"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_both_ways() {
        for (text, expect) in [
            ("1970-01-01", Some(0)),
            ("2000-02-29", Some(951_782_400_000)),
            ("2026-03-01", Some(1_772_323_200_000)),
            ("1969-12-31", None),
            ("2023-02-29", None),
            ("2023-2-01", None),
            ("2023-02-01T00:00:00Z", None),
            ("01.02.2023", None),
            ("", None),
        ] {
            assert_eq!(parse_date(text), expect, "{text}");
            assert_eq!(checked_date("due_on", text).is_ok(), expect.is_some());
            assert!(expect.is_none_or(|ms| format_date(ms) == text && format_date(ms + 86_399_999) == text));
        }
        assert_eq!(
            checked_date("due_on", "soon").unwrap_err().message,
            "`due_on` is `soon`; give a date such as 2026-03-01"
        );
    }
}

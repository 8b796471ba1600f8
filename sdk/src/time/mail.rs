//! The moments of mail (RFC 5322 §3.3, before that RFC 2822), such as `Thu, 24 Aug 2023 05:01:45 +0000`.

use super::{MONTHS, date_of, seconds};

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// Reads a mail's moment as milliseconds since 1970. The day of the week may be absent, and of the
/// obsolete zones only `GMT` and `UT` are known. `None` for any other text and before 1970.
pub fn parse_rfc2822(text: &str) -> Option<u64> {
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let mut parts = text.split_ascii_whitespace();
    let day = digits(parts.next()?)?;
    let month = parts.next()?;
    let month = i64::try_from(MONTHS.iter().position(|name| *name == month)?).ok()? + 1;
    let year = digits(parts.next().filter(|year| year.len() == 4)?)?;
    let mut clock = parts.next()?.split(':').map(digits);
    let (hour, minute) = (clock.next()??, clock.next()??);
    let second = clock.next().unwrap_or(Some(0))?;
    let offset = offset_minutes(parts.next()?)?;
    if clock.next().is_some() || parts.next().is_some_and(|comment| !comment.starts_with('(')) {
        return None;
    }
    let seconds = seconds(year, month, day, hour, minute, second)? - offset * 60;
    u64::try_from(seconds).ok()?.checked_mul(1000)
}

/// Writes milliseconds since 1970 as a mail's moment in UTC, cut to seconds.
pub fn format_rfc2822(ms: u64) -> String {
    let (days, of_day) = (ms / 86_400_000, ms / 1000 % 86_400);
    let (year, month, day) = date_of(i64::try_from(days).unwrap_or_default());
    let name = |names: &'static [&str], index: u64| names.get(index as usize).copied().unwrap_or_default();
    let (week, month) = (name(&DAYS, days % 7), name(&MONTHS, month.unsigned_abs().saturating_sub(1)));
    format!("{week}, {day:02} {month} {year:04} {:02}:{:02}:{:02} +0000", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

fn digits(text: &str) -> Option<i64> {
    (!text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

fn offset_minutes(zone: &str) -> Option<i64> {
    if matches!(zone, "GMT" | "UT") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let offset = digits(zone.strip_prefix(['+', '-']).filter(|offset| offset.len() == 4)?)?;
    (offset % 100 < 60).then_some(sign * (offset / 100 * 60 + offset % 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_mail_go_both_ways() {
        for (text, expect) in [
            ("Thu, 24 Aug 2023 05:01:45 +0000", Some(1_692_853_305_000)),
            ("24 Aug 2023 07:01 +0200", Some(1_692_853_260_000)),
            ("Thu, 24 Aug 2023 05:01:45 GMT", Some(1_692_853_305_000)),
            ("Wed, 23 Aug 2023 21:31:45 -0730 (somewhere)", Some(1_692_853_305_000)),
            ("Thu, 1 Jan 1970 00:00:00 +0000", Some(0)),
            ("Thu, 1 Jan 1970 00:00:00 +0001", None),
            ("Thu, 24 Aug 23 05:01:45 +0000", None),
            ("Thu, 24 August 2023 05:01:45 +0000", None),
            ("Thu, 24 Aug 2023 05:01:45", None),
            ("Thu, 24 Aug 2023 05:01:45 PST", None),
            ("Thu, 31 Feb 2023 05:01:45 +0000", None),
            ("Thu, 24 Aug 2023 5 +0000", None),
            ("", None),
        ] {
            assert_eq!(parse_rfc2822(text), expect, "{text}");
        }
        assert_eq!(format_rfc2822(1_692_853_305_999), "Thu, 24 Aug 2023 05:01:45 +0000");
        for ms in (0..4_000_000_000_000).step_by(86_399_000 * 97) {
            assert_eq!(parse_rfc2822(&format_rfc2822(ms)), Some(ms));
        }
    }
}

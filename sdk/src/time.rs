//! Moments as providers write them, to and from milliseconds since 1970. It has no clock: a
//! gateway learns the time only from what it is given.

mod date;
mod epoch;
mod mail;

pub use date::{checked_date, format_date, parse_date};
pub use epoch::{from_seconds, parse_dotnet, parse_seconds, to_seconds};
pub use mail::{format_rfc2822, parse_rfc2822};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads a moment of RFC 3339, such as `2026-03-01T09:30:00.5+01:00`, as milliseconds since 1970.
/// `None` for any other text and for moments before 1970.
pub fn parse_rfc3339(text: &str) -> Option<u64> {
    moment(text, offset_minutes)
}

/// Reads a moment that a provider writes without a zone and means in UTC, such as
/// `2026-03-01T09:30:00`; one with a zone is read by that.
pub fn parse_utc(text: &str) -> Option<u64> {
    moment(text, |zone| if zone.is_empty() { Some(0) } else { offset_minutes(zone) })
}

/// Writes milliseconds since 1970 as RFC 3339 in UTC: `2026-03-01T08:30:00.500Z`.
pub fn format_rfc3339(ms: u64) -> String {
    let (days, of_day) = (ms / 86_400_000, ms % 86_400_000);
    let (year, month, day) = date_of(i64::try_from(days).unwrap_or_default());
    let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}.{:03}Z", of_day / 1000 % 60, of_day % 1000)
}

/// Reads the preferred form of an HTTP date (RFC 9110 §5.6.7), such as
/// `Sun, 06 Nov 1994 08:49:37 GMT`, as milliseconds since 1970.
pub fn parse_http_date(text: &str) -> Option<u64> {
    // By one character: a search for two brings 3 KB into a component.
    let (_, text) = text.split_once(',')?;
    let mut parts = text.strip_prefix(' ')?.split(' ');
    let day = parts.next()?.parse().ok()?;
    let month = parts.next()?;
    let month = i64::try_from(MONTHS.iter().position(|name| *name == month)?).ok()? + 1;
    let year = parts.next()?.parse().ok()?;
    let mut clock = parts.next()?.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if parts.next() != Some("GMT") || parts.next().is_some() || clock.next().is_some() {
        return None;
    }
    u64::try_from(seconds(year, month, day, hour, minute, second)?.checked_mul(1000)?).ok()
}

fn moment(text: &str, offset: impl Fn(&str) -> Option<i64>) -> Option<u64> {
    let mut rest = text;
    let year = number(&mut rest, 4)?;
    let month = number(skip(&mut rest, '-')?, 2)?;
    let day = number(skip(&mut rest, '-')?, 2)?;
    if !rest.starts_with(['T', 't', ' ']) {
        return None;
    }
    rest = rest.get(1..)?;
    let hour = number(&mut rest, 2)?;
    let minute = number(skip(&mut rest, ':')?, 2)?;
    let second = number(skip(&mut rest, ':')?, 2)?;
    let fraction = fraction_ms(&mut rest)?;
    let offset = offset(rest)?;
    let seconds = seconds(year, month, day, hour, minute, second)?.checked_sub(offset.checked_mul(60)?)?;
    u64::try_from(seconds.checked_mul(1000)?.checked_add(fraction)?).ok()
}

fn skip<'a, 'b>(rest: &'a mut &'b str, separator: char) -> Option<&'a mut &'b str> {
    *rest = rest.strip_prefix(separator)?;
    Some(rest)
}

fn number(rest: &mut &str, digits: usize) -> Option<i64> {
    let (head, tail) = rest.split_at_checked(digits)?;
    if !head.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    *rest = tail;
    head.parse().ok()
}

/// The part after the decimal point, cut to milliseconds.
fn fraction_ms(rest: &mut &str) -> Option<i64> {
    let Some(digits) = rest.strip_prefix('.') else { return Some(0) };
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, tail) = digits.split_at_checked(length)?;
    *rest = tail;
    format!("{:0<3.3}", (!digits.is_empty()).then_some(digits)?).parse().ok()
}

fn offset_minutes(mut rest: &str) -> Option<i64> {
    if matches!(rest, "Z" | "z") {
        return Some(0);
    }
    let sign = if rest.starts_with('-') { -1 } else { 1 };
    rest = rest.strip_prefix(['+', '-'])?;
    let hours = number(&mut rest, 2)?;
    let minutes = number(skip(&mut rest, ':')?, 2)?;
    (rest.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

fn seconds(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> Option<i64> {
    // 60 is a leap second (RFC 3339 §5.7).
    let fits = (0..=9999).contains(&year) && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    let fits = fits && (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    fits.then(|| days_before(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970 of a date in the Gregorian calendar. Years begin in March here, so that the
/// leap day is the last day of its year, and eras of 400 years are all alike.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a day since 1970; the reverse of [`days_before`].
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read() {
        for (text, expect) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T12:34:56Z", Some(951_827_696_000)),
            ("2026-03-01T09:30:00.5+01:00", Some(1_772_353_800_500)),
            ("2024-09-26t17:46:22.134999z", Some(1_727_372_782_134)),
            ("2024-09-26 17:46:22-00:30", Some(1_727_374_582_000)),
            ("1969-12-31T23:59:59Z", None),
            ("2023-02-29T00:00:00Z", None),
            ("2023-13-01T00:00:00Z", None),
            ("2023-01-01T24:00:00Z", None),
            ("2023-01-01T00:00:00", None),
            ("2023-01-01T00:00:00.Z", None),
            ("2023-01-01T00:00:00+1", None),
            ("2023-01-01", None),
            ("２023-01-01T00:00:00Z", None),
            ("", None),
        ] {
            assert_eq!(parse_rfc3339(text), expect, "{text}");
        }
        for (text, expect) in [
            ("2026-03-01T09:30:00", Some(1_772_357_400_000)),
            ("2026-03-01T09:30:00.25", Some(1_772_357_400_250)),
            ("2026-03-01T09:30:00+01:00", Some(1_772_353_800_000)),
            ("2026-03-01", None),
        ] {
            assert_eq!(parse_utc(text), expect, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for ms in (0..4_000_000_000_000).step_by(86_399_000 * 97 + 7) {
            assert_eq!(parse_rfc3339(&format_rfc3339(ms)), Some(ms));
        }
        assert_eq!(format_rfc3339(1_772_353_800_500), "2026-03-01T08:30:00.500Z");
    }

    #[test]
    fn http_dates_are_read() {
        for (text, expect) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777_000)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Sun, 99 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49 GMT", None),
        ] {
            assert_eq!(parse_http_date(text), expect, "{text}");
        }
    }
}

//! Moments as numbers: seconds with or without a fraction, and the .NET form of milliseconds.

/// Milliseconds since 1970 of seconds.
pub fn from_seconds(seconds: u64) -> u64 {
    seconds.saturating_mul(1000)
}

/// The first whole second at or after a moment: what a filter "from" wants where seconds are whole.
pub fn to_seconds(ms: u64) -> u64 {
    ms.div_ceil(1000)
}

/// Reads decimal text of seconds since 1970, such as `1690000000.123456`, cut to milliseconds.
pub fn parse_seconds(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: u64 = format!("{fraction:0<3.3}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(fraction)
}

/// Reads the .NET form of a moment, such as `/Date(1518685950940+0000)/`, as milliseconds since 1970.
/// The offset only says which zone it was written in. `None` for any other text and before 1970.
pub fn parse_dotnet(text: &str) -> Option<u64> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let at = inner.find(['+', '-']);
    let (ms, offset) = at.and_then(|at| inner.split_at_checked(at)).unwrap_or((inner, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let good = digits(ms) && (offset.is_empty() || offset.len() == 5 && offset.get(1..).is_some_and(digits));
    ms.parse().ok().filter(|_| good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_milliseconds() {
        for (text, expect) in [
            ("1690000000.123456", Some(1_690_000_000_123)),
            ("1690000000.1", Some(1_690_000_000_100)),
            ("1690000000", Some(1_690_000_000_000)),
            ("0.0009", Some(0)),
            ("-1", None),
            ("+1", None),
            (".5", None),
            ("1e3", None),
            ("18446744073709551615", None),
            ("", None),
        ] {
            assert_eq!(parse_seconds(text), expect, "{text}");
        }
        assert_eq!((from_seconds(7), from_seconds(u64::MAX)), (7000, u64::MAX));
        assert_eq!((to_seconds(0), to_seconds(1), to_seconds(1000), to_seconds(1001)), (0, 1, 1, 2));
    }

    #[test]
    fn the_dotnet_form_is_read() {
        for (text, expect) in [
            ("/Date(1518685950940+0000)/", Some(1_518_685_950_940)),
            ("/Date(1518685950940)/", Some(1_518_685_950_940)),
            ("/Date(1518685950940-0730)/", Some(1_518_685_950_940)),
            ("/Date(-1)/", None),
            ("/Date()/", None),
            ("/Date(1+x000)/", None),
            ("/Date(1+00)/", None),
            ("Date(1)", None),
        ] {
            assert_eq!(parse_dotnet(text), expect, "{text}");
        }
    }
}

//! What an answer's headers say of the provider's limits. Nothing here decides anything: a
//! header that makes no sense is as if it were not there.

use gatehouse_domain::execution::RateSeen;
use gatehouse_domain::manifest::RateLimit;
use gatehouse_domain::manifest::rate::ResetForm;
use gatehouse_domain::time::Timestamp;
use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// Longer than this nobody is asked to wait, whatever a header says, in milliseconds.
const LONGEST_WAIT: u64 = 3_600_000;

/// What the headers of an answer with `status` say; `None` where they say nothing.
pub(crate) fn seen(rules: Option<&RateLimit>, status: u16, headers: &HeaderMap) -> Option<RateSeen> {
    let mut seen = RateSeen::default();
    if let Some(rules) = rules {
        let header = |name: &Option<String>| text(headers, name.as_deref()?);
        let remaining = header(&rules.remaining_header);
        match remaining.and_then(used_of_limit) {
            Some((used, limit)) => {
                seen.remaining = Some(limit.saturating_sub(used));
                seen.limit = Some(limit);
            }
            None => seen.remaining = remaining.and_then(number),
        }
        seen.limit = header(&rules.limit_header).and_then(number).or(seen.limit).filter(|limit| *limit > 0);
        let reset = header(&rules.reset_header).zip(rules.reset_form);
        seen.reset_ms = reset.and_then(|(text, form)| reset_ms(text, form, headers));
    }
    if status >= 400 {
        seen.retry_after_ms = text(headers, RETRY_AFTER.as_str()).and_then(|text| retry_after(text, headers));
    }
    Some(seen).filter(|seen| *seen != RateSeen::default())
}

/// `Retry-After` is seconds or an HTTP date.
fn retry_after(text: &str, headers: &HeaderMap) -> Option<u64> {
    match number(text) {
        Some(seconds) => Some(seconds.saturating_mul(1_000).min(LONGEST_WAIT)),
        None => until(date(text)?, headers),
    }
}

fn reset_ms(text: &str, form: ResetForm, headers: &HeaderMap) -> Option<u64> {
    match form {
        ResetForm::Seconds => number(text).map(|seconds| seconds.saturating_mul(1_000).min(LONGEST_WAIT)),
        ResetForm::Milliseconds => number(text).map(|millis| millis.min(LONGEST_WAIT)),
        ResetForm::EpochSeconds => {
            let seconds = i64::try_from(number(text)?).ok()?;
            until(Timestamp::from_second(seconds).ok()?, headers)
        }
        ResetForm::Date => until(date(text)?, headers),
    }
}

/// How long it is until `moment` by the provider's own clock where it shows one, or by ours.
fn until(moment: Timestamp, headers: &HeaderMap) -> Option<u64> {
    let now = text(headers, DATE.as_str()).and_then(date).unwrap_or_else(Timestamp::now);
    let millis = moment.as_millisecond().saturating_sub(now.as_millisecond()).max(0);
    u64::try_from(millis).ok().map(|millis| millis.min(LONGEST_WAIT))
}

fn date(text: &str) -> Option<Timestamp> {
    let date = httpdate::parse_http_date(text).ok()?;
    Timestamp::try_from(date).ok()
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// The number at the beginning: `60`, `60.0` and `60, 60;w=60` are all sixty.
fn number(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let fits = rest.is_empty() || rest.starts_with(['.', ',', ';', ' ']);
    digits.parse().ok().filter(|_| fits)
}

/// `32/40` and `api-usage=32/40`: how much of how much was used.
fn used_of_limit(text: &str) -> Option<(u64, u64)> {
    let (used, limit) = text.rsplit_once('=').map_or(text, |(_, value)| value).split_once('/')?;
    Some((used.trim().parse().ok()?, number(limit.trim())?))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    const NOW: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn rules(form: ResetForm) -> RateLimit {
        RateLimit {
            requests: 10,
            window_seconds: 1,
            sandbox: None,
            remaining_header: Some("X-Left".to_owned()),
            limit_header: Some("X-Max".to_owned()),
            reset_header: Some("X-Reset".to_owned()),
            reset_form: Some(form),
        }
    }

    fn map(headers: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (HeaderName::try_from(*name).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        headers.iter().map(pair).collect()
    }

    fn check(form: ResetForm, headers: &[(&str, &str)], expect: (Option<u64>, Option<u64>, Option<u64>)) {
        let headers = map(&[headers, &[("date", NOW)]].concat());
        let seen = seen(Some(&rules(form)), 200, &headers).unwrap_or_default();
        assert_eq!((seen.remaining, seen.limit, seen.reset_ms), expect, "{headers:?}");
    }

    #[test]
    fn each_form_of_a_limit_is_read() {
        let all = |left, max, reset| [("x-left", left), ("x-max", max), ("x-reset", reset)];
        check(ResetForm::Seconds, &all("7", "10", "3"), (Some(7), Some(10), Some(3_000)));
        check(ResetForm::Seconds, &all("7.0", "10, 10;w=1", "3"), (Some(7), Some(10), Some(3_000)));
        check(ResetForm::Milliseconds, &all("0", "10", "250"), (Some(0), Some(10), Some(250)));
        check(ResetForm::EpochSeconds, &all("7", "10", "784111787"), (Some(7), Some(10), Some(10_000)));
        check(ResetForm::EpochSeconds, &all("7", "10", "784111000"), (Some(7), Some(10), Some(0)));
        check(ResetForm::Date, &all("7", "10", "Sun, 06 Nov 1994 08:50:37 GMT"), (Some(7), Some(10), Some(60_000)));
        check(ResetForm::Seconds, &[("x-left", "32/40")], (Some(8), Some(40), None));
        check(ResetForm::Seconds, &[("x-left", "api-usage=18/5000")], (Some(4_982), Some(5_000), None));
        check(ResetForm::Seconds, &all("50/40", "", ""), (Some(0), Some(40), None));
    }

    #[test]
    fn what_makes_no_sense_says_nothing() {
        check(ResetForm::Seconds, &[("x-left", "-1"), ("x-max", "0"), ("x-reset", "soon")], (None, None, None));
        check(ResetForm::Seconds, &[("x-left", "7k"), ("x-reset", "99999999999999999999")], (None, None, None));
        check(ResetForm::Date, &[("x-reset", "yesterday")], (None, None, None));
        check(ResetForm::Seconds, &[("x-reset", "18446744073709551615")], (None, None, Some(LONGEST_WAIT)));
        check(ResetForm::EpochSeconds, &[("x-reset", "18446744073709551615")], (None, None, None));
        assert_eq!(seen(None, 200, &map(&[("x-left", "1"), ("retry-after", "1")])), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_never_more_than_an_hour() {
        for (text, expect) in [
            ("0", Some(0)),
            ("7", Some(7_000)),
            (" 120 ", Some(120_000)),
            ("86400", Some(LONGEST_WAIT)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10_000)),
            ("Sunday, 06-Nov-94 08:49:47 GMT", Some(10_000)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("Sat, 06 Nov 2094 08:00:00 GMT", Some(LONGEST_WAIT)),
            ("-5", None),
            ("a while", None),
        ] {
            let found = seen(None, 429, &map(&[("retry-after", text), ("date", NOW)]));
            assert_eq!(found.and_then(|seen| seen.retry_after_ms), expect, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_header_of_a_providers_is_a_panic_or_an_endless_wait(left in "[ -~]{0,24}", reset in "[ -~]{0,32}", after in "[ -~]{0,32}") {
            for form in [ResetForm::Seconds, ResetForm::Milliseconds, ResetForm::EpochSeconds, ResetForm::Date] {
                let headers = map(&[("x-left", &left), ("x-reset", &reset), ("retry-after", &after)]);
                let seen = seen(Some(&rules(form)), 429, &headers).unwrap_or_default();
                prop_assert!(seen.reset_ms.unwrap_or_default() <= LONGEST_WAIT);
                prop_assert!(seen.retry_after_ms.unwrap_or_default() <= LONGEST_WAIT);
            }
        }
    }
}

//! Whether a signature's timestamp is near enough to now.

use gatehouse_domain::manifest::webhook::TimestampUnit;
use gatehouse_domain::time::Timestamp;

use super::request::malformed;
use super::{Refusal, RefusalReason, refuse};

/// Refuses a timestamp that is further from now than `tolerance` seconds.
pub(super) fn check(text: &str, unit: TimestampUnit, tolerance: u32, now: Timestamp) -> Result<(), Refusal> {
    let seconds = seconds(text, unit).ok_or_else(|| {
        malformed(match unit {
            TimestampUnit::Seconds => "the signature's timestamp is not a number of seconds since 1970",
            TimestampUnit::Milliseconds => "the signature's timestamp is not a number of milliseconds since 1970",
            TimestampUnit::Rfc3339 => "the signature's timestamp is not a time as RFC 3339 has it",
        })
    })?;
    let age = now.as_second().saturating_sub(seconds);
    if age > i64::from(tolerance) {
        let text = format!("the signature is {age} seconds old and may be {tolerance}");
        return Err(refuse(RefusalReason::Stale, text));
    }
    if age < -i64::from(tolerance) {
        let text = format!("the signature is {} seconds ahead of our clock and may be {tolerance}", age.unsigned_abs());
        return Err(refuse(RefusalReason::Future, text));
    }
    Ok(())
}

fn seconds(text: &str, unit: TimestampUnit) -> Option<i64> {
    let number = |most: usize| -> Option<i64> {
        let digits = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten()
    };
    match unit {
        TimestampUnit::Seconds => number(12),
        TimestampUnit::Milliseconds => number(15).map(|millis| millis / 1_000),
        TimestampUnit::Rfc3339 if text.len() <= 40 => text.parse::<Timestamp>().ok().map(Timestamp::as_second),
        TimestampUnit::Rfc3339 => None,
    }
}

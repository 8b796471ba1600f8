//! When an endpoint is looked at again: pauses that double with each failure, and jitter for all.

use gatehouse_domain::time::{SignedDuration, Timestamp};

use crate::clock::fraction;

/// The first pause after a failure, and the longest, in milliseconds.
const PAUSE: (i64, i64) = (60_000, 6 * 3_600_000);

/// A moment so long after another.
pub(super) fn later(now: Timestamp, pause: SignedDuration) -> Timestamp {
    now.saturating_add(pause).unwrap_or(Timestamp::MAX)
}

/// The pause after so many failures in a row.
pub(super) fn pause(failures: u32) -> SignedDuration {
    let (first, longest) = PAUSE;
    jittered(SignedDuration::from_millis(first.saturating_mul(1 << failures.saturating_sub(1).min(20)).min(longest)))
}

/// About so long: up to a fifth shorter or longer, so that those who began together do not stay together.
pub(super) fn jittered(about: SignedDuration) -> SignedDuration {
    share(about, 0.8 + 0.4 * fraction())
}

/// A part of a time.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a pause needs no precision")]
pub(super) fn share(of: SignedDuration, share: f64) -> SignedDuration {
    SignedDuration::from_millis((of.as_millis() as f64 * share) as i64)
}

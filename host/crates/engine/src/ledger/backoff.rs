//! How long to wait before an outcome is asked for again.

use std::time::Duration;

use gatehouse_domain::time::{SignedDuration, Timestamp};

use super::Pace;

/// The wait after `attempts` attempts: doubled with each, capped, and shortened at random by up
/// to a half, so that calls which were lost together are not all asked for together.
pub(super) fn wait(pace: &Pace, attempts: u32, random: [u8; 2]) -> Duration {
    let doubled = pace.first_retry.saturating_mul(1 << attempts.min(20)).min(pace.max_retry.max(pace.first_retry));
    let share = f64::from(u16::from_be_bytes(random)) / f64::from(u16::MAX);
    doubled.mul_f64(0.5 + share / 2.0)
}

/// A moment `wait` after another.
pub(super) fn after(moment: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    moment.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_never_vanish() {
        let pace = Pace { first_retry: Duration::from_secs(10), max_retry: Duration::from_secs(60), ..Pace::default() };
        for (attempts, longest) in [(0, 10), (1, 20), (2, 40), (3, 60), (9, 60), (u32::MAX, 60)] {
            assert_eq!(wait(&pace, attempts, [255, 255]), Duration::from_secs(longest), "{attempts}");
            assert_eq!(wait(&pace, attempts, [0, 0]), Duration::from_secs(longest) / 2, "{attempts}");
        }
    }
}

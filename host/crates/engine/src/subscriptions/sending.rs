//! How deliveries are sent, and when a failed one is tried again. Pure: the caller brings the
//! random number.

use std::time::Duration;

use gatehouse_domain::time::SignedDuration;

/// How deliveries are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// How long one attempt may take. Default 15 s.
    pub timeout: Duration,
    /// The pauses between attempts, each ± 20 %; after the attempt that follows the last one, the
    /// delivery is given up. Default 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h.
    pub pauses: Vec<Duration>,
    /// For how long a subscription may do nothing but fail before it is switched off. Default 5 days.
    pub disable_after: Duration,
    /// How many requests may be under way at the same time; one tenant may have half of them, and
    /// receivers that do not answer have places of their own, half as many. Default 512.
    pub in_flight: usize,
}

impl Default for Sending {
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        let hours = |count: u64| minutes(60 * count);
        Self {
            timeout: Duration::from_secs(15),
            pauses: vec![
                Duration::from_secs(5),
                minutes(5),
                minutes(30),
                hours(2),
                hours(5),
                hours(10),
                hours(14),
                hours(20),
                hours(24),
            ],
            disable_after: hours(120),
            in_flight: 512,
        }
    }
}

impl Sending {
    /// How long to wait after the `failed`th attempt failed; none where it was the last. `fraction`
    /// is any number from 0 up to 1.
    pub(super) fn pause(&self, failed: u32, fraction: f64) -> Option<SignedDuration> {
        let index = usize::try_from(failed.checked_sub(1)?).ok()?;
        let pause = self.pauses.get(index)?.mul_f64(0.8 + 0.4 * fraction);
        Some(SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attempts_over_three_days_each_pause_a_fifth_around_its_length() {
        let sending = Sending::default();
        let seconds = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
        for (failed, seconds) in (1..).zip(seconds) {
            let pause = |fraction| sending.pause(failed, fraction).unwrap().as_secs_f64() / f64::from(seconds);
            assert!((pause(0.0) - 0.8).abs() < 1e-6 && (pause(0.5) - 1.0).abs() < 1e-6, "{failed}");
            assert!(pause(0.999) < 1.2 && pause(0.999) > 1.19, "{failed}");
        }
        assert_eq!(sending.pause(10, 0.5), None);
        assert_eq!(sending.pause(0, 0.5), None);
        assert_eq!(sending.pause(u32::MAX, 0.5), None);
    }
}

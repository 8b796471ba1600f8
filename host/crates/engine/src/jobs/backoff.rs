//! How long to wait before the next try, and how many there are. Pure: the caller brings the
//! random number.

use gatehouse_domain::time::SignedDuration;

/// How often a kind of job is tried and how long it may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries {
    /// How many tries there are before the job is given up. Default 12.
    pub most: u32,
    /// The longest pause after the first failure; it doubles with each. Default 5 s.
    pub base: SignedDuration,
    /// The longest pause of all. Default 6 h.
    pub cap: SignedDuration,
    /// How long one try may take. Default 10 min.
    pub timeout: SignedDuration,
}

impl Default for Tries {
    fn default() -> Self {
        Self {
            most: 12,
            base: SignedDuration::from_secs(5),
            cap: SignedDuration::from_hours(6),
            timeout: SignedDuration::from_mins(10),
        }
    }
}

impl Tries {
    /// The pause after a job failed for the `failed`th time: any length up to the longest, so
    /// that jobs which failed together do not come back together (full jitter).
    pub(crate) fn pause(&self, failed: u32, random: u64) -> SignedDuration {
        let base = u64::try_from(self.base.as_millis()).unwrap_or(0);
        let cap = u64::try_from(self.cap.as_millis()).unwrap_or(0);
        let doubled = 1u64.checked_shl(failed.saturating_sub(1)).unwrap_or(u64::MAX);
        let longest = base.saturating_mul(doubled).min(cap);
        SignedDuration::from_millis(i64::try_from(random % (longest + 1)).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_pause_doubles_up_to_the_cap() {
        let tries = Tries::default();
        // The largest remainder of the longest pause plus one is the longest pause itself.
        let longest = |failed: u32, millis: u64| {
            assert_eq!(tries.pause(failed, millis).as_millis(), i128::from(millis), "{failed}");
            assert_eq!(tries.pause(failed, millis + 1).as_millis(), 0, "{failed}");
        };
        longest(0, 5_000);
        longest(1, 5_000);
        longest(2, 10_000);
        longest(12, 10_240_000);
        longest(14, 21_600_000);
        longest(63, 21_600_000);
        longest(64, 21_600_000);
        longest(u32::MAX, 21_600_000);
    }
}

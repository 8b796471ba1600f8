//! How many retries a tenant may make at a provider: a share of its requests and a floor, over
//! ten seconds. It is what keeps retries from becoming the storm. A pure state machine.

use super::window::Window;
use super::{Millis, Settings};

/// The time that is looked at, in seconds.
const SECONDS: u32 = 10;

/// The retry budget of one tenant at one provider.
#[derive(Debug, Clone)]
pub(super) struct Retries(Window);

impl Retries {
    pub(super) fn new() -> Self {
        Self(Window::new(SECONDS * 1_000))
    }

    /// Counts a call that is made for the first time.
    pub(super) fn request(&mut self, now: Millis) {
        self.0.count(now, false);
    }

    /// Takes one retry, where there is one.
    pub(super) fn take(&mut self, now: Millis, settings: &Settings) -> bool {
        let (used, allowed) = self.view(now, settings);
        if used < allowed {
            self.0.count(now, true);
        }
        used < allowed
    }

    /// Retries of the last ten seconds, and how many there may be.
    pub(super) fn view(&mut self, now: Millis, settings: &Settings) -> (u32, u32) {
        let [requests, used] = self.0.totals(now);
        let share = u64::from(requests) * u64::from(settings.retry_percent) / 100;
        let allowed = share + u64::from(settings.retry_floor) * u64::from(SECONDS);
        (used, u32::try_from(allowed).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn taken(requests: u32, settings: &Settings) -> u32 {
        let mut retries = Retries::new();
        (0..requests).for_each(|_| retries.request(5_000));
        (0..100_000).filter(|_| retries.take(5_000, settings)).count() as u32
    }

    #[test]
    fn a_fifth_of_the_requests_and_ten_a_second() {
        let settings = Settings::default();
        for (requests, expect) in [(0, 100), (4, 100), (5, 101), (1_000, 300), (100_000, 20_100)] {
            assert_eq!(taken(requests, &settings), expect, "{requests} requests");
        }
        assert_eq!(taken(1_000, &Settings { retry_floor: 0, ..settings.clone() }), 200);
        assert_eq!(taken(1_000, &Settings { retry_percent: 0, retry_floor: 0, ..settings }), 0);
    }

    proptest! {
        #[test]
        fn no_ten_seconds_have_more_than_their_share(steps in prop::collection::vec((0i64..2_000, 0u32..40, 0u32..40), 1..100)) {
            let settings = Settings { retry_floor: 1, ..Settings::default() };
            let mut retries = Retries::new();
            let (mut now, mut made, mut asked) = (0i64, Vec::new(), Vec::new());
            for (pause, requests, wanted) in steps {
                now += pause;
                asked.extend((0..requests).map(|_| now));
                (0..requests).for_each(|_| retries.request(now));
                for _ in 0..wanted {
                    if retries.take(now, &settings) {
                        made.push(now);
                        let within = |all: &[i64], age| all.iter().filter(|at| now - **at < age).count();
                        prop_assert!(within(&made, 9_000) <= within(&asked, 10_000) / 5 + 10);
                    }
                }
            }
        }
    }
}

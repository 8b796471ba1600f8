//! The rate budget of one integration: a token bucket that its provider's headers correct, with
//! reserves for what is more urgent. A pure state machine.

use gatehouse_domain::execution::RateSeen;
use gatehouse_domain::manifest::rate::RateNumbers;
use serde::{Deserialize, Serialize};

use super::Millis;
use super::enter::Priority;

/// Nothing is parked for longer than this, in milliseconds.
const LONGEST: Millis = 3_600_000;
/// A limit beyond this is as good as none.
const MOST: f64 = 1e9;

/// What is kept of a budget over a restart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Learned {
    pub(super) limit: Option<f64>,
    pub(super) left: f64,
    pub(super) at: Millis,
    pub(super) reset_at: Option<Millis>,
    pub(super) parked_until: Millis,
}

/// One budget.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    numbers: Option<RateNumbers>,
    /// What the provider said a window has, where it said so.
    limit: Option<f64>,
    /// Requests that may be sent, as of `at`. Below zero after a call that sent several.
    left: f64,
    at: Millis,
    /// When the provider's window begins anew; until then nothing flows in.
    reset_at: Option<Millis>,
    parked_until: Millis,
}

impl Budget {
    /// A full budget under the manifest's numbers; without any it lets everything through until
    /// the provider says something.
    pub(super) fn new(numbers: Option<RateNumbers>, now: Millis) -> Self {
        let mut budget = Self { numbers, limit: None, left: 0.0, at: now, reset_at: None, parked_until: Millis::MIN };
        budget.left = budget.capacity().unwrap_or_default();
        budget
    }

    /// Takes up new numbers of the manifest's, as after an upgrade.
    pub(super) fn follow(&mut self, numbers: Option<RateNumbers>, now: Millis) {
        if self.numbers != numbers {
            self.flow(now);
            let fresh = self.capacity().is_none();
            self.numbers = numbers;
            let capacity = self.capacity().unwrap_or_default();
            self.left = if fresh { capacity } else { self.left.min(capacity) };
        }
    }

    /// Takes what one request needs; else how long to wait for it.
    pub(super) fn take(&mut self, now: Millis, priority: Priority) -> Result<(), Millis> {
        let wait = self.wait(now, priority);
        if wait > 0 {
            return Err(wait);
        }
        if self.capacity().is_some() {
            self.left -= 1.0;
        }
        Ok(())
    }

    /// Gives back what a call took and did not use, or takes what it used beyond.
    pub(super) fn settle(&mut self, taken: u32, used: u32) {
        if let Some(capacity) = self.capacity() {
            self.left = (self.left + f64::from(taken) - f64::from(used)).clamp(-capacity, capacity);
        }
    }

    /// How long it is until one request may be sent.
    pub(super) fn wait(&mut self, now: Millis, priority: Priority) -> Millis {
        self.flow(now);
        let parked = self.parked(now);
        let Some(capacity) = self.capacity() else { return parked };
        let missing = 1.0 + (capacity * priority.reserve()).floor().min(capacity - 1.0) - self.left;
        // What a rounding lost is not worth a wait.
        if missing <= 1e-6 {
            return parked;
        }
        let until_enough = match (self.reset_at, self.rate()) {
            (Some(at), _) => at.saturating_sub(now).max(1),
            (None, rate) if rate > 0.0 => (missing / rate).ceil().clamp(1.0, LONGEST as f64) as Millis,
            (None, _) => LONGEST,
        };
        parked.max(until_enough)
    }

    /// Takes in what an answer said. `in_flight` requests are under way beside it, which the
    /// provider may not have counted yet.
    pub(super) fn learn(&mut self, now: Millis, seen: &RateSeen, in_flight: u32) {
        self.flow(now);
        if let Some(limit) = seen.limit {
            let size = (limit as f64).clamp(1.0, MOST);
            self.left = if self.capacity().is_none() { size } else { self.left.min(size) };
            self.limit = Some(size);
        }
        if let Some(remaining) = seen.remaining {
            if self.capacity().is_none() {
                self.limit = Some((remaining as f64).clamp(1.0, MOST));
            }
            let capacity = self.capacity().unwrap_or(1.0);
            self.left = (remaining as f64 - f64::from(in_flight)).clamp(-capacity, capacity);
        }
        if let Some(reset) = seen.reset_ms {
            self.reset_at = Some(now.saturating_add(bounded(reset)));
        }
        if let Some(wait) = seen.retry_after_ms {
            self.park(now, wait);
        }
    }

    /// The provider refused a request because there were too many: nothing is left.
    pub(super) fn exhaust(&mut self, now: Millis) {
        self.flow(now);
        if self.capacity().is_some() {
            self.left = self.left.min(0.0);
        }
    }

    /// Nothing is sent for so many milliseconds, at most an hour.
    pub(super) fn park(&mut self, now: Millis, wait_ms: u64) {
        let until = now.saturating_add(bounded(wait_ms));
        self.parked_until = if self.parked(now) > 0 { self.parked_until.max(until) } else { until };
    }

    /// How much longer nothing is sent at all. A moment further away than any is from a clock
    /// that was set back.
    pub(super) fn parked(&self, now: Millis) -> Millis {
        let left = self.parked_until.saturating_sub(now);
        if left <= LONGEST { left.max(0) } else { 0 }
    }

    /// Requests left, a window's size and when it begins anew, where any of it is known.
    pub(super) fn view(&mut self, now: Millis) -> Option<(u64, u64, Option<Millis>)> {
        self.flow(now);
        let capacity = self.capacity()?;
        Some((self.left.max(0.0) as u64, capacity as u64, self.reset_at))
    }

    /// What is worth keeping: nothing where only the manifest was followed.
    pub(super) fn learned(&self) -> Learned {
        let Self { limit, left, at, reset_at, parked_until, .. } = *self;
        Learned { limit, left, at, reset_at, parked_until }
    }

    /// Takes up what was kept. The manifest's numbers are followed already.
    pub(super) fn recall(&mut self, kept: &Learned, now: Millis) {
        self.limit = kept.limit.filter(|limit| (1.0..=MOST).contains(limit));
        let capacity = self.capacity().unwrap_or_default();
        self.left = if kept.left.is_finite() { kept.left.clamp(-capacity, capacity) } else { capacity };
        self.at = kept.at.min(now);
        self.reset_at = kept.reset_at;
        self.parked_until = kept.parked_until;
    }

    /// Requests of one window.
    fn capacity(&self) -> Option<f64> {
        self.limit.or(self.numbers.map(|numbers| f64::from(numbers.requests).max(1.0)))
    }

    /// Requests that flow in with each millisecond.
    fn rate(&self) -> f64 {
        let window = self.numbers.map_or(60.0, |numbers| f64::from(numbers.window_seconds).max(1.0));
        self.capacity().unwrap_or_default() / (window * 1_000.0)
    }

    /// What flowed in up to `now`.
    fn flow(&mut self, now: Millis) {
        let Some(capacity) = self.capacity() else { return };
        match self.reset_at {
            Some(at) if now >= at || at - now > LONGEST => {
                (self.left, self.at, self.reset_at) = (capacity, now.min(at), None);
                self.flow(now);
            }
            Some(_) => self.at = now,
            None => {
                let passed = now.saturating_sub(self.at).clamp(0, LONGEST * 24);
                self.left = (self.left + passed as f64 * self.rate()).min(capacity);
                self.at = now;
            }
        }
    }
}

fn bounded(millis: u64) -> Millis {
    Millis::try_from(millis).unwrap_or(LONGEST).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Millis = 1_000_000_000;

    fn numbers(requests: u32, window_seconds: u32) -> Option<RateNumbers> {
        Some(RateNumbers { requests, window_seconds })
    }

    fn seen(remaining: Option<u64>, limit: Option<u64>, reset_ms: Option<u64>) -> RateSeen {
        RateSeen { remaining, limit, reset_ms, retry_after_ms: None }
    }

    /// How many requests go through at one moment.
    fn burst(budget: &mut Budget, now: Millis, priority: Priority) -> usize {
        (0..10_000).take_while(|_| budget.take(now, priority).is_ok()).count()
    }

    #[test]
    fn the_less_urgent_leave_something_for_the_more_urgent() {
        let mut budget = Budget::new(numbers(100, 10), START);
        for (priority, expect) in [(Priority::Sync, 70), (Priority::Webhook, 20), (Priority::Interactive, 10)] {
            assert_eq!(burst(&mut budget, START, priority), expect, "{priority:?}");
        }
        assert_eq!(budget.take(START, Priority::Interactive), Err(100));
        assert_eq!(budget.take(START, Priority::Sync), Err(3_100));
        assert_eq!(budget.take(START + 100, Priority::Interactive), Ok(()));
        // Where there is one only, nothing can be kept back.
        assert_eq!(burst(&mut Budget::new(numbers(1, 1), START), START, Priority::Sync), 1);
    }

    #[test]
    fn it_refills_evenly_and_never_beyond_its_size() {
        let mut budget = Budget::new(numbers(10, 1), START);
        assert_eq!(burst(&mut budget, START, Priority::Interactive), 10);
        assert_eq!(burst(&mut budget, START + 500, Priority::Interactive), 5);
        assert_eq!(burst(&mut budget, START + 60_000, Priority::Interactive), 10);
    }

    #[test]
    fn the_providers_word_counts_more_than_ours() {
        let mut budget = Budget::new(numbers(100, 60), START);
        budget.learn(START, &seen(Some(3), None, Some(20_000)), 0);
        assert_eq!(burst(&mut budget, START, Priority::Interactive), 3);
        assert_eq!(budget.take(START + 19_999, Priority::Interactive), Err(1), "the window has not begun anew");
        assert_eq!(burst(&mut budget, START + 20_000, Priority::Interactive), 100);
        // Requests under way are not counted by the provider yet.
        budget.learn(START + 20_000, &seen(Some(40), Some(40), Some(5_000)), 4);
        assert_eq!(burst(&mut budget, START + 20_000, Priority::Interactive), 36);
        assert_eq!(burst(&mut budget, START + 25_000, Priority::Interactive), 40, "and the new size is kept");
    }

    #[test]
    fn without_numbers_it_lets_all_through_until_the_provider_says_something() {
        let mut budget = Budget::new(None, START);
        assert_eq!(burst(&mut budget, START, Priority::Sync), 10_000);
        assert_eq!(budget.view(START), None);
        budget.learn(START, &seen(Some(5), Some(50), Some(1_000)), 0);
        assert_eq!(burst(&mut budget, START, Priority::Interactive), 5);
        assert_eq!(budget.view(START), Some((0, 50, Some(START + 1_000))));
    }

    #[test]
    fn retry_after_parks_everything_for_an_hour_at_most() {
        for (wait, expect) in [(1_000, 1_000), (3_600_000, 3_600_000), (7_200_000, 3_600_000), (u64::MAX, 3_600_000)] {
            for priority in [Priority::Interactive, Priority::Sync] {
                let mut budget = Budget::new(None, START);
                budget.park(START, wait);
                assert_eq!(budget.take(START, priority), Err(expect));
                assert_eq!(budget.take(START + expect, priority), Ok(()));
            }
        }
        let mut budget = Budget::new(None, START);
        budget.park(START, 60_000);
        budget.park(START, 1_000);
        assert_eq!(budget.take(START, Priority::Interactive), Err(60_000), "the longer wait holds");
        assert_eq!(budget.take(START - 7_200_000, Priority::Interactive), Ok(()), "a clock that was set back");
    }

    #[test]
    fn a_call_of_several_requests_is_counted_whole() {
        let mut budget = Budget::new(numbers(10, 10), START);
        budget.take(START, Priority::Interactive).unwrap();
        budget.settle(1, 4);
        assert_eq!(budget.view(START).unwrap().0, 6);
        budget.take(START, Priority::Interactive).unwrap();
        budget.settle(1, 0);
        assert_eq!(budget.view(START).unwrap().0, 6);
    }

    #[test]
    fn what_was_learned_survives() {
        let mut budget = Budget::new(numbers(10, 1), START);
        budget.learn(START, &seen(Some(2), Some(40), Some(9_000)), 0);
        budget.park(START, 5_000);
        let kept: Learned = serde_json::from_str(&serde_json::to_string(&budget.learned()).unwrap()).unwrap();
        let mut again = Budget::new(numbers(10, 1), START + 1_000);
        again.recall(&kept, START + 1_000);
        assert_eq!(again.view(START + 1_000), budget.view(START + 1_000));
        assert_eq!(again.take(START + 1_000, Priority::Interactive), Err(4_000));
        assert_eq!(burst(&mut again, START + 5_000, Priority::Interactive), 2);
    }

    #[test]
    fn a_size_alone_is_a_full_bucket() {
        let mut budget = Budget::new(None, START);
        budget.learn(START, &seen(None, Some(20), None), 0);
        assert_eq!(burst(&mut budget, START, Priority::Interactive), 20);
        budget.learn(START + 60_000, &seen(None, Some(5), None), 0);
        assert_eq!(burst(&mut budget, START + 60_000, Priority::Interactive), 5);
    }

    #[test]
    fn a_429_without_a_word_empties_it() {
        let mut budget = Budget::new(numbers(10, 10), START);
        budget.exhaust(START);
        assert_eq!(budget.take(START, Priority::Interactive), Err(1_000));
        budget.follow(numbers(20, 10), START);
        assert_eq!(budget.view(START), Some((0, 20, None)), "new numbers are no new requests");
        budget.follow(numbers(5, 10), START + 60_000);
        assert_eq!(burst(&mut budget, START + 60_000, Priority::Interactive), 5);
    }

    proptest! {
        /// Whatever is asked and said: no stretch of time has more requests than one full
        /// bucket and what flows in, a wait that is named is enough, and nothing overflows.
        #[test]
        fn it_never_gives_more_than_it_has(
            size in 1u32..200,
            window in 1u32..120,
            steps in prop::collection::vec((0i64..3_000, 0u8..3, 1usize..40), 1..60),
        ) {
            let mut budget = Budget::new(numbers(size, window), START);
            let (mut now, mut taken) = (START, 0usize);
            for (pause, priority, wanted) in steps {
                now += pause;
                let priority = [Priority::Interactive, Priority::Webhook, Priority::Sync][usize::from(priority)];
                for _ in 0..wanted {
                    match budget.take(now, priority) {
                        Ok(()) => taken += 1,
                        Err(wait) => {
                            prop_assert!(wait > 0);
                            prop_assert_eq!(budget.clone().take(now + wait, priority), Ok(()));
                            break;
                        }
                    }
                }
                let flowed = (now - START) as f64 * f64::from(size) / (f64::from(window) * 1_000.0);
                prop_assert!(taken as f64 <= f64::from(size) + flowed + 0.01, "{} of {}", taken, size);
            }
        }

        #[test]
        fn nothing_a_provider_says_locks_it_for_longer_than_an_hour(
            said in prop::collection::vec((any::<Option<u64>>(), any::<Option<u64>>(), any::<Option<u64>>(), any::<Option<u64>>(), 0i64..100_000), 1..30),
        ) {
            let mut budget = Budget::new(None, START);
            let mut now = START;
            for (remaining, limit, reset_ms, retry_after_ms, pause) in said {
                now += pause;
                budget.learn(now, &RateSeen { remaining, limit: limit.filter(|limit| *limit > 0), reset_ms, retry_after_ms }, 3);
                let wait = budget.wait(now, Priority::Sync);
                prop_assert!((0..=LONGEST).contains(&wait), "{}", wait);
            }
        }
    }
}

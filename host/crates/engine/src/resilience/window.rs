//! Two counts over the last while, in ten steps. It holds no clock: whoever counts says when.

use super::Millis;

/// Into how many steps the time is cut.
const STEPS: usize = 10;

/// Two counts over a sliding window.
#[derive(Debug, Clone)]
pub(super) struct Window {
    counts: [[u32; 2]; STEPS],
    /// The step that is being counted, since 1970.
    step: i64,
    step_ms: i64,
}

impl Window {
    /// An empty window of about `window_ms`.
    pub(super) fn new(window_ms: u32) -> Self {
        Self { counts: [[0; 2]; STEPS], step: i64::MIN, step_ms: (i64::from(window_ms) / STEPS as i64).max(1) }
    }

    /// Counts one of the first or of the second.
    pub(super) fn count(&mut self, now: Millis, second: bool) {
        self.advance(now);
        let place = self.step.rem_euclid(STEPS as i64) as usize;
        if let Some(count) = self.counts.get_mut(place).and_then(|counts| counts.get_mut(usize::from(second))) {
            *count = count.saturating_add(1);
        }
    }

    /// Both counts within the window.
    pub(super) fn totals(&mut self, now: Millis) -> [u32; 2] {
        self.advance(now);
        self.counts.iter().fold([0u32; 2], |[first, second], [one, other]| {
            [first.saturating_add(*one), second.saturating_add(*other)]
        })
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.counts = [[0; 2]; STEPS];
    }

    /// Drops the steps that are over. A clock that was set back by more than a window begins
    /// anew; by less, the present step goes on.
    fn advance(&mut self, now: Millis) {
        let step = now.div_euclid(self.step_ms);
        let passed = step.saturating_sub(self.step);
        if passed >= STEPS as i64 || passed <= -(STEPS as i64) {
            self.clear();
            self.step = step;
        } else if passed > 0 {
            for over in self.step + 1..=step {
                if let Some(counts) = self.counts.get_mut(over.rem_euclid(STEPS as i64) as usize) {
                    *counts = [0; 2];
                }
            }
            self.step = step;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_clock_that_is_set_back_far_begins_anew() {
        let mut window = Window::new(10_000);
        (0..5).for_each(|_| window.count(1_000_000, true));
        assert_eq!(window.totals(995_000), [0, 5], "by less than the window the present step goes on");
        assert_eq!(window.totals(500_000), [0, 0]);
        window.count(500_000, false);
        assert_eq!(window.totals(509_000), [1, 0]);
        assert_eq!(window.totals(510_000), [0, 0], "and time goes on from there");
    }

    proptest! {
        /// Against a list of everything that was counted: what is younger than nine steps is
        /// in, what is older than ten is out.
        #[test]
        fn the_last_while_is_counted(steps in prop::collection::vec((0i64..3_000, any::<bool>()), 1..200)) {
            let mut window = Window::new(10_000);
            let (mut now, mut all) = (1_000_000, Vec::new());
            for (pause, second) in steps {
                now += pause;
                window.count(now, second);
                all.push((now, second));
                let totals = window.totals(now);
                for (place, kind) in [false, true].into_iter().enumerate() {
                    let within = |age: i64| all.iter().filter(|(at, s)| *s == kind && now - at < age).count() as u32;
                    prop_assert!(totals[place] >= within(9_000) && totals[place] <= within(10_000));
                }
            }
        }

        #[test]
        fn a_clock_may_jump_to_anywhere(jumps in prop::collection::vec(any::<i64>(), 1..50)) {
            let mut window = Window::new(10_000);
            for now in jumps {
                window.count(now, false);
                prop_assert!(window.totals(now)[0] >= 1);
            }
        }
    }
}

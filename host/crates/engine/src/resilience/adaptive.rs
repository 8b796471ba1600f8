//! How many calls an integration may have in flight: it grows by one for each round that goes
//! well and is halved when the provider has too much. A pure state machine.

use super::Millis;

/// How long after a cut the next one may come, in milliseconds: one overload is told by several
/// answers, and is still one.
const PAUSE: Millis = 1_000;
/// How much of a new latency goes into the usual one.
const WEIGHT: f64 = 0.05;
/// Latency below this is never too slow, in milliseconds.
const ALLOWANCE: f64 = 250.0;

/// What an attempt says of the provider's load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Load {
    /// It answered after so many milliseconds; whether as many calls ran as may.
    Answered { took_ms: f64, full: bool },
    /// It said that it is asked too much, or did not answer in time.
    TooMuch,
    /// It says nothing.
    Untold,
}

/// The limit of one integration.
#[derive(Debug, Clone)]
pub(super) struct Adaptive {
    limit: f64,
    most: f64,
    usual_ms: Option<f64>,
    cut_at: Option<Millis>,
}

impl Adaptive {
    pub(super) fn new(most: u32) -> Self {
        Self { limit: f64::from(most), most: f64::from(most), usual_ms: None, cut_at: None }
    }

    /// How many calls may run at a time; at least one.
    pub(super) fn allowed(&self) -> u32 {
        self.limit as u32
    }

    /// Takes in what an attempt says.
    pub(super) fn record(&mut self, now: Millis, load: Load) {
        match load {
            Load::Untold => {}
            Load::TooMuch => self.cut(now, 0.5),
            Load::Answered { took_ms, full } => {
                let usual = *self.usual_ms.get_or_insert(took_ms);
                self.usual_ms = Some(usual + (took_ms - usual) * WEIGHT);
                if took_ms > 2.0 * usual + ALLOWANCE {
                    self.cut(now, 0.9);
                } else if full {
                    self.limit = (self.limit + 1.0 / self.limit).min(self.most);
                }
            }
        }
    }

    fn cut(&mut self, now: Millis, factor: f64) {
        let just_cut = self.cut_at.is_some_and(|at| (0..PAUSE).contains(&now.saturating_sub(at)));
        if !just_cut {
            self.limit = (self.limit * factor).max(1.0);
            self.cut_at = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FAST: Load = Load::Answered { took_ms: 50.0, full: true };

    #[test]
    fn it_is_halved_once_for_each_overload_and_grows_back() {
        let mut adaptive = Adaptive::new(16);
        for (now, expect) in [(0, 8), (10, 8), (999, 8), (1_000, 4), (2_000, 2), (3_000, 1), (4_000, 1)] {
            adaptive.record(now, Load::TooMuch);
            assert_eq!(adaptive.allowed(), expect, "at {now}");
        }
        for answers in [1, 4, 12] {
            (0..answers).for_each(|_| adaptive.record(5_000, FAST));
        }
        assert!((4..=6).contains(&adaptive.allowed()), "{}", adaptive.allowed());
        (0..200).for_each(|_| adaptive.record(5_000, FAST));
        assert_eq!(adaptive.allowed(), 16);
    }

    #[test]
    fn a_limit_that_is_not_reached_does_not_grow() {
        let mut adaptive = Adaptive::new(4);
        adaptive.record(0, Load::TooMuch);
        (0..100).for_each(|_| adaptive.record(0, Load::Answered { took_ms: 50.0, full: false }));
        assert_eq!(adaptive.allowed(), 2);
    }

    #[test]
    fn answers_that_take_much_longer_than_usual_cut_it_a_little() {
        let mut adaptive = Adaptive::new(4);
        (0..50).for_each(|_| adaptive.record(0, FAST));
        adaptive.record(0, Load::Answered { took_ms: 340.0, full: true });
        assert_eq!(adaptive.allowed(), 4);
        adaptive.record(0, Load::Answered { took_ms: 2_000.0, full: true });
        assert_eq!(adaptive.allowed(), 3);
    }

    proptest! {
        #[test]
        fn it_stays_within_one_and_its_most(most in 1u32..64, loads in prop::collection::vec((0i64..2_000, 0.0f64..60_000.0, 0u8..3), 0..200)) {
            let mut adaptive = Adaptive::new(most);
            let mut now = 0;
            for (pause, took_ms, kind) in loads {
                now += pause;
                let before = adaptive.allowed();
                let load = [Load::TooMuch, Load::Answered { took_ms, full: true }, Load::Untold][usize::from(kind)];
                adaptive.record(now, load);
                prop_assert!((1..=most).contains(&adaptive.allowed()));
                prop_assert!(load != Load::TooMuch || adaptive.allowed() <= before);
            }
        }
    }
}

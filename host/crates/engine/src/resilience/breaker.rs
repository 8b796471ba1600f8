//! The breaker of one integration: closed, open, half-open. A pure state machine; time and
//! randomness are handed in, and what counts as a failure is decided elsewhere.

use super::window::Window;
use super::{Millis, Settings};

/// How an attempt went, as far as the provider's health goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    /// The provider answered.
    Good,
    /// It failed, or said that it is asked too often.
    Bad,
    /// It was not asked, or what happened was not its doing.
    Untold,
}

/// A circuit that opened until a moment, or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Opened { until: Millis },
    Closed,
}

/// Lets an attempt start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ticket {
    /// The circuit is closed.
    Usual,
    /// One of the attempts that try whether the provider is well again, of this round.
    Probe(u32),
}

/// What of the state others may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    Closed,
    Open { until: Millis },
    HalfOpen,
}

/// One breaker.
#[derive(Debug, Clone)]
pub(super) struct Breaker {
    phase: Phase,
    window: Window,
    in_a_row: u32,
    /// How often it was opened without a good while in between.
    doublings: u32,
    /// How long it was open the last time, and when it closed after that.
    last: Option<(Millis, Millis)>,
    round: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Closed,
    Open { until: Millis, length: Millis },
    Half { running: u32, good: u32, length: Millis },
}

/// How long to wait where all probes are under way, in milliseconds.
const PROBING: Millis = 1_000;

impl Breaker {
    pub(super) fn new(settings: &Settings) -> Self {
        let window = Window::new(settings.failure_window_ms);
        Self { phase: Phase::Closed, window, in_a_row: 0, doublings: 0, last: None, round: 0 }
    }

    /// Where it stands at `now`. A circuit whose time is over counts as half-open.
    pub(super) fn position(&self, now: Millis, settings: &Settings) -> Position {
        match self.phase {
            Phase::Closed => Position::Closed,
            Phase::Open { until, .. } if still_open(until, now, settings) => Position::Open { until },
            Phase::Open { .. } | Phase::Half { .. } => Position::HalfOpen,
        }
    }

    /// Whether an attempt would be let through at `now`; else how long to wait.
    pub(super) fn check(&self, now: Millis, settings: &Settings) -> Result<(), Millis> {
        match self.phase {
            Phase::Open { until, .. } if still_open(until, now, settings) => Err(until - now),
            Phase::Half { running, good, .. } if running + good >= settings.probes => Err(PROBING),
            _ => Ok(()),
        }
    }

    /// Lets an attempt through, which has to be given back with [`Breaker::record`].
    pub(super) fn admit(&mut self, now: Millis, settings: &Settings) -> Result<Ticket, Millis> {
        self.check(now, settings)?;
        match &mut self.phase {
            Phase::Closed => Ok(Ticket::Usual),
            Phase::Open { length, .. } => {
                self.phase = Phase::Half { running: 1, good: 0, length: *length };
                self.round = self.round.wrapping_add(1);
                Ok(Ticket::Probe(self.round))
            }
            Phase::Half { running, .. } => {
                *running += 1;
                Ok(Ticket::Probe(self.round))
            }
        }
    }

    /// Takes in how an attempt went. `roll` is asked for only where a circuit opens. What comes
    /// late, from before the circuit opened or from an earlier round of probes, changes nothing.
    pub(super) fn record(
        &mut self,
        ticket: Ticket,
        health: Health,
        now: Millis,
        settings: &Settings,
        roll: impl FnOnce() -> f64,
    ) -> Option<Change> {
        match (self.phase, ticket) {
            (Phase::Closed, Ticket::Usual) => self.count(health, now, settings, roll),
            (Phase::Half { running, good, length }, Ticket::Probe(round)) if round == self.round => {
                self.probed(health, (running.saturating_sub(1), good, length), now, settings, roll)
            }
            _ => None,
        }
    }

    fn count(
        &mut self,
        health: Health,
        now: Millis,
        settings: &Settings,
        roll: impl FnOnce() -> f64,
    ) -> Option<Change> {
        match health {
            Health::Untold => return None,
            Health::Good => self.in_a_row = 0,
            Health::Bad => self.in_a_row = self.in_a_row.saturating_add(1),
        }
        self.window.count(now, health == Health::Bad);
        if health == Health::Good || !self.is_too_much(now, settings) {
            return None;
        }
        // A provider that fails again as soon as it is used again is left alone for longer.
        let soon = self.last.is_some_and(|(length, closed_at)| (0..length).contains(&now.saturating_sub(closed_at)));
        self.doublings = if soon { self.doublings.saturating_add(1) } else { 0 };
        Some(self.open(now, settings, roll()))
    }

    fn is_too_much(&mut self, now: Millis, settings: &Settings) -> bool {
        let [good, bad] = self.window.totals(now).map(u64::from);
        let enough = good + bad >= u64::from(settings.failure_calls);
        let share = bad * 100 >= (good + bad) * u64::from(settings.failure_percent);
        self.in_a_row >= settings.failures_in_a_row || (enough && share)
    }

    fn probed(
        &mut self,
        health: Health,
        (running, good, length): (u32, u32, Millis),
        now: Millis,
        settings: &Settings,
        roll: impl FnOnce() -> f64,
    ) -> Option<Change> {
        let good = good + u32::from(health == Health::Good);
        self.phase = Phase::Half { running, good, length };
        if health == Health::Bad {
            self.doublings = self.doublings.saturating_add(1);
            return Some(self.open(now, settings, roll()));
        }
        if good < settings.probes {
            return None;
        }
        self.phase = Phase::Closed;
        self.last = Some((length, now));
        self.in_a_row = 0;
        self.window.clear();
        Some(Change::Closed)
    }

    fn open(&mut self, now: Millis, settings: &Settings, roll: f64) -> Change {
        let doubled = i64::from(settings.open_ms) << self.doublings.min(20);
        let usual = doubled.min(i64::from(settings.open_max_ms));
        // Apart by up to a fifth either way, so that not all come back at the same moment.
        let length = (usual as f64 * (0.8 + 0.4 * roll.clamp(0.0, 1.0))) as Millis;
        let until = now.saturating_add(length);
        self.phase = Phase::Open { until, length };
        Change::Opened { until }
    }
}

/// Whether the time is not over yet. A moment that is further away than any circuit stays open
/// comes from a clock that was set back.
fn still_open(until: Millis, now: Millis, settings: &Settings) -> bool {
    let left = until.saturating_sub(now);
    left > 0 && left <= i64::from(settings.open_max_ms) * 6 / 5
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Millis = 1_000_000_000;

    fn breaker() -> (Breaker, Settings) {
        let settings = Settings::default();
        (Breaker::new(&settings), settings)
    }

    /// Feeds a row of results, one every `pause` milliseconds; when it opened, if it did.
    fn feed(results: &str, pause: Millis) -> Option<usize> {
        let (mut breaker, settings) = breaker();
        results.chars().enumerate().find_map(|(place, result)| {
            let now = START + place as Millis * pause;
            let health = match result {
                'b' => Health::Bad,
                'g' => Health::Good,
                _ => Health::Untold,
            };
            let ticket = breaker.admit(now, &settings).unwrap();
            let changed = breaker.record(ticket, health, now, &settings, || 0.5);
            changed.map(|_| place + 1)
        })
    }

    #[test]
    fn it_opens_after_ten_in_a_row_or_half_of_twenty_in_ten_seconds() {
        let check = |results: &str, pause, expect| assert_eq!(feed(results, pause), expect, "{results} every {pause}");
        check(&"b".repeat(9), 1, None);
        check(&"b".repeat(10), 1, Some(10));
        check(&"b".repeat(10), 60_000, Some(10));
        check(&"bu".repeat(10), 1, Some(19));
        check(&("b".repeat(9) + "g" + &"b".repeat(9)), 1_500, None);
        check(&"gb".repeat(10), 1, Some(20));
        check(&("gb".repeat(9) + "g"), 1, None);
        check(&"ggb".repeat(40), 1, None);
        check(&"gb".repeat(40), 1_000, None);
    }

    #[test]
    fn it_stays_open_for_half_a_minute_and_doubles_up_to_five() {
        for (roll, expect) in [
            (0.5, [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]),
            (0.0, [24_000, 48_000, 96_000, 192_000, 240_000, 240_000]),
            (1.0, [36_000, 72_000, 144_000, 288_000, 360_000, 360_000]),
        ] {
            let (mut breaker, settings) = breaker();
            let mut now = START;
            for _ in 0..9 {
                breaker.record(Ticket::Usual, Health::Bad, now, &settings, || roll);
            }
            let mut ticket = Ticket::Usual;
            for length in expect {
                let changed = breaker.record(ticket, Health::Bad, now, &settings, || roll);
                assert_eq!(changed, Some(Change::Opened { until: now + length }));
                assert_eq!(breaker.admit(now + length - 1, &settings), Err(1));
                now += length;
                ticket = breaker.admit(now, &settings).unwrap();
            }
        }
    }

    fn opened() -> (Breaker, Settings) {
        let (mut breaker, settings) = breaker();
        for _ in 0..10 {
            breaker.record(Ticket::Usual, Health::Bad, START, &settings, || 0.5);
        }
        (breaker, settings)
    }

    #[test]
    fn three_good_probes_close_it_and_one_bad_one_opens_it_again() {
        for (results, expect) in [
            (vec![Health::Good, Health::Good, Health::Good], Some(Change::Closed)),
            (vec![Health::Good, Health::Untold, Health::Good], None),
            (vec![Health::Good, Health::Good, Health::Bad], Some(Change::Opened { until: START + 90_000 })),
        ] {
            let (mut breaker, settings) = opened();
            let now = START + 30_000;
            let tickets: Vec<Ticket> = (0..3).map(|_| breaker.admit(now, &settings).unwrap()).collect();
            assert_eq!(breaker.admit(now, &settings), Err(PROBING), "a fourth probe");
            let probes = tickets.into_iter().zip(results);
            let last = probes.map(|(t, health)| breaker.record(t, health, now, &settings, || 0.5)).last();
            assert_eq!(last, Some(expect));
        }
    }

    #[test]
    fn what_comes_late_changes_nothing() {
        let (mut breaker, settings) = opened();
        assert_eq!(breaker.record(Ticket::Usual, Health::Good, START, &settings, || 0.5), None);
        let now = START + 30_000;
        let (first, second) = (breaker.admit(now, &settings).unwrap(), breaker.admit(now, &settings).unwrap());
        breaker.record(first, Health::Bad, now, &settings, || 0.5).unwrap();
        assert_eq!(breaker.record(second, Health::Good, now, &settings, || 0.5), None);
        let later = now + 60_000;
        breaker.admit(later, &settings).unwrap();
        assert_eq!(breaker.record(second, Health::Bad, later, &settings, || 0.5), None, "of an earlier round");
        assert_eq!(breaker.position(later, &settings), Position::HalfOpen);
    }

    #[test]
    fn one_that_flaps_is_left_alone_for_longer() {
        let (mut breaker, settings) = opened();
        let mut now = START + 30_000;
        let mut lengths = Vec::new();
        for good_while in [1_000, 1_000, 1_000, 3_000_000] {
            for _ in 0..3 {
                let ticket = breaker.admit(now, &settings).unwrap();
                breaker.record(ticket, Health::Good, now, &settings, || 0.5);
            }
            now += good_while;
            let fail = |_| breaker.record(Ticket::Usual, Health::Bad, now, &settings, || 0.5);
            let Some(Change::Opened { until }) = (0..10).find_map(fail) else { panic!("it did not open") };
            lengths.push(until - now);
            now = until;
        }
        assert_eq!(lengths, [60_000, 120_000, 240_000, 30_000]);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_keep_it_open() {
        let (breaker, settings) = opened();
        assert!(matches!(breaker.position(START, &settings), Position::Open { .. }));
        assert_eq!(breaker.position(START - 86_400_000, &settings), Position::HalfOpen);
    }

    proptest! {
        /// Over any row of events: no more than three probes at a time, nothing gets through
        /// while it is open, it opens only after enough failures, and it never gets stuck.
        #[test]
        fn it_keeps_its_rules(events in prop::collection::vec((0u8..8, 0i64..20_000, 0.0f64..1.0), 1..400)) {
            let (mut breaker, settings) = breaker();
            let mut now = START;
            let mut under_way: Vec<(Ticket, u32)> = Vec::new();
            let (mut opened_until, mut bad_since, mut openings) = (None, 0u32, 0u32);
            for (event, pause, roll) in events {
                now += if event == 7 { pause * 10 } else { pause / 20 };
                if event < 4 {
                    match breaker.admit(now, &settings) {
                        Ok(ticket) => {
                            prop_assert!(opened_until.is_none_or(|until| now >= until), "let through while open");
                            under_way.push((ticket, openings));
                        }
                        Err(wait) => prop_assert!(wait > 0 && wait <= 360_000),
                    }
                    let probes = under_way.iter().filter(|(t, round)| matches!(t, Ticket::Probe(_)) && *round == openings);
                    prop_assert!(probes.count() <= 3);
                } else if let Some((ticket, _)) = under_way.pop() {
                    let health = [Health::Bad, Health::Bad, Health::Good, Health::Untold][usize::from(event - 4)];
                    bad_since += u32::from(health == Health::Bad);
                    match breaker.record(ticket, health, now, &settings, || roll) {
                        Some(Change::Opened { until }) => {
                            prop_assert!(matches!(ticket, Ticket::Probe(_)) || bad_since >= 10, "after {bad_since}");
                            prop_assert!((24_000..=360_000).contains(&(until - now)));
                            opened_until = Some(until);
                            openings += 1;
                        }
                        Some(Change::Closed) => {
                            prop_assert!(matches!(ticket, Ticket::Probe(_)));
                            (opened_until, bad_since) = (None, 0);
                        }
                        None => {}
                    }
                }
            }
            // Whatever happened: once everything has come back, a well provider is used again.
            for (ticket, _) in under_way {
                breaker.record(ticket, Health::Untold, now, &settings, || 0.5);
            }
            now += 360_001;
            for _ in 0..3 {
                let ticket = breaker.admit(now, &settings);
                prop_assert!(ticket.is_ok());
                breaker.record(ticket.unwrap(), Health::Good, now, &settings, || 0.5);
            }
            prop_assert_eq!(breaker.position(now, &settings), Position::Closed);
        }
    }
}

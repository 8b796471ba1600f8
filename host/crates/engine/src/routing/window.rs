//! A sliding window over the calls of one integration and capability, by the minute.

use gatehouse_domain::execution::{Execution, Outcome};
use gatehouse_domain::guest::GuestErrorKind;
use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::routing::SuccessRate;
use gatehouse_store::records::RouteMinute;

use super::split::uniform;

/// How many minutes are kept: the longest window that a policy can ask for.
const KEPT: i64 = 60;

/// The calls of the last hour, by minute, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Window(pub(super) Vec<RouteMinute>);

impl Window {
    /// Counts a call that ended in the minute `at`.
    pub(super) fn count(&mut self, at: i64, good: bool) {
        let minute = RouteMinute { at, good: u32::from(good), bad: u32::from(!good) };
        self.merge(&[minute]);
    }

    /// Adds the calls of other minutes, and forgets what is too old to matter.
    pub(super) fn merge(&mut self, minutes: &[RouteMinute]) {
        for minute in minutes {
            match self.0.binary_search_by_key(&minute.at, |known| known.at) {
                Ok(place) => {
                    if let Some(known) = self.0.get_mut(place) {
                        known.good = known.good.saturating_add(minute.good);
                        known.bad = known.bad.saturating_add(minute.bad);
                    }
                }
                Err(place) => self.0.insert(place, *minute),
            }
        }
        if let Some(newest) = self.newest() {
            self.0.retain(|minute| newest - minute.at < KEPT);
        }
    }

    /// The minute of the newest call.
    pub(super) fn newest(&self) -> Option<i64> {
        self.0.last().map(|minute| minute.at)
    }

    /// How often calls succeed, from 0 to 1, as one would guess who expects one success and one
    /// failure beforehand: an integration that was never called stands at one half.
    pub(super) fn rate(&self, now: i64, minutes: u32, calls: u32) -> f64 {
        let recent = self.0.iter().rev().take_while(|minute| now - minute.at < i64::from(minutes));
        let (mut good, mut all) = (0u64, 0u64);
        for minute in recent {
            if all >= u64::from(calls) {
                break;
            }
            good += u64::from(minute.good);
            all += u64::from(minute.good) + u64::from(minute.bad);
        }
        #[allow(clippy::cast_precision_loss, reason = "no hour has that many calls")]
        let rate = (good + 1) as f64 / (all + 2) as f64;
        rate
    }
}

/// Whether a call speaks for its integration, against it, or says nothing of it.
pub(super) fn verdict(execution: &Execution) -> Option<bool> {
    match (execution.outcome, execution.error.as_ref().map(|error| error.kind)) {
        (Outcome::Queued | Outcome::Running | Outcome::Cancelled, _) => None,
        (Outcome::Succeeded, _) => Some(true),
        // The caller asked for something that can not be, wherever it is sent.
        (
            _,
            Some(
                GuestErrorKind::InvalidInput
                | GuestErrorKind::NotFound
                | GuestErrorKind::Conflict
                | GuestErrorKind::Unsupported,
            ),
        ) => None,
        // A decline counts: who is declined less often is who shall be asked.
        _ => Some(false),
    }
}

/// The integrations, the most successful first, with their rates. With the probability
/// `explore`, one of the others comes first instead. `chance` gives a number from 0 to 1 for
/// each name, and decides all of it.
pub(super) fn order(
    choice: &SuccessRate,
    rates: &[f64],
    chance: impl Fn(&str) -> f64,
) -> (Vec<(IntegrationId, f64)>, bool) {
    let mut ranked: Vec<(IntegrationId, f64)> =
        choice.integrations.iter().copied().zip(rates.iter().copied()).collect();
    ranked.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let others = ranked.len().saturating_sub(1);
    let explores = others > 0 && chance("explore") <= choice.explore && choice.explore > 0.0;
    if explores {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let which = 1 + ((chance("which") * others as f64).ceil() as usize).clamp(1, others) - 1;
        let chosen = ranked.remove(which);
        ranked.insert(0, chosen);
    }
    (ranked, explores)
}

/// The chance of a call: by seed and key where both are given, so that it can be told again.
pub(super) fn chance_of(seed: [u8; 8], key: &str) -> impl Fn(&str) -> f64 + use<> {
    let key = key.to_owned();
    move |name| uniform(&[&seed, key.as_bytes(), name.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(minutes: &[(i64, u32, u32)]) -> Window {
        let mut window = Window::default();
        window.merge(&minutes.iter().map(|&(at, good, bad)| RouteMinute { at, good, bad }).collect::<Vec<_>>());
        window
    }

    #[test]
    fn a_window_slides_by_time_and_by_calls() {
        let check = |window: &Window, now, minutes, calls, good: u32, all: u32| {
            let expect = f64::from(good + 1) / f64::from(all + 2);
            let found = window.rate(now, minutes, calls);
            assert!((found - expect).abs() < 1e-9, "{found} and not {expect}: {window:?}");
        };
        let seen = window(&[(100, 9, 1), (110, 0, 10), (114, 5, 5)]);
        check(&seen, 114, 15, 200, 14, 30);
        check(&seen, 115, 15, 200, 5, 20);
        check(&seen, 114, 1, 200, 5, 10);
        check(&seen, 114, 15, 10, 5, 10);
        check(&seen, 114, 15, 11, 5, 20);
        check(&seen, 200, 15, 200, 0, 0);
        check(&Window::default(), 0, 15, 200, 0, 0);
    }

    #[test]
    fn a_window_keeps_an_hour_and_adds_up_minutes_in_any_order() {
        let mut seen = window(&[(10, 1, 0)]);
        seen.count(9, false);
        seen.count(10, true);
        assert_eq!(seen, window(&[(9, 0, 1), (10, 2, 0)]));
        seen.count(69, true);
        assert_eq!(seen, window(&[(10, 2, 0), (69, 1, 0)]));
    }

    fn ids() -> Vec<IntegrationId> {
        (0..3).map(|n| IntegrationId::new(n, [0; 10])).collect()
    }

    fn choice(explore: f64) -> SuccessRate {
        SuccessRate { integrations: ids(), window_minutes: 15, window_calls: 200, explore, seed: None }
    }

    fn order_of(explore: f64, rates: &[f64], chance: impl Fn(&str) -> f64) -> (Vec<usize>, bool) {
        let (ranked, explores) = order(&choice(explore), rates, chance);
        (ranked.iter().map(|(id, _)| ids().iter().position(|known| known == id).unwrap()).collect(), explores)
    }

    #[test]
    fn the_best_comes_first_and_the_list_breaks_ties() {
        assert_eq!(order_of(0.0, &[0.2, 0.9, 0.5], |_| 0.0), (vec![1, 2, 0], false));
        assert_eq!(order_of(0.5, &[0.5, 0.5, 0.5], |_| 0.6), (vec![0, 1, 2], false));
        let explore = |which: f64| move |name: &str| if name == "explore" { 0.1 } else { which };
        assert_eq!(order_of(0.5, &[0.2, 0.9, 0.5], explore(0.3)), (vec![2, 1, 0], true));
        assert_eq!(order_of(0.5, &[0.2, 0.9, 0.5], explore(1.0)), (vec![0, 1, 2], true));
        assert_eq!(order_of(0.5, &[0.2, 0.9, 0.5], explore(0.0)), (vec![2, 1, 0], true));
    }

    #[test]
    fn as_many_calls_explore_as_asked_and_one_seed_tells_which() {
        let run = |seed: u64| -> Vec<(Vec<usize>, bool)> {
            let of = |key: usize| chance_of(seed.to_be_bytes(), &key.to_string());
            (0..4_000).map(|key| order_of(0.1, &[0.9, 0.5, 0.4], of(key))).collect()
        };
        let first = run(7);
        let explored = first.iter().filter(|(_, explores)| *explores).count();
        // Five standard deviations around 400.
        assert!((305..=495).contains(&explored), "{explored}");
        let of_second = first.iter().filter(|(order, explores)| *explores && order[0] == 1).count();
        assert!(of_second * 3 > explored && of_second * 3 < explored * 2, "{of_second} of {explored}");
        assert_eq!(first, run(7));
        assert_ne!(first, run(8));
    }
}

//! Twenty providers of one tenant at virtual time, one of which fails in one of five ways. The
//! others must hardly notice, and the failing one must not be asked much more often than callers
//! ask. Every number comes from a seed, which a failure prints.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Mutex};

use gatehouse_domain::capability::Effect;
use gatehouse_domain::execution::{ProviderCall, RateSeen};
use gatehouse_domain::guest::{GuestError, GuestErrorKind};
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::time::from_millis;
use gatehouse_runtime::Answer;

use super::seen::tests::call;
use super::*;

const START: Millis = 1_700_000_000_000;
const PROVIDERS: u8 = 20;
/// Calls of each provider in a second, how long they come, and when the trouble begins, in ms.
const PER_SECOND: f64 = 20.0;
const LENGTH: Millis = 120_000;
const TROUBLE: Millis = 15_000;
/// Every so many answers of a provider that is well is a 503 all the same.
const HICCUP: f64 = 200.0;

/// How a provider fails.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mode {
    Slow,
    Failing,
    Resets,
    Throttling,
    Flapping,
}

/// Random numbers from a seed (splitmix64).
#[derive(Clone)]
struct Random(Arc<Mutex<u64>>);

impl Random {
    fn fraction(&self) -> f64 {
        let mut state = self.0.lock().unwrap();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A pause between two of `per_second`, as they come by themselves.
    fn pause(&self, per_second: f64) -> Millis {
        (-(1.0 - self.fraction()).ln() * 1_000.0 / per_second) as Millis
    }
}

/// One request of a caller.
struct Request {
    provider: u8,
    asked_at: Millis,
    /// Since when it waits to be let in.
    waits_since: Millis,
    attempt: u32,
    under_way: Option<(Pass, ProviderCall)>,
    ended: Option<bool>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrives(u8),
    Tries(usize),
    Answered(usize),
}

/// What came of one run, for the failing provider and for the others.
#[derive(Debug, Default)]
struct Counts {
    asked: [u64; 2],
    succeeded: [u64; 2],
    sent: [u64; 2],
}

struct World {
    mode: Mode,
    random: Random,
    resilience: Resilience,
    events: BinaryHeap<Reverse<(Millis, u64, Event)>>,
    number: u64,
    requests: Vec<Request>,
    counts: Counts,
}

impl World {
    fn run(mode: Mode, seed: u64, settings: Settings) -> (Counts, Resilience) {
        let random = Random(Arc::new(Mutex::new(seed)));
        let dice = random.clone();
        let resilience = Resilience::new(settings, Arc::new(move || dice.fraction()));
        let (events, requests) = (BinaryHeap::new(), Vec::new());
        let mut world = Self { mode, random, resilience, events, number: 0, requests, counts: Counts::default() };
        (0..PROVIDERS).for_each(|provider| world.plan(START + Millis::from(provider), Event::Arrives(provider)));
        while let Some(Reverse((now, _, event))) = world.events.pop() {
            match event {
                Event::Arrives(provider) => world.arrives(provider, now),
                Event::Tries(request) => world.tries(request, now),
                Event::Answered(request) => world.answered(request, now),
            }
        }
        assert!(world.requests.iter().all(|request| request.ended.is_some()), "somebody still waits");
        (world.counts, world.resilience)
    }

    fn plan(&mut self, at: Millis, event: Event) {
        self.number += 1;
        self.events.push(Reverse((at, self.number, event)));
    }

    fn arrives(&mut self, provider: u8, now: Millis) {
        self.counts.asked[kind(provider)] += 1;
        let (asked_at, waits_since) = (now, now);
        self.requests.push(Request { provider, asked_at, waits_since, attempt: 1, under_way: None, ended: None });
        self.tries(self.requests.len() - 1, now);
        if now < START + LENGTH {
            let next = now + self.random.pause(PER_SECOND);
            self.plan(next, Event::Arrives(provider));
        }
    }

    fn tries(&mut self, place: usize, now: Millis) {
        let request = &self.requests[place];
        let provider = request.provider;
        let entry = Entry {
            tenant: TenantId::from_bytes([1; 16]),
            provider: NAMES[usize::from(provider)],
            integration: IntegrationId::from_bytes([provider; 16]),
            rate: None,
            priority: Priority::Interactive,
            attempt: request.attempt,
        };
        match self.resilience.try_enter(&entry, from_millis(now)) {
            Ok(pass) => {
                self.counts.sent[kind(provider)] += 1;
                let (took, answer) = self.behave(provider, now);
                self.requests[place].under_way = Some((pass, answer));
                self.plan(now + took, Event::Answered(place));
            }
            // As the layer does for interactive calls, it waits a second for a place.
            Err(refused) if refused.blocked == Blocked::Full && now - request.waits_since < 1_000 => {
                self.plan(now + 10, Event::Tries(place));
            }
            Err(_) => self.requests[place].ended = Some(false),
        }
    }

    fn answered(&mut self, place: usize, now: Millis) {
        let request = &mut self.requests[place];
        let (pass, answer) = request.under_way.take().unwrap();
        let calls = [answer];
        pass.finish(&Seen::of_calls(&calls), from_millis(now));
        if calls[0].status == Some(200) {
            request.ended = Some(true);
            self.counts.succeeded[kind(request.provider)] += 1;
            return;
        }
        let left_ms = u64::try_from(request.asked_at + 30_000 - now).unwrap_or_default();
        let attempt =
            Attempt { effect: Effect::Read, number: request.attempt, answer: &refusal(), calls: &calls, left_ms };
        let pause = next_try(&attempt, self.resilience.settings(), self.random.fraction());
        let integration = IntegrationId::from_bytes([request.provider; 16]);
        match pause.filter(|_| self.resilience.take_retry(integration, from_millis(now))) {
            Some(pause) => {
                let at = now + Millis::try_from(pause).unwrap();
                request.attempt += 1;
                request.waits_since = at;
                self.plan(at, Event::Tries(place));
            }
            None => request.ended = Some(false),
        }
    }

    /// How long a provider takes, and what it answers.
    fn behave(&mut self, provider: u8, now: Millis) -> (Millis, ProviderCall) {
        let usual = 20 + (self.random.fraction() * 100.0) as Millis;
        let since = now - START - TROUBLE;
        let hiccup = self.random.fraction() * HICCUP < 1.0;
        let well = provider != 0 || since < 0 || (self.mode == Mode::Flapping && since / 5_000 % 2 == 1);
        let (took, text) = match self.mode {
            _ if well && !hiccup => (usual, "GET 200"),
            _ if well => (usual, "GET 503"),
            Mode::Slow => (25_000, "GET timeout"),
            Mode::Failing | Mode::Flapping => (usual, "GET 502"),
            Mode::Resets => (3, "GET broken"),
            Mode::Throttling => (5, "GET 429"),
        };
        let mut answer = call(text);
        answer.duration_us = u64::try_from(took).unwrap() * 1_000;
        let wait = (text == "GET 429").then_some(2_000);
        answer.rate = wait.map(|wait| RateSeen { retry_after_ms: Some(wait), ..RateSeen::default() });
        (took, answer)
    }
}

const NAMES: [&str; 20] =
    ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t"];

/// 0 for the failing provider, 1 for the others.
fn kind(provider: u8) -> usize {
    usize::from(provider != 0)
}

fn refusal() -> Answer {
    let (kind, message) = (GuestErrorKind::Unavailable, "no".to_owned());
    Answer::Refused(GuestError { kind, message, provider_code: None, http_status: None, retry_after_ms: None })
}

const MODES: [Mode; 5] = [Mode::Slow, Mode::Failing, Mode::Resets, Mode::Throttling, Mode::Flapping];

#[test]
fn one_failing_provider_takes_no_other_with_it() {
    for (mode, seed) in MODES.into_iter().flat_map(|mode| [1, 2, 3].map(|seed| (mode, seed))) {
        let (counts, resilience) = World::run(mode, seed, Settings::default());
        let others = counts.succeeded[1] as f64 / counts.asked[1] as f64;
        let shown = format!("{mode:?} with seed {seed}: {counts:?}, circuits {:?}", resilience.transitions());
        assert!(others >= 0.999, "only {others} of the others' calls succeeded: {shown}");
        for kind in [0, 1] {
            let amplified = counts.sent[kind] as f64 / counts.asked[kind] as f64;
            assert!(amplified <= 1.2, "{amplified} attempts a request: {shown}");
        }
        assert!(resilience.transitions().0 >= 1, "no circuit opened: {shown}");
        // It is left alone for most of the time in which it fails.
        let most = if mode == Mode::Flapping { 0.75 } else { 0.35 };
        assert!((counts.sent[0] as f64) < counts.asked[0] as f64 * most, "it was asked too often: {shown}");
    }
}

#[test]
fn without_a_breaker_the_retry_budget_alone_bounds_the_retries() {
    let never = u32::MAX;
    let off = Settings { failures_in_a_row: never, failure_calls: never, retry_floor: 0, ..Settings::default() };
    for (mode, seed) in [Mode::Failing, Mode::Resets].into_iter().zip([4, 5]) {
        let (counts, resilience) = World::run(mode, seed, off.clone());
        assert_eq!(resilience.transitions(), (0, 0));
        let amplified = counts.sent[0] as f64 / counts.asked[0] as f64;
        assert!((1.05..=1.2).contains(&amplified), "{mode:?} with seed {seed}: {amplified}");
    }
}

//! The provider of a simulation: it rotates refresh tokens, ends a whole family where one is used
//! twice, and knows of every token who may still send it. It alone sees tokens, so it is here that
//! most of what must hold is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::json;
use tokio::time::Duration;

use crate::simulation::{Answering, Dice, Fate, Ground, Peer, Sent, Skewed, Trace, answer};

/// What a provider does with a refresh token that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// Its second use is theft, and ends the family.
    Strict,
    /// As above, and each refresh ends the access token before it.
    Strictest,
    /// It is good for another minute.
    Lenient,
    /// It stays.
    Static,
}

/// The provider.
pub(super) struct Issuer {
    dice: Dice,
    clock: Skewed,
    trace: Trace,
    habit: Habit,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    families: Vec<Family>,
    /// No more faults.
    behaves: bool,
    /// Requests for tokens whose senders live and wait.
    under_way: BTreeSet<u64>,
    /// What becomes of requests for tokens, by number.
    fates: BTreeMap<u64, Fate>,
    /// Requests for tokens that were heard, and whether they were refused.
    refused: BTreeMap<u64, bool>,
    /// Which token each generation turned out to be.
    generations: BTreeMap<u32, String>,
    /// How many requests for tokens there were, how many gave a token to somebody who heard, and
    /// how much there was that can have cost one.
    asked: usize,
    given: usize,
    excuses: usize,
}

/// What came of one consent.
#[derive(Default)]
struct Family {
    /// Why it is over.
    over: bool,
    /// Whether a person ended it, or an answer with tokens of it was lost: then it may be over.
    excused: bool,
    /// When each access token ends, by number; the refresh token has the same number.
    pairs: Vec<Pair>,
    /// The highest number of which something was used: it is durable, and what is before it is past.
    used: usize,
    /// The number whose refresh token was refused to somebody who heard it.
    refused: Option<usize>,
}

struct Pair {
    ends: u64,
    /// When the refresh token was used.
    spent: Option<u64>,
}

impl Issuer {
    pub(super) fn new(ground: &Ground) -> Arc<Self> {
        let habits = [Habit::Strict, Habit::Strictest, Habit::Strict, Habit::Lenient, Habit::Static];
        let habit = habits[ground.dice.below(5) as usize];
        let (dice, clock, trace) = (ground.dice.clone(), ground.clock.clone(), ground.trace.clone());
        trace.note(format!("the provider is {habit:?}"));
        Arc::new(Self { dice, clock, trace, habit, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A person agrees: the first pair of a new family, and how long its access token lives.
    pub(super) fn agree(&self) -> (String, String, u64) {
        let mut state = self.state();
        state.excuses += 1;
        state.families.push(Family::default());
        let family = state.families.len() - 1;
        let life = self.add_pair(&mut state, family);
        (format!("at-{family}-0"), format!("rt-{family}-0"), life)
    }

    fn add_pair(&self, state: &mut State, family: usize) -> u64 {
        let life = 120 + self.dice.below(600);
        state.families[family].pairs.push(Pair { ends: self.clock.passed() + life * 1_000, spent: None });
        life
    }

    /// A person takes the consent back at the provider.
    pub(super) fn take_back(&self) {
        let mut state = self.state();
        state.excuses += 1;
        if let Some(family) = state.families.last_mut() {
            (family.over, family.excused) = (true, true);
        }
    }

    /// From now on it does no harm.
    pub(super) fn behave(&self) {
        self.state().behaves = true;
    }

    /// A server died or is thought dead; whether it was renewing a token.
    pub(super) fn server_gone(&self, in_flight: bool) {
        let mut state = self.state();
        state.under_way.clear();
        state.excuses += 1;
        if let Some(family) = state.families.last_mut().filter(|_| in_flight) {
            family.excused = true;
        }
    }

    /// Whether there is a reason for a person to be needed.
    pub(super) fn may_be_over(&self) -> bool {
        self.state().families.last().is_some_and(|family| family.excused)
    }

    /// What can be said only in the end: refreshes that gave nothing have each a reason.
    pub(super) fn judge(&self) {
        let state = self.state();
        let idle = state.asked - state.given;
        self.trace.must(idle <= 3 * state.excuses + 3, || {
            format!("{idle} of {} refreshes came to nothing, for {} reasons", state.asked, state.excuses)
        });
    }

    fn misfortune(&self) -> Fate {
        let dice = &self.dice;
        match dice.below(10) {
            0 => Fate::Unconnected,
            1 => Fate::BreaksBefore,
            2 | 3 => Fate::BreaksAfter(dice.millis(2_000)),
            4 => Fate::Front(500, dice.one_in(2)),
            5 => Fate::Front([429, 503][dice.below(2) as usize], false),
            6 => Fate::Front(200, true),
            7 => Fate::Arrives(dice.millis(50_000), dice.millis(1_000)),
            8 => Fate::Arrives(dice.millis(1_000), dice.millis(50_000)),
            _ => Fate::Arrives(Duration::from_secs(45), Duration::ZERO),
        }
    }

    /// A refresh token that is sent: who may still send it.
    fn sent(&self, state: &mut State, number: u64, token: &str) {
        let (family, at) = numbers(token);
        self.trace.must(state.under_way.is_empty(), || format!("{token} is sent while another refresh is under way"));
        state.under_way.insert(number);
        state.asked += 1;
        let known = &mut state.families[family];
        // The one before is asked with once, where the newest is refused and was never seen to work.
        let fallback = known.refused.take().is_some_and(|refused| refused > at && refused >= known.used);
        let past = at < known.used && self.habit != Habit::Static;
        self.trace
            .must(!past || fallback, || format!("{token} is sent, and {} of its family was used before", known.used));
    }

    fn refresh(&self, number: u64, token: &str) -> Answering {
        let mut state = self.state();
        let now = self.clock.passed();
        let (family, at) = numbers(token);
        let known = &mut state.families[family];
        let spent = known.pairs[at].spent;
        let again = match self.habit {
            Habit::Strict | Habit::Strictest => spent.is_some(),
            Habit::Lenient => spent.is_some_and(|at| now > at + 60_000),
            Habit::Static => false,
        };
        if again || known.over {
            known.over = true;
            state.refused.insert(number, true);
            self.trace.note(format!("{token} is refused"));
            return answer(400, &json!({ "error": "invalid_grant" }));
        }
        known.pairs[at].spent.get_or_insert(now);
        if self.habit == Habit::Strictest {
            known.pairs.iter_mut().for_each(|pair| pair.ends = pair.ends.min(now));
        }
        let life = self.add_pair(&mut state, family);
        let next = state.families[family].pairs.len() - 1;
        state.refused.insert(number, false);
        self.trace.note(format!("{token} gives number {next}"));
        let mut given =
            json!({ "access_token": format!("at-{family}-{next}"), "token_type": "Bearer", "expires_in": life });
        if self.habit != Habit::Static {
            given["refresh_token"] = json!(format!("rt-{family}-{next}"));
        }
        answer(200, &given)
    }

    /// A call with an access token of a generation.
    fn call(&self, token: &str, generation: u32) -> Answering {
        let mut state = self.state();
        let (family, at) = numbers(token);
        let first = state.generations.entry(generation).or_insert_with(|| token.to_owned()).clone();
        self.trace.must(first == token, || format!("the generation {generation} was {first} and is {token} now"));
        let known = &mut state.families[family];
        known.used = known.used.max(at);
        let good = !known.over && known.pairs[at].ends > self.clock.passed();
        self.trace.note(format!("{token} is {}", if good { "good" } else { "refused" }));
        answer(if good { 200 } else { 401 }, &json!({}))
    }
}

impl Peer for Issuer {
    fn fate(&self, number: u64, request: &Sent) -> Fate {
        let mut state = self.state();
        let dice = &self.dice;
        if let Some(token) = refresh_token(request) {
            self.sent(&mut state, number, &token);
        }
        let fate = if state.behaves || !dice.one_in(3) {
            Fate::Arrives(dice.millis(300), dice.millis(300))
        } else {
            state.excuses += 1;
            self.misfortune()
        };
        state.fates.insert(number, fate);
        fate
    }

    fn hear(&self, number: u64, request: &Sent) -> Answering {
        if let Some(token) = refresh_token(request) {
            return self.refresh(number, &token);
        }
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let token = header("authorization").strip_prefix("Bearer ").unwrap_or_default();
        self.call(token, header("x-generation").parse().unwrap())
    }

    fn over(&self, number: u64, request: &Sent, heard: bool) {
        let Some(token) = refresh_token(request) else { return };
        let mut state = self.state();
        state.under_way.remove(&number);
        let (family, at) = numbers(&token);
        let refused = state.refused.get(&number).copied();
        // What came of it is not known here: it was heard there, or may be yet.
        let lost = match state.fates.get(&number) {
            Some(Fate::Arrives(..)) => !heard,
            Some(Fate::BreaksAfter(_) | Fate::Front(_, true)) => true,
            Some(Fate::Unconnected | Fate::BreaksBefore | Fate::Front(_, false)) | None => false,
        };
        let known = &mut state.families[family];
        match refused {
            _ if lost => known.excused = true,
            Some(true) => known.refused = Some(at),
            Some(false) => state.given += 1,
            None => {}
        }
    }
}

/// The family and the place in it that a token names.
fn numbers(token: &str) -> (usize, usize) {
    let mut parts = token.split('-').skip(1).map(|part| part.parse().unwrap());
    (parts.next().unwrap(), parts.next().unwrap())
}

fn refresh_token(request: &Sent) -> Option<String> {
    let body = std::str::from_utf8(request.body()).ok().filter(|_| request.uri().path() == "/token")?;
    body.split('&').find_map(|pair| pair.strip_prefix("refresh_token=")).map(str::to_owned)
}

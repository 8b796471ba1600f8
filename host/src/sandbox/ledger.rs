//! What the provider remembers: writes by idempotency key, how many it carried out, and what
//! arrived. It decides each answer; it sends nothing.

use std::collections::{HashMap, VecDeque};

use gatehouse_domain::{Error, Result};
use serde_json::json;

use crate::sandbox::choose::{Match, choose, choose_answered, hint, name_of};
use crate::sandbox::events::{Delivery, about};
use crate::sandbox::fixture::{Failure, Fixtures, Response};
use crate::sandbox::given::Given;
use crate::sandbox::journal::Arrival;
use crate::sandbox::memory::Memory;

/// How many arrivals, and how many keys, are kept.
const KEPT: usize = 10_000;

/// The provider's memory.
#[derive(Debug)]
pub(super) struct Provider {
    fixtures: Fixtures,
    preferred: Option<String>,
    writes: HashMap<String, Write>,
    /// The keys of `writes`, oldest first.
    order: VecDeque<String>,
    effects: u64,
    journal: VecDeque<Arrival>,
    /// What it knows of things that were made; none where it only plays fixtures.
    memory: Option<Memory>,
    /// What it has to tell by webhook.
    events: Vec<Delivery>,
    told: u64,
}

/// A write under an idempotency key.
#[derive(Debug)]
struct Write {
    fingerprint: String,
    /// What it was answered with; none while the answer was withheld.
    answer: Option<Response>,
}

/// A decision about a request.
struct Decision {
    case: Option<String>,
    answer: Result<Response, Failure>,
    repeated: bool,
}

impl Provider {
    pub(super) fn new(fixtures: Fixtures) -> Self {
        Self {
            fixtures,
            preferred: None,
            writes: HashMap::new(),
            order: VecDeque::new(),
            effects: 0,
            journal: VecDeque::new(),
            memory: None,
            events: Vec::new(),
            told: 0,
        }
    }

    /// A provider that remembers what was made in it, and tells of it.
    pub(super) fn with_memory(fixtures: Fixtures) -> Self {
        let memory = Some(Memory::new(&fixtures));
        Self { memory, ..Self::new(fixtures) }
    }

    /// What there is to tell, once.
    pub(super) fn events(&mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.events)
    }

    pub(super) fn prefer(&mut self, function: &str, case: &str) -> Result<()> {
        let wanted = format!("{function}/{case}");
        if !self.fixtures.cases.iter().any(|case| name_of(case) == wanted) {
            return Err(Error::not_found("fixture", wanted));
        }
        self.preferred = Some(wanted);
        Ok(())
    }

    pub(super) fn prefer_success(&mut self) {
        self.preferred = None;
    }

    pub(super) fn journal(&self) -> Vec<Arrival> {
        self.journal.iter().cloned().collect()
    }

    pub(super) fn effects(&self) -> u64 {
        self.effects
    }

    /// Decides what a request gets, carries it out and notes it.
    pub(super) fn answer(&mut self, given: &Given) -> Result<Response, Failure> {
        let decision = match self.repeat(given) {
            Some(decision) => decision,
            None => self.first_time(given),
        };
        self.note(given, &decision);
        decision.answer
    }

    /// The same write again under its key gets the same answer; another one is refused.
    fn repeat(&mut self, given: &Given) -> Option<Decision> {
        let key = given.idempotency_key.as_ref().filter(|_| given.is_write())?;
        let write = self.writes.get_mut(key)?;
        if write.fingerprint != given.fingerprint() {
            return Some(Decision { case: None, answer: Ok(conflict()), repeated: true });
        }
        let (case, answer) = match &write.answer {
            Some(answer) => (None, Ok(answer.clone())),
            None => match choose_answered(&self.fixtures, given) {
                Some(Match { case, answer: Ok(answer) }) => {
                    write.answer = Some(answer.clone());
                    (Some(case), Ok(answer))
                }
                _ => (None, Err(Failure::Interrupted)),
            },
        };
        Some(Decision { case, answer, repeated: true })
    }

    fn first_time(&mut self, given: &Given) -> Decision {
        let played = choose(&self.fixtures, given, self.preferred.as_deref());
        // A fixture that asks for this very error gets it; all else is told from memory.
        let succeeds = |found: &Match| found.answer.as_ref().is_ok_and(|answer| (200..300).contains(&answer.status));
        let found = if played.as_ref().is_none_or(succeeds) { self.remembered(given).or(played) } else { played };
        let Some(found) = found else {
            let answer = Ok(response(404, hint(&self.fixtures, given)));
            return Decision { case: None, answer, repeated: false };
        };
        if given.is_write() && is_carried_out(&found.answer) {
            self.effects += 1;
            self.remember(given, found.answer.as_ref().ok());
        }
        Decision { case: Some(found.case), answer: found.answer, repeated: false }
    }

    /// What memory says, and what is to be told of it.
    fn remembered(&mut self, given: &Given) -> Option<Match> {
        let found = self.memory.as_mut()?.answer(&self.fixtures, given)?;
        if let Some(thing) = &found.changed {
            self.told += 1;
            self.events.extend(about(&self.fixtures, thing, self.told));
        }
        Some(Match { case: found.case, answer: Ok(found.response) })
    }

    fn remember(&mut self, given: &Given, answer: Option<&Response>) {
        let Some(key) = &given.idempotency_key else { return };
        self.writes.insert(key.clone(), Write { fingerprint: given.fingerprint(), answer: answer.cloned() });
        self.order.push_back(key.clone());
        if self.order.len() > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.writes.remove(&oldest);
        }
    }

    fn note(&mut self, given: &Given, decision: &Decision) {
        if self.journal.len() == KEPT {
            self.journal.pop_front();
        }
        self.journal.push_back(Arrival {
            method: given.method.clone(),
            path: given.path.clone(),
            query_names: given.query.iter().map(|(name, _)| name.clone()).collect(),
            header_names: given.header_names.clone(),
            credential: given.credential,
            idempotency_key: given.idempotency_key.clone(),
            repeated: decision.repeated,
            case: decision.case.clone(),
            status: decision.answer.as_ref().ok().map(|response| response.status),
        });
    }
}

/// A success was carried out; so was a write whose answer was withheld, which is what makes
/// such a write dangerous to repeat.
fn is_carried_out(answer: &Result<Response, Failure>) -> bool {
    match answer {
        Ok(response) => (200..300).contains(&response.status),
        Err(failure) => *failure != Failure::Connect,
    }
}

fn conflict() -> Response {
    let message = "this idempotency key was used for another request; use a new key";
    response(409, json!({ "error": { "type": "idempotency_error", "message": message } }))
}

fn response(status: u16, json: serde_json::Value) -> Response {
    Response { status, headers: std::collections::BTreeMap::new(), json: Some(json), text: None }
}

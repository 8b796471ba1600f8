//! Chooses the fixture that answers a request, and names the nearest ones where none does.

use serde_json::{Value, json};

use crate::sandbox::compare::{Difference, differences};
use crate::sandbox::fixture::{Case, Exchange, Failure, Fixtures, Response};
use crate::sandbox::given::Given;

/// How many fixtures a refusal names.
const NEAREST: usize = 3;

/// What a fixture says to a request.
#[derive(Debug, Clone)]
pub(super) struct Match {
    /// `<function>/<case>`.
    pub(super) case: String,
    /// The answer, or why there is none.
    pub(super) answer: Result<Response, Failure>,
}

/// The fixture for a request: the preferred case, then one that succeeds, then by name.
pub(super) fn choose(fixtures: &Fixtures, given: &Given, preferred: Option<&str>) -> Option<Match> {
    let mut fits = all_fits(fixtures, given);
    fits.sort_by_key(|(case, _)| (preferred != Some(name_of(case).as_str()), case.record.output.is_none()));
    fits.into_iter().next().map(|(case, exchange)| matched(case, exchange))
}

/// The fixture that shows what came of a write whose answer was withheld.
pub(super) fn choose_answered(fixtures: &Fixtures, given: &Given) -> Option<Match> {
    let mut fits = all_fits(fixtures, given);
    fits.retain(|(_, exchange)| exchange.response.is_some());
    fits.sort_by_key(|(case, _)| case.record.output.is_none());
    fits.into_iter().next().map(|(case, exchange)| matched(case, exchange))
}

/// The answer to a request that no fixture has: what the nearest ones would have wanted.
pub(super) fn hint(fixtures: &Fixtures, given: &Given) -> Value {
    let mut ranked: Vec<(u32, String, &Exchange, Vec<Difference>)> = playable(fixtures)
        .map(|(case, exchange)| {
            let found = differences(&exchange.request, given);
            (found.iter().map(|one| one.weight).sum(), name_of(case), exchange, found)
        })
        .collect();
    ranked.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
    let nearest = ranked.into_iter().take(NEAREST).map(|(_, name, exchange, found)| {
        let differences: Vec<String> = found.into_iter().map(|one| one.text).collect();
        json!({
            "fixture": name,
            "request": format!("{} {}", exchange.request.method, exchange.request.path),
            "differences": differences,
        })
    });
    json!({
        "error": {
            "type": "no_fixture",
            "message": format!("no fixture has {} {}; send what one of the nearest wants, or add a case", given.method, given.path),
            "nearest": nearest.collect::<Vec<_>>(),
        }
    })
}

pub(super) fn name_of(case: &Case) -> String {
    format!("{}/{}", case.function, case.name)
}

fn all_fits<'a>(fixtures: &'a Fixtures, given: &Given) -> Vec<(&'a Case, &'a Exchange)> {
    playable(fixtures).filter(|(_, exchange)| differences(&exchange.request, given).is_empty()).collect()
}

/// Everything but connections that fail: who reaches this server has one.
fn playable(fixtures: &Fixtures) -> impl Iterator<Item = (&Case, &Exchange)> {
    let all = fixtures.cases.iter().flat_map(|case| case.record.exchange.iter().map(move |exchange| (case, exchange)));
    all.filter(|(_, exchange)| exchange.failure != Some(Failure::Connect))
}

fn matched(case: &Case, exchange: &Exchange) -> Match {
    let answer = match (&exchange.response, exchange.failure) {
        (Some(response), _) => Ok(response.clone()),
        (None, failure) => Err(failure.unwrap_or(Failure::Interrupted)),
    };
    Match { case: name_of(case), answer }
}

//! What a gateway makes of a provider in trouble. Every good fixture is played again for each of its requests and
//! each kind of trouble, and the error has to be of the kind that tells the host what is true: nothing was done,
//! or nobody knows.

use gatehouse_sdk::ErrorKind;
use gatehouse_sdk::harness::dispatch::{Answer, Failure};
use gatehouse_sdk::harness::fixture::{Case, Exchange, Expect, PlayedResponse};
use gatehouse_sdk::harness::trial::{Trial, Trouble, WAIT_SECONDS};
use serde_json::{Map, Value};

use crate::evidence::{Evidence, name_of};

/// How many more requests a gateway may send once the provider is in trouble: to look what became of a write, say.
/// Repeating is the host's.
const MORE_REQUESTS: usize = 3;

/// Plays a case with trouble from a request on: natively, or as a component.
pub type Play<'p> = dyn FnMut(&Case, usize, Trouble) -> Trial + 'p;

/// Tries every good case of a function, and answers how many trials there were.
pub(crate) fn check(evidence: &mut Evidence, function: &str, play: &mut Play<'_>) -> usize {
    let good: Vec<Case> =
        evidence.of(function).filter(|case| matches!(case.expect, Some(Expect::Output(_)))).cloned().collect();
    let mut trials = 0;
    for case in &good {
        let all = (0..case.exchange.len()).flat_map(|at| Trouble::ALL.map(|trouble| (at, trouble)));
        // What stands in the body of a refusal is the fixtures' matter: its status says enough.
        for (at, trouble) in all.filter(|(at, trouble)| !is_of_body(*trouble) || is_success(case, *at)) {
            trials += 1;
            let mut expected = expected(evidence, case, at, trouble);
            let trial = play(case, at, trouble);
            if is_of_body(trouble) && trial.sent > at + 1 {
                // It took the status at its word, and failed at what it asked next.
                expected.kinds.push(ErrorKind::Provider);
            }
            let Some(problem) = judge(&expected, trouble, trial.answer.as_ref(), trial.sent.saturating_sub(at + 1))
            else {
                continue;
            };
            if evidence.exception(&format!("{}/{trouble:?}", name_of(case))).is_some()
                || evidence.exception(&format!("{function}/{trouble:?}")).is_some()
            {
                continue;
            }
            evidence.problems.push(format!("{}: {trouble:?} in place of answer {at}: {problem}", name_of(case)));
        }
    }
    trials
}

/// What may come of trouble.
struct Expected {
    kinds: Vec<ErrorKind>,
    /// Whether the call may succeed all the same.
    success: bool,
}

fn expected(evidence: &Evidence, case: &Case, at: usize, trouble: Trouble) -> Expected {
    let writes = |exchange: &Exchange| evidence.writes(&case.function, &exchange.request);
    let write = case.exchange.get(at).is_some_and(writes);
    let wrote_before = case.exchange.iter().take(at).any(writes);
    let mut kinds = vec![kind(trouble, write)];
    if wrote_before {
        // What came before may be all there is to it, may leave the whole unknown, or is named in the message.
        kinds.extend([ErrorKind::UnknownOutcome, ErrorKind::Provider]);
    }
    Expected { kinds, success: wrote_before || is_of_body(trouble) && is_bodiless(case, at) }
}

fn is_of_body(trouble: Trouble) -> bool {
    matches!(trouble, Trouble::NotJson | Trouble::Truncated | Trouble::OtherShape)
}

/// What the provider answers where it is in no trouble.
fn good(case: &Case, at: usize) -> Option<&PlayedResponse> {
    case.exchange.get(at)?.response.as_ref()
}

fn is_success(case: &Case, at: usize) -> bool {
    good(case, at).is_some_and(|answer| answer.status < 300)
}

/// Whether a good answer holds nothing to read.
fn is_bodiless(case: &Case, at: usize) -> bool {
    good(case, at)
        .and_then(|answer| answer.json.as_ref())
        .is_none_or(|json| json.as_object().is_some_and(Map::is_empty))
}

/// The kind of error that says what is true after trouble with one request.
fn kind(trouble: Trouble, write: bool) -> ErrorKind {
    match trouble {
        Trouble::Unreachable => ErrorKind::Unavailable,
        Trouble::Unauthorized => ErrorKind::Unauthorized,
        Trouble::Forbidden => ErrorKind::Forbidden,
        Trouble::RateLimitedFor | Trouble::RateLimited => ErrorKind::RateLimited,
        _ if write => ErrorKind::UnknownOutcome,
        Trouble::NotJson | Trouble::Truncated | Trouble::OtherShape => ErrorKind::Provider,
        Trouble::Timeout | Trouble::Interrupted | Trouble::TooLarge | Trouble::ServerError | Trouble::BadGateway => {
            ErrorKind::Unavailable
        }
    }
}

/// Whether a record's outcome in a push is an error of one of these kinds.
fn is_of(outcome: &Value, kinds: &[ErrorKind]) -> bool {
    let kind = outcome.get("error").and_then(|error| error.get("kind"));
    kinds.iter().any(|wanted| serde_json::to_value(wanted).ok().as_ref() == kind)
}

fn judge(expected: &Expected, trouble: Trouble, answer: Option<&Answer>, more: usize) -> Option<String> {
    let error = match answer {
        Some(Err(Failure::Guest(error))) => error,
        Some(Ok(_)) if expected.success => return None,
        // A push has an outcome for each record; one of them has to be of the kind.
        Some(Ok(Value::Array(outcomes))) if outcomes.iter().any(|one| is_of(one, &expected.kinds)) => return None,
        Some(Ok(value)) => return Some(format!("it succeeded with {value}")),
        other => return Some(format!("it answered {other:?}")),
    };
    if more > MORE_REQUESTS {
        return Some(format!("it sent {more} more requests; to repeat is the host's"));
    }
    if !expected.kinds.contains(&error.kind) {
        return Some(format!("{:?} where {:?} is true: {}", error.kind, expected.kinds, error.message));
    }
    let wait =
        (trouble == Trouble::RateLimitedFor && error.kind == ErrorKind::RateLimited).then_some(WAIT_SECONDS * 1000);
    (wait.is_some() && error.retry_after_ms != wait).then(|| format!("it lost the wait: {:?}", error.retry_after_ms))
}

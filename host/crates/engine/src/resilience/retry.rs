//! Whether a call is made again within the same request, and when: only where that can do
//! nothing twice. A pure function; the caller brings time and randomness.

use gatehouse_domain::capability::Effect;
use gatehouse_domain::execution::{CallFailure, ProviderCall};
use gatehouse_domain::guest::GuestErrorKind;
use gatehouse_runtime::Answer;

use super::Settings;

/// An attempt that ended.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// Whether the capability may write.
    pub effect: Effect,
    /// Which attempt it was, from 1.
    pub number: u32,
    /// What the gateway answered.
    pub answer: &'a Answer,
    /// What the broker recorded of its requests.
    pub calls: &'a [ProviderCall],
    /// How long the request may still take, in milliseconds.
    pub left_ms: u64,
}

/// The least time in which an attempt is begun, in milliseconds.
pub(super) const LEAST_MS: u64 = 100;

/// The pause before the next try, in milliseconds, or `None` where there must be none. `roll` is
/// a number from 0 up to 1.
pub fn next_try(attempt: &Attempt<'_>, settings: &Settings, roll: f64) -> Option<u64> {
    if attempt.number >= settings.tries || !may_repeat(attempt) {
        return None;
    }
    let doubled = u64::from(settings.retry_base_ms) << (attempt.number - 1).min(20);
    let most = doubled.min(u64::from(settings.retry_cap_ms)) as f64;
    let last = attempt.calls.last();
    let asked = attempt.calls.iter().filter_map(|call| call.rate?.retry_after_ms).max().max(guest_wait(attempt.answer));
    let told_to_wait = asked.is_some() || matches!(last.and_then(|call| call.status), Some(429 | 503));
    // Full jitter can come out at nothing, which is no answer to a provider that has too much.
    let jitter = if told_to_wait { most / 2.0 + most / 2.0 * roll } else { most * roll };
    let pause = (jitter as u64).max(asked.unwrap_or_default());
    (pause.saturating_add(LEAST_MS) <= attempt.left_ms).then_some(pause)
}

fn guest_wait(answer: &Answer) -> Option<u64> {
    match answer {
        Answer::Refused(error) => error.retry_after_ms,
        _ => None,
    }
}

fn may_repeat(attempt: &Attempt<'_>) -> bool {
    let Answer::Refused(error) = attempt.answer else { return false };
    if !matches!(error.kind, GuestErrorKind::RateLimited | GuestErrorKind::Unavailable) {
        return false;
    }
    match attempt.effect {
        Effect::Read => attempt.calls.last().is_some_and(is_passing),
        Effect::Write => {
            let (writes, reads): (Vec<_>, Vec<_>) = attempt.calls.iter().partition(|call| call.writes());
            let last_read = reads.last().is_some_and(|call| is_passing(call));
            writes.iter().all(|call| did_nothing(call)) && (!writes.is_empty() || last_read)
        }
    }
}

/// A failure that another try may not meet (RFC 9110 §15). A provider that answers a refusal
/// with 200 is taken by the gateway's word, as only that can read it.
fn is_passing(call: &ProviderCall) -> bool {
    match (call.failure, call.status) {
        (Some(failure), _) => {
            matches!(failure, CallFailure::Connect | CallFailure::Timeout | CallFailure::Interrupted)
        }
        (None, Some(status)) => matches!(status, 200..=299 | 408 | 425 | 429 | 502 | 503 | 504),
        (None, None) => false,
    }
}

/// A write that is known to have done nothing: it never reached the provider, or was turned away
/// at its door. A refusal of ours would come again.
fn did_nothing(call: &ProviderCall) -> bool {
    match (call.failure, call.status) {
        (Some(failure), _) => failure == CallFailure::Connect && !call.answer_lost,
        (None, Some(status)) => matches!(status, 429 | 503),
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::execution::{Fault, RateSeen};
    use gatehouse_domain::guest::GuestError;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::super::seen::tests::{call, calls};
    use super::*;

    fn refused(kind: GuestErrorKind) -> Answer {
        let message = "no".to_owned();
        Answer::Refused(GuestError { kind, message, provider_code: None, http_status: None, retry_after_ms: None })
    }

    fn is_retried(effect: Effect, answer: &Answer, text: &str) -> bool {
        let calls = calls(text);
        let attempt = Attempt { effect, number: 1, answer, calls: &calls, left_ms: 30_000 };
        next_try(&attempt, &Settings::default(), 0.5).is_some()
    }

    #[test]
    fn a_read_is_made_again_after_a_passing_failure() {
        let unavailable = refused(GuestErrorKind::Unavailable);
        for (text, expect) in [
            ("GET connect", true),
            ("GET timeout", true),
            ("GET broken", true),
            ("GET 408", true),
            ("GET 425", true),
            ("GET 429", true),
            ("GET 502", true),
            ("GET 503", true),
            ("GET 504", true),
            ("GET 200", true),
            ("GET 500", false),
            ("GET 501", false),
            ("GET 404", false),
            ("GET refused", false),
            ("GET limit", false),
            ("GET large", false),
            ("", false),
            ("GET 503, GET 404", false),
        ] {
            assert_eq!(is_retried(Effect::Read, &unavailable, text), expect, "{text}");
        }
    }

    #[test]
    fn a_write_is_made_again_only_where_nothing_was_done() {
        let limited = refused(GuestErrorKind::RateLimited);
        for (text, expect) in [
            ("POST 429", true),
            ("POST 503", true),
            ("POST connect", true),
            ("GET 200, POST 429", true),
            ("GET 503", true),
            ("GET 200, GET timeout", true),
            ("POST 200", false),
            ("POST 201, POST 429", false),
            ("POST 429, POST 201", false),
            ("POST 302", false),
            ("POST 400, POST 429", false),
            ("POST 408", false),
            ("POST 500", false),
            ("POST 502", false),
            ("POST 504", false),
            ("POST timeout", false),
            ("POST broken", false),
            ("POST large", false),
            ("POST refused", false),
            ("POST limit", false),
            ("POST timeout, GET 503", false),
            ("POST 200, GET 503", false),
            ("GET 404", false),
            ("", false),
        ] {
            assert_eq!(is_retried(Effect::Write, &limited, text), expect, "{text}");
        }
    }

    #[test]
    fn only_rate_limited_and_unavailable_are_worth_a_retry() {
        use GuestErrorKind as Kind;
        let fault = || Answer::Fault(Fault::Host { message: "x".to_owned() });
        let limit = Answer::Fault(Fault::Limit { limit: "egress_ms".to_owned(), max: 1 });
        for (answer, expect) in [
            (refused(Kind::RateLimited), true),
            (refused(Kind::Unavailable), true),
            (refused(Kind::UnknownOutcome), false),
            (refused(Kind::Declined), false),
            (refused(Kind::InvalidInput), false),
            (refused(Kind::Unauthorized), false),
            (refused(Kind::Forbidden), false),
            (refused(Kind::NotFound), false),
            (refused(Kind::Conflict), false),
            (refused(Kind::Unsupported), false),
            (refused(Kind::Provider), false),
            (fault(), false),
            (limit, false),
            (Answer::Ok(Value::Null), false),
        ] {
            assert_eq!(is_retried(Effect::Read, &answer, "GET 503"), expect, "{answer:?}");
            assert_eq!(is_retried(Effect::Write, &answer, "POST 429"), expect, "{answer:?}");
        }
    }

    fn pause(number: u32, left_ms: u64, calls: &[ProviderCall], roll: f64) -> Option<u64> {
        let answer = refused(GuestErrorKind::Unavailable);
        let attempt = Attempt { effect: Effect::Read, number, answer: &answer, calls, left_ms };
        next_try(&attempt, &Settings { tries: 9, ..Settings::default() }, roll)
    }

    #[test]
    fn the_pause_doubles_and_is_never_shorter_than_was_asked_for() {
        let broken = [call("GET broken")];
        let busy = [call("GET 503")];
        let asked = [ProviderCall {
            rate: Some(RateSeen { retry_after_ms: Some(2_000), ..RateSeen::default() }),
            ..call("GET 429")
        }];
        for (number, calls, roll, expect) in [
            (1, &broken, 0.0, 0),
            (1, &broken, 0.5, 125),
            (2, &broken, 0.5, 250),
            (8, &broken, 0.9999, 29_997),
            (1, &busy, 0.0, 125),
            (3, &busy, 0.0, 500),
            (1, &asked, 0.9, 2_000),
            (8, &asked, 0.9, 28_500),
        ] {
            assert_eq!(pause(number, 60_000, calls, roll), Some(expect), "{number} {roll}");
        }
        assert_eq!(pause(1, 2_100, &asked, 0.0), Some(2_000));
        assert_eq!(pause(1, 2_099, &asked, 0.0), None, "less than 100 ms would be left");
        assert_eq!(pause(9, 60_000, &broken, 0.0), None, "the last try");
    }

    proptest! {
        /// The one rule that must never break: after a write whose answer was lost or good,
        /// nothing is sent again.
        #[test]
        fn nothing_is_done_twice(mut texts in prop::collection::vec("(GET|POST) (200|201|404|429|500|503|connect|timeout|broken|large)", 0..5), place in 0usize..5, write in "POST (200|204|302|408|500|504|timeout|broken|large)", roll in 0.0f64..1.0) {
            texts.insert(place.min(texts.len()), write);
            let calls: Vec<ProviderCall> = texts.iter().map(|text| call(text)).collect();
            for kind in [GuestErrorKind::RateLimited, GuestErrorKind::Unavailable] {
                let attempt = Attempt { effect: Effect::Write, number: 1, answer: &refused(kind), calls: &calls, left_ms: 30_000 };
                prop_assert_eq!(next_try(&attempt, &Settings::default(), roll), None);
            }
        }
    }
}

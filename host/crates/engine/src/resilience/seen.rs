//! What one attempt showed of its provider, read from what the broker recorded of its requests
//! rather than from what the gateway said of them.

use gatehouse_domain::execution::{CallFailure, Fault, ProviderCall, RateSeen};
use gatehouse_domain::guest::GuestErrorKind;
use gatehouse_runtime::Answer;

use super::breaker::Health;

/// What one attempt showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub(super) health: Health,
    /// Whether the provider said that it is asked too much, or did not answer in time.
    pub(super) too_much: bool,
    /// Whether the last request was refused because there were too many.
    pub(super) throttled: bool,
    /// Requests that reached the provider.
    pub(super) sent: u32,
    pub(super) rate: Option<RateSeen>,
    /// The mean time of an answered request, in milliseconds.
    pub(super) took_ms: Option<f64>,
    /// What went wrong, without the place.
    pub(super) why: Option<String>,
}

impl Seen {
    /// What the requests of an attempt and its answer show.
    pub fn of(calls: &[ProviderCall], answer: &Answer) -> Self {
        let mut seen = Self::of_calls(calls);
        if let Answer::Refused(error) = answer {
            // Some providers say so in a body that only the gateway can read. It can slow its own
            // integration down by this and no other.
            if error.kind == GuestErrorKind::RateLimited && error.retry_after_ms.is_some() {
                let rate = seen.rate.get_or_insert_default();
                rate.retry_after_ms = rate.retry_after_ms.max(error.retry_after_ms);
            }
        }
        if let (Answer::Fault(Fault::Limit { limit, .. }), Health::Bad, None) = (answer, seen.health, &seen.why) {
            seen.why = Some(format!("no answer within `{limit}`"));
        }
        seen
    }

    /// What the requests of an attempt show. The last one that left speaks for the attempt: what
    /// failed before was not the end of it.
    pub fn of_calls(calls: &[ProviderCall]) -> Self {
        let told = calls.iter().rev().find(|call| health_of(call) != Health::Untold);
        let answered: Vec<&ProviderCall> = calls.iter().filter(|call| call.failure.is_none()).collect();
        let took_us: u64 = answered.iter().map(|call| call.duration_us).fold(0, u64::saturating_add);
        Self {
            health: told.map_or(Health::Untold, health_of),
            too_much: told.is_some_and(is_too_much),
            throttled: told.is_some_and(|call| call.status == Some(429)),
            sent: u32::try_from(calls.iter().filter(|call| was_sent(call)).count()).unwrap_or(u32::MAX),
            rate: rate_of(calls),
            took_ms: (!answered.is_empty()).then(|| took_us as f64 / 1_000.0 / answered.len() as f64),
            why: told.filter(|call| health_of(call) == Health::Bad).map(describe),
        }
    }

    /// An attempt that never came to send anything.
    pub fn nothing() -> Self {
        Self::of_calls(&[])
    }
}

/// 4xx other than 408 and 429 is an answer of a provider that is well.
fn health_of(call: &ProviderCall) -> Health {
    match (call.failure, call.status) {
        (Some(CallFailure::Refused | CallFailure::Limit), _) => Health::Untold,
        (Some(CallFailure::TooLarge), _) => Health::Good,
        (Some(CallFailure::Connect | CallFailure::Timeout | CallFailure::Interrupted), _) => Health::Bad,
        (None, Some(408 | 429 | 500..=599)) => Health::Bad,
        (None, Some(_)) => Health::Good,
        (None, None) => Health::Untold,
    }
}

fn is_too_much(call: &ProviderCall) -> bool {
    call.failure == Some(CallFailure::Timeout) || matches!(call.status, Some(429 | 503))
}

fn was_sent(call: &ProviderCall) -> bool {
    !matches!(call.failure, Some(CallFailure::Refused | CallFailure::Limit | CallFailure::Connect))
}

/// The newest word on each part; the longest wait that was asked for.
fn rate_of(calls: &[ProviderCall]) -> Option<RateSeen> {
    calls.iter().filter_map(|call| call.rate).reduce(|old, new| RateSeen {
        remaining: new.remaining.or(old.remaining),
        limit: new.limit.or(old.limit),
        reset_ms: new.reset_ms.or(old.reset_ms),
        retry_after_ms: new.retry_after_ms.max(old.retry_after_ms),
    })
}

fn describe(call: &ProviderCall) -> String {
    let method = &call.method;
    match (call.failure, call.status) {
        (Some(CallFailure::Connect), _) => format!("{method}: no connection"),
        (Some(CallFailure::Timeout), _) => format!("{method}: no answer in time"),
        (Some(_), _) => format!("{method}: the connection broke"),
        (None, Some(status)) => format!("{method}: status {status}"),
        (None, None) => format!("{method}: no answer"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A request as the broker records it: `GET 200`, `POST lost`, `GET connect`.
    pub(in super::super) fn call(text: &str) -> ProviderCall {
        let (method, end) = text.split_once(' ').unwrap();
        let failure = match end {
            "refused" => Some(CallFailure::Refused),
            "connect" => Some(CallFailure::Connect),
            "timeout" => Some(CallFailure::Timeout),
            "broken" => Some(CallFailure::Interrupted),
            "large" => Some(CallFailure::TooLarge),
            "limit" => Some(CallFailure::Limit),
            _ => None,
        };
        let lost = matches!(end, "timeout" | "broken" | "large") && method != "GET";
        ProviderCall {
            method: method.to_owned(),
            url: "https://api.acme.example/v1/x".to_owned(),
            status: end.parse().ok(),
            error: failure.map(|failure| format!("{failure:?}")),
            request_bytes: 0,
            response_bytes: 0,
            duration_us: 20_000,
            answer_lost: lost,
            reads: false,
            failure,
            rate: None,
        }
    }

    pub(in super::super) fn calls(text: &str) -> Vec<ProviderCall> {
        text.split(", ").filter(|text| !text.is_empty()).map(call).collect()
    }

    #[test]
    fn the_brokers_record_says_how_the_provider_fares() {
        for (text, health, sent) in [
            ("", Health::Untold, 0),
            ("GET 200", Health::Good, 1),
            ("POST 402", Health::Good, 1),
            ("GET 404", Health::Good, 1),
            ("GET 401", Health::Good, 1),
            ("GET 408", Health::Bad, 1),
            ("GET 429", Health::Bad, 1),
            ("GET 500", Health::Bad, 1),
            ("POST 503", Health::Bad, 1),
            ("GET connect", Health::Bad, 0),
            ("POST timeout", Health::Bad, 1),
            ("POST broken", Health::Bad, 1),
            ("GET large", Health::Good, 1),
            ("GET refused", Health::Untold, 0),
            ("GET limit", Health::Untold, 0),
            ("GET 503, GET 200", Health::Good, 2),
            ("GET 200, POST 503", Health::Bad, 2),
            ("GET 503, GET refused", Health::Bad, 1),
        ] {
            let seen = Seen::of_calls(&calls(text));
            assert_eq!((seen.health, seen.sent), (health, sent), "{text}");
            assert_eq!(seen.why.is_some(), health == Health::Bad, "{text}");
        }
    }

    #[test]
    fn the_longest_wait_and_the_newest_numbers_hold() {
        let rate = |remaining, retry_after_ms| Some(RateSeen { remaining, retry_after_ms, ..RateSeen::default() });
        let calls = [
            ProviderCall { rate: rate(Some(9), Some(5_000)), ..call("GET 429") },
            ProviderCall { rate: rate(Some(8), None), ..call("GET 200") },
            call("GET 200"),
        ];
        assert_eq!(Seen::of_calls(&calls).rate, rate(Some(8), Some(5_000)));
    }
}

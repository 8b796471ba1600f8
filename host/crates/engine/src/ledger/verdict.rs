//! What an attempt has found out: that the write was done, that it was not, or nothing. It takes
//! an answer for one only where it can be about the first write.

use gatehouse_domain::execution::ProviderCall;
use gatehouse_domain::guest::{GuestError, GuestErrorKind};
use gatehouse_runtime::Answer;
use serde_json::Value;

use crate::execute::Report;

/// What an attempt has found out.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// It was done, with this result.
    Done(Value),
    /// It was not done.
    NotDone(GuestError),
    /// The provider does not have it.
    Absent,
    /// Nothing: ask again.
    Nothing {
        /// What was found instead.
        note: String,
        /// How long the provider asks to wait, in milliseconds.
        wait_ms: Option<u64>,
    },
}

/// What a repeat has found out.
///
/// A refusal counts only where the provider itself refused the write under its key. It says
/// nothing of the first write where it was about the caller and not the write (401, 403), about
/// the moment (408, 409, 425, 429, 5xx), or where nothing was sent at all.
pub(super) fn of_repeat(report: &Report) -> Verdict {
    match &report.answer {
        Answer::Ok(result) => Verdict::Done(result.clone()),
        Answer::Refused(error) if was_refused(error, &report.calls) => Verdict::NotDone(error.clone()),
        Answer::Refused(error) => nothing(&error.message, error.retry_after_ms),
        Answer::Fault(fault) => nothing(&fault.describe(), None),
    }
}

/// What a look-up has found out.
pub(super) fn of_look_up(report: &Report) -> Verdict {
    let found = match &report.answer {
        Answer::Ok(found) => found,
        Answer::Refused(error) => return nothing(&error.message, error.retry_after_ms),
        Answer::Fault(fault) => return nothing(&fault.describe(), None),
    };
    let value = found.get("value").cloned().unwrap_or_default();
    match found.get("kind").and_then(Value::as_str) {
        Some("done") => Verdict::Done(value),
        Some("refused") => match serde_json::from_value(value) {
            Ok(error) => Verdict::NotDone(error),
            Err(_) => nothing("the look-up's error can not be read", None),
        },
        Some("absent") => Verdict::Absent,
        _ => nothing("the provider is still at it, or can not tell yet", None),
    }
}

/// Whether a repeat can have reached the provider.
pub(super) fn was_sent(report: &Report) -> bool {
    report.calls.iter().any(|call| call.writes() && (call.status.is_some() || call.answer_lost))
}

fn was_refused(error: &GuestError, calls: &[ProviderCall]) -> bool {
    let kind_tells = match error.kind {
        GuestErrorKind::Declined
        | GuestErrorKind::InvalidInput
        | GuestErrorKind::NotFound
        | GuestErrorKind::Unsupported
        | GuestErrorKind::Provider => true,
        // Already there, or in a state that the first write itself may have brought about.
        GuestErrorKind::Conflict
        | GuestErrorKind::Unauthorized
        | GuestErrorKind::Forbidden
        | GuestErrorKind::RateLimited
        | GuestErrorKind::Unavailable
        | GuestErrorKind::UnknownOutcome => false,
    };
    let last = calls.iter().rev().find(|call| call.writes());
    let status_tells = last.and_then(|call| call.status).is_some_and(|status| {
        (400..500).contains(&status) && !matches!(status, 401 | 403 | 407 | 408 | 409 | 412 | 425 | 429)
    });
    kind_tells && status_tells && !calls.iter().any(|call| call.answer_lost)
}

fn nothing(note: &str, wait_ms: Option<u64>) -> Verdict {
    Verdict::Nothing { note: note.to_owned(), wait_ms }
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::execution::{Cost, Fault};
    use serde_json::json;

    use super::*;

    fn report(answer: Answer, calls: &[(&str, Option<u16>, bool)]) -> Report {
        let call = |(method, status, lost): &(&str, Option<u16>, bool)| ProviderCall {
            method: (*method).to_owned(),
            url: String::new(),
            status: *status,
            error: None,
            request_bytes: 0,
            response_bytes: 0,
            duration_us: 0,
            answer_lost: *lost,
            reads: false,
            failure: None,
            rate: None,
        };
        Report { answer, cost: Cost::default(), log: Vec::new(), calls: calls.iter().map(call).collect() }
    }

    fn refused(kind: GuestErrorKind) -> Answer {
        Answer::Refused(GuestError {
            kind,
            message: "why".to_owned(),
            provider_code: None,
            http_status: None,
            retry_after_ms: None,
        })
    }

    #[test]
    fn only_a_refusal_of_the_write_itself_tells_of_the_first_one() {
        use GuestErrorKind as Kind;
        let check = |kind: Kind, calls: &[(&str, Option<u16>, bool)], tells: bool| {
            let verdict = of_repeat(&report(refused(kind), calls));
            assert_eq!(matches!(verdict, Verdict::NotDone(_)), tells, "{kind:?} {calls:?}: {verdict:?}");
            assert!(tells || matches!(verdict, Verdict::Nothing { .. }));
        };
        check(Kind::Declined, &[("POST", Some(402), false)], true);
        check(Kind::InvalidInput, &[("POST", Some(400), false)], true);
        check(Kind::NotFound, &[("POST", Some(404), false)], true);
        check(Kind::Provider, &[("GET", Some(200), false), ("POST", Some(422), false)], true);
        // Nothing was sent.
        check(Kind::InvalidInput, &[], false);
        check(Kind::InvalidInput, &[("GET", Some(404), false)], false);
        // About the caller, or about the moment.
        check(Kind::Unauthorized, &[("POST", Some(401), false)], false);
        check(Kind::Forbidden, &[("POST", Some(403), false)], false);
        check(Kind::Provider, &[("POST", Some(403), false)], false);
        check(Kind::RateLimited, &[("POST", Some(429), false)], false);
        check(Kind::Unavailable, &[("POST", None, false)], false);
        check(Kind::UnknownOutcome, &[("POST", Some(500), false)], false);
        check(Kind::Provider, &[("POST", Some(302), false)], false);
        // The first one may itself be the reason.
        check(Kind::Conflict, &[("POST", Some(409), false)], false);
        check(Kind::Provider, &[("POST", Some(409), false)], false);
        // Another write of the same call is still open.
        check(Kind::Declined, &[("POST", None, true), ("POST", Some(402), false)], false);
    }

    #[test]
    fn a_result_tells_and_a_fault_does_not() {
        let done = of_repeat(&report(Answer::Ok(json!({ "id": 1 })), &[("POST", Some(200), false)]));
        assert_eq!(done, Verdict::Done(json!({ "id": 1 })));
        let fault = Answer::Fault(Fault::Host { message: "gone".to_owned() });
        assert!(matches!(of_repeat(&report(fault.clone(), &[("POST", Some(402), false)])), Verdict::Nothing { .. }));
        assert!(matches!(of_look_up(&report(fault, &[])), Verdict::Nothing { .. }));
    }

    #[test]
    fn a_look_up_says_one_of_four_things_or_fails() {
        let found = |value: Value| of_look_up(&report(Answer::Ok(value), &[]));
        assert_eq!(found(json!({ "kind": "done", "value": 7 })), Verdict::Done(json!(7)));
        assert_eq!(found(json!({ "kind": "absent" })), Verdict::Absent);
        assert!(matches!(found(json!({ "kind": "pending" })), Verdict::Nothing { .. }));
        let error = json!({ "kind": "declined", "message": "no money" });
        let verdict = found(json!({ "kind": "refused", "value": error }));
        assert!(matches!(verdict, Verdict::NotDone(error) if error.message == "no money"));
        let unreadable = found(json!({ "kind": "refused", "value": 7 }));
        assert!(matches!(unreadable, Verdict::Nothing { .. }), "{unreadable:?}");
        // That the list can not be read says nothing of the write.
        for kind in [GuestErrorKind::NotFound, GuestErrorKind::Unauthorized, GuestErrorKind::Declined] {
            let verdict = of_look_up(&report(refused(kind), &[("GET", Some(404), false)]));
            assert!(matches!(verdict, Verdict::Nothing { .. }), "{verdict:?}");
        }
    }
}

//! The table of failovers, row by row.

use gatehouse_domain::execution::Fault;
use gatehouse_domain::guest::GuestError;
use serde_json::{Value, json};

use super::*;

fn execution(outcome: Outcome, error: Option<Kind>, fault: Option<Fault>, calls: Vec<ProviderCall>) -> Execution {
    let zeros = "0".repeat(32);
    let plain: Value = json!({
        "id": format!("exe_{zeros}"), "tenant": format!("ten_{zeros}"), "integration": format!("int_{zeros}"),
        "provider": "acme", "plugin": { "id": "acme", "version": "1.0.0", "digest": "" }, "capability": "DO",
        "effect": "write", "actor": format!("key_{zeros}"), "request": format!("req_{zeros}"),
        "idempotency_key": "k", "outcome": outcome, "parameters": {}, "result": null, "error": null, "fault": null,
        "calls": [], "log": [], "cost": { "cpu_ticks": 0, "memory_bytes": 0, "host_calls": 0, "wall_us": 0 },
        "started_at": "2026-01-01T00:00:00Z", "finished_at": null, "duration_us": 0,
    });
    let error = error.map(|kind| GuestError {
        kind,
        message: String::new(),
        provider_code: None,
        http_status: None,
        retry_after_ms: None,
    });
    Execution { error, fault, calls, ..serde_json::from_value(plain).unwrap() }
}

fn call(method: &str, status: Option<u16>, answer_lost: bool) -> ProviderCall {
    let error = status.is_none().then(|| "connect".to_owned());
    let plain = json!({
        "method": method, "url": "https://acme.example/", "status": status, "error": error, "request_bytes": 0,
        "response_bytes": 0, "duration_us": 0, "answer_lost": answer_lost,
    });
    serde_json::from_value(plain).unwrap()
}

fn check(execution: &Execution, expect: bool) {
    let found = may_fail_over(execution);
    let Execution { outcome, error, fault, calls, .. } = execution;
    assert_eq!(found.is_ok(), expect, "{found:?}: {outcome:?} {error:?} {fault:?} {calls:?}");
}

#[test]
fn only_a_failure_can_be_followed() {
    check(&execution(Outcome::Succeeded, None, None, vec![]), false);
    for outcome in [Outcome::Unknown, Outcome::Running] {
        check(&execution(outcome, Some(Kind::Unavailable), None, vec![]), false);
    }
    check(&execution(Outcome::Failed, None, None, vec![]), false);
}

#[test]
fn every_kind_of_answer_has_its_row() {
    for (kind, expect) in [
        (Kind::Unavailable, true),
        (Kind::RateLimited, true),
        (Kind::Unauthorized, true),
        (Kind::Forbidden, true),
        (Kind::Unsupported, true),
        (Kind::Declined, false),
        (Kind::InvalidInput, false),
        (Kind::NotFound, false),
        (Kind::Conflict, false),
        (Kind::UnknownOutcome, false),
        (Kind::Provider, false),
    ] {
        check(&execution(Outcome::Failed, Some(kind), None, vec![]), expect);
        check(&execution(Outcome::Failed, Some(kind), None, vec![call("POST", Some(429), false)]), expect);
        // Whatever the gateway says, a write that was answered as done was done.
        check(&execution(Outcome::Failed, Some(kind), None, vec![call("POST", Some(201), false)]), false);
    }
}

#[test]
fn what_the_broker_saw_outweighs_what_the_gateway_says() {
    for (calls, expect) in [
        (vec![call("POST", Some(503), false)], true),
        (vec![call("POST", Some(401), false)], true),
        (vec![call("POST", None, false)], true),
        (vec![call("GET", Some(200), false), call("POST", Some(429), false)], true),
        (vec![call("GET", Some(500), false)], true),
        (vec![call("POST", Some(200), false), call("POST", Some(503), false)], false),
        (vec![call("PUT", Some(302), false)], false),
        (vec![call("DELETE", Some(500), false)], false),
        (vec![call("PATCH", Some(504), false)], false),
        (vec![call("POST", None, true)], false),
    ] {
        check(&execution(Outcome::Failed, Some(Kind::Unavailable), None, calls.clone()), expect);
        let trap = Fault::Trap { message: String::new(), backtrace: vec![] };
        check(&execution(Outcome::Failed, None, Some(trap), calls), expect);
    }
}

#[test]
fn our_own_refusals_pass_on_and_no_others() {
    for (kind, expect) in [
        (ErrorKind::Unavailable, true),
        (ErrorKind::RateLimited, true),
        (ErrorKind::Invalid, false),
        (ErrorKind::Conflict, false),
        (ErrorKind::NotFound, false),
        (ErrorKind::Forbidden, false),
        (ErrorKind::Internal, false),
        (ErrorKind::StorageFull, false),
    ] {
        assert_eq!(passes_on(&Error::new(kind, "no")), expect, "{kind:?}");
    }
}

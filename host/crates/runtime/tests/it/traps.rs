//! What a gateway that fails leaves behind: a report its author can use, and nothing else.

use gatehouse_domain::execution::Fault;
use gatehouse_domain::guest::GuestErrorKind;
use gatehouse_runtime::{Answer, Cancel, Target};
use serde_json::json;

use crate::guest::{Script, call, misbehave, misbehave_as, shared, text, trap};

#[tokio::test]
async fn a_panic_is_reported_with_its_text_and_place() {
    let report = misbehave(json!({ "behaviour": "panic", "text": "no such \u{1b}[31mcustomer sk_live_canary" })).await;
    let (message, frames) = trap(&report);
    assert!(message.starts_with("hostile 1.2.3 in `misbehave`: "), "{message}");
    assert!(message.contains("unreachable"), "{message}");
    assert!(message.contains("no such customer [secret]"), "{message}");
    assert!(!message.contains("canary") && !message.contains('\u{1b}'), "{message}");
    assert!(!frames.is_empty());
}

#[tokio::test]
async fn every_way_to_end_is_named() {
    for (order, expect) in [
        (json!({ "behaviour": "unreachable" }), "unreachable"),
        (json!({ "behaviour": "exit", "count": 1 }), "it ended itself with exit status 1"),
        (json!({ "behaviour": "exit", "count": 0 }), "it ended itself with exit status 0"),
    ] {
        let report = misbehave(order.clone()).await;
        assert!(trap(&report).0.contains(expect), "{order}: {report:?}");
    }
}

#[tokio::test]
async fn an_error_is_an_answer_and_not_a_fault() {
    let report = misbehave(json!({ "behaviour": "refuse", "text": "card sk_live_canary declined" })).await;
    let Answer::Refused(error) = report.outcome else { panic!("{report:?}") };
    assert_eq!(error.kind, GuestErrorKind::Declined);
    assert_eq!(error.message, "card [secret] declined");
    assert_eq!(error.provider_code.as_deref(), Some("insufficient_funds"));
    assert_eq!((error.http_status, error.retry_after_ms), (Some(402), None));
}

#[tokio::test]
async fn an_answer_without_a_json_form_is_a_trap() {
    let (runtime, plugin) = shared().await;
    let parameters = plugin.parse("NOT_A_NUMBER", &json!({})).unwrap();
    let report = runtime.call(plugin, Target::Capability(parameters), call(Script::ok(""))).await;
    assert!(trap(&report).0.contains("NaN has no JSON form"), "{report:?}");
}

#[tokio::test]
async fn a_panic_of_the_host_is_a_fault_of_the_host() {
    let script = Script::new(|_| Box::pin(async { panic!("a bug in the egress") }));
    let report = misbehave_as(call(script), json!({ "behaviour": "send", "text": "/" })).await;
    let Answer::Fault(Fault::Host { message }) = &report.outcome else { panic!("{report:?}") };
    assert_eq!(message, "the host failed in `http.send`");
    assert_eq!(text(&misbehave(json!({ "behaviour": "echo", "text": "still here" })).await), "still here");
}

#[tokio::test]
async fn a_cancelled_call_ends() {
    for order in [
        json!({ "behaviour": "spin" }),
        json!({ "behaviour": "sleep", "count": 60_000 }),
        json!({ "behaviour": "send" }),
    ] {
        let mut call = call(Script::new(|_| Box::pin(std::future::pending())));
        call.limits.cpu_ms = 60_000;
        let cancel = Cancel::new();
        call.cancel = Some(cancel.clone());
        cancel.cancel();
        let report = misbehave_as(call, order.clone()).await;
        let expect = Answer::Fault(Fault::Host { message: "the call was cancelled".to_owned() });
        assert_eq!(report.outcome, expect, "{order}");
    }
}

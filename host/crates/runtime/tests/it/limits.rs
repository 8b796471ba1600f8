//! Every limit of a grant, and a guest that hits it.

use gatehouse_domain::grant::Limits;
use gatehouse_runtime::egress::SendError;
use serde_json::{Value, json};

use crate::guest::{Script, call, limit, misbehave, misbehave_as, misbehave_within, response, text, trap};

async fn check(limits: Limits, order: Value, expect: (&str, u64)) {
    let report = misbehave_within(limits, order.clone()).await;
    assert_eq!(limit(&report), expect, "{order}");
}

fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

#[tokio::test]
async fn processor_time() {
    check(limits(|l| l.cpu_ms = 50), json!({ "behaviour": "spin" }), ("cpu_ms", 50)).await;
    let report = misbehave_within(limits(|l| l.cpu_ms = 50), json!({ "behaviour": "spin" })).await;
    assert!((5..=6).contains(&report.cost.cpu_ticks), "{:?}", report.cost);
}

#[tokio::test]
async fn processor_time_does_not_count_what_the_provider_takes() {
    let script = Script::new(|_| {
        Box::pin(async {
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
            Ok(response(200, "slow"))
        })
    });
    let mut call = call(script);
    call.limits.cpu_ms = 40;
    let report = misbehave_as(call, json!({ "behaviour": "send", "count": 10, "text": "/slow" })).await;
    assert_eq!(text(&report), "200 slow");
    assert!(report.cost.wall_us > 300_000, "{:?}", report.cost);
}

#[tokio::test]
async fn wall_time() {
    let slow = limits(|l| {
        l.wall_ms = 60;
        l.cpu_ms = 60_000;
    });
    check(slow.clone(), json!({ "behaviour": "spin" }), ("wall_ms", 60)).await;
    check(slow.clone(), json!({ "behaviour": "sleep", "count": 60_000 }), ("wall_ms", 60)).await;
    let mut call = call(Script::new(|_| Box::pin(std::future::pending())));
    call.limits = slow;
    let report = misbehave_as(call, json!({ "behaviour": "send", "text": "/hangs" })).await;
    assert_eq!(limit(&report), ("wall_ms", 60));
}

#[tokio::test]
async fn memory() {
    let small = limits(|l| l.memory_bytes = 8 << 20);
    check(small.clone(), json!({ "behaviour": "allocate", "count": 16 << 20 }), ("memory_bytes", 8 << 20)).await;
    check(small.clone(), json!({ "behaviour": "grow", "count": 64 }), ("memory_bytes", 8 << 20)).await;
    let report = misbehave_within(small, json!({ "behaviour": "allocate", "count": 1 << 20 })).await;
    assert_eq!(text(&report), (1 << 20).to_string());
    assert!((1 << 20..8 << 20).contains(&report.cost.memory_bytes), "{:?}", report.cost);
    check(limits(|l| l.memory_bytes = 1000), json!({ "behaviour": "echo" }), ("memory_bytes", 1000)).await;
}

#[tokio::test]
async fn the_call_stack() {
    let report = misbehave(json!({ "behaviour": "recurse" })).await;
    let (message, frames) = trap(&report);
    assert!(message.contains("call stack") || message.contains("out of bounds"), "{message}");
    assert!((1..=32).contains(&frames.len()), "{frames:?}");
}

#[tokio::test]
async fn host_calls() {
    let few = limits(|l| l.host_calls = 100);
    check(few.clone(), json!({ "behaviour": "host_calls", "count": 101 }), ("host_calls", 100)).await;
    let report = misbehave_within(few.clone(), json!({ "behaviour": "host_calls", "count": 100 })).await;
    assert_eq!(text(&report), "1");
    assert_eq!(report.cost.host_calls, 100);
    check(few, json!({ "behaviour": "spin_clock" }), ("host_calls", 100)).await;
}

#[tokio::test]
async fn requests() {
    let few = limits(|l| l.requests = 3);
    let send = |count: u32| json!({ "behaviour": "send", "count": count, "text": "/" });
    let report = misbehave_within(few.clone(), send(3)).await;
    assert_eq!(text(&report), "200 fine");
    let report = misbehave_within(few.clone(), send(4)).await;
    assert!(text(&report).contains("the limit `requests` of 3"), "{report:?}");
    check(few, send(5), ("requests", 3)).await;
}

#[tokio::test]
async fn request_bytes() {
    let small = limits(|l| l.request_bytes = 1000);
    let upload = |count: u32| json!({ "behaviour": "send_bytes", "count": count });
    let report = misbehave_within(small.clone(), upload(1000)).await;
    assert_eq!(text(&report), "200 fine, then 200 fine");
    check(small, upload(1001), ("request_bytes", 1000)).await;
    // What is far too large is not even copied to the host.
    check(limits(|l| l.output_bytes = 1), upload(8 << 20), ("request_bytes", 4 << 20)).await;
}

#[tokio::test]
async fn response_bytes() {
    let mut call = call(Script::ok("0123456789"));
    call.limits.response_bytes = 9;
    let report = misbehave_as(call.clone(), json!({ "behaviour": "send", "text": "/" })).await;
    assert_eq!(text(&report), "HttpError::TooLarge(9)");
    call.limits.response_bytes = 10;
    let report = misbehave_as(call, json!({ "behaviour": "send", "text": "/" })).await;
    assert_eq!(text(&report), "200 0123456789");
}

#[tokio::test]
async fn time_waiting_for_the_provider() {
    let mut call = call(Script::new(|_| Box::pin(std::future::pending())));
    call.limits.egress_ms = 40;
    let report = misbehave_as(call.clone(), json!({ "behaviour": "send", "text": "/hangs" })).await;
    assert_eq!(text(&report), "HttpError::Timeout");
    let report = misbehave_as(call, json!({ "behaviour": "send", "count": 9, "text": "/hangs" })).await;
    assert_eq!(limit(&report), ("egress_ms", 40));
}

#[tokio::test]
async fn log_bytes() {
    let small = limits(|l| l.log_bytes = 1000);
    let log = |count: u32| json!({ "behaviour": "log", "count": count, "text": "0123456789" });
    check(small.clone(), log(1000), ("log_bytes", 1000)).await;
    check(small.clone(), json!({ "behaviour": "log_one", "count": 1001 }), ("log_bytes", 1000)).await;
    check(small.clone(), json!({ "behaviour": "print", "count": 1000, "text": "x" }), ("log_bytes", 1000)).await;
    let report = misbehave_within(small, log(2)).await;
    assert_eq!(report.log.len(), 2);
}

#[tokio::test]
async fn output_bytes() {
    let small = limits(|l| l.output_bytes = 1000);
    check(small.clone(), json!({ "behaviour": "output", "count": 999 }), ("output_bytes", 1000)).await;
    let report = misbehave_within(small, json!({ "behaviour": "output", "count": 998 })).await;
    assert_eq!(text(&report).len(), 998);
    // Far too much is not even copied to the host.
    let large = json!({ "behaviour": "output", "count": 20 << 20 });
    check(Limits::default(), large, ("output_bytes", 4 << 20)).await;
}

#[tokio::test]
async fn what_the_egress_refuses_is_an_answer_to_the_guest() {
    for (error, expect) in [
        (SendError::Denied("no such host".to_owned()), "HttpError::Denied(\"no such host\")"),
        (SendError::Invalid("no url".to_owned()), "HttpError::Invalid(\"no url\")"),
        (SendError::Connect("refused".to_owned()), "HttpError::Connect(\"refused\")"),
        (SendError::Timeout, "HttpError::Timeout"),
        (SendError::Interrupted("reset".to_owned()), "HttpError::Interrupted(\"reset\")"),
        (SendError::TooLarge(5), "HttpError::TooLarge(5)"),
        (SendError::Limit("requests".to_owned()), "HttpError::Limit(\"requests\")"),
    ] {
        let script = Script::new(move |_| {
            let error = error.clone();
            Box::pin(async move { Err(error) })
        });
        let report = misbehave_as(call(script), json!({ "behaviour": "send_header", "text": "/" })).await;
        assert_eq!(text(&report), expect);
    }
}

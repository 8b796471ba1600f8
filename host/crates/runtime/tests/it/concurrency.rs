//! Many calls at once over few instances.

use std::sync::Arc;
use std::time::Duration;

use gatehouse_domain::grant::Limits;
use gatehouse_runtime::Target;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::guest::{Script, call, load, misbehave, misbehave_within, new_runtime, plugin_bytes, response, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_calls_than_instances_wait_for_their_turn() {
    let mut calls = JoinSet::new();
    for number in 0..200 {
        calls.spawn(async move {
            let report = misbehave(json!({ "behaviour": "echo", "text": number.to_string() })).await;
            assert_eq!(text(&report), number.to_string());
        });
    }
    assert_eq!(calls.join_all().await.len(), 200);
}

#[tokio::test]
async fn a_call_that_waits_for_the_provider_does_not_hold_up_others() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = new_runtime(folder.path());
    let plugin = load(&runtime, plugin_bytes()).await.unwrap();
    let (arrived, go) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let script = {
        let (arrived, go) = (arrived.clone(), go.clone());
        Script::new(move |_| {
            let (arrived, go) = (arrived.clone(), go.clone());
            Box::pin(async move {
                arrived.add_permits(1);
                let _turn = go.acquire().await.unwrap();
                Ok(response(200, "late"))
            })
        })
    };
    let send = plugin.parse("MISBEHAVE", &json!({ "behaviour": "send", "text": "/" })).unwrap();
    let mut parked = JoinSet::new();
    for _ in 0..8 {
        let (runtime, plugin, send, script) = (runtime.clone(), plugin.clone(), send.clone(), script.clone());
        parked.spawn(async move { runtime.call(&plugin, Target::Capability(send), call(script)).await });
    }
    let _all = arrived.acquire_many(8).await.unwrap();
    let echo = plugin.parse("MISBEHAVE", &json!({ "behaviour": "echo", "text": "quick" })).unwrap();
    let quick = runtime.call(&plugin, Target::Capability(echo), call(Script::ok("")));
    assert_eq!(text(&tokio::time::timeout(Duration::from_secs(5), quick).await.unwrap()), "quick");
    go.add_permits(8);
    for report in parked.join_all().await {
        assert_eq!(text(&report), "200 late");
    }
}

#[tokio::test]
async fn a_spinning_guest_leaves_timers_alone() {
    crate::guest::shared().await;
    let limits = Limits { cpu_ms: 3_000, ..Limits::default() };
    let spin = misbehave_within(limits, json!({ "behaviour": "spin" }));
    let timers = async {
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        std::time::Instant::now()
    };
    let (report, timers) = tokio::join!(async { (spin.await, std::time::Instant::now()) }, timers);
    assert_eq!(crate::guest::limit(&report.0), ("cpu_ms", 3_000));
    assert!(timers + Duration::from_secs(1) < report.1, "the timers waited for the guest");
}

#[tokio::test]
async fn dropping_a_call_frees_its_instance() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = new_runtime(folder.path());
    let plugin = load(&runtime, plugin_bytes()).await.unwrap();
    let send = plugin.parse("MISBEHAVE", &json!({ "behaviour": "send", "text": "/" })).unwrap();
    for _ in 0..40 {
        let hangs = Script::new(|_| Box::pin(std::future::pending()));
        let hanging = runtime.call(&plugin, Target::Capability(send.clone()), call(hangs.clone()));
        tokio::select! {
            _ = hanging => panic!("it hangs"),
            () = async { while hangs.sent.lock().unwrap().is_empty() { tokio::task::yield_now().await } } => {}
        }
    }
    let echo = plugin.parse("MISBEHAVE", &json!({ "behaviour": "echo", "text": "free" })).unwrap();
    let report = runtime.call(&plugin, Target::Capability(echo), call(Script::ok(""))).await;
    assert_eq!(text(&report), "free");
}

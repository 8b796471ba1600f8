//! Receivers that never answer, many of them, and others that are told all the same.

use serde_json::json;

use super::{Stage, counts, happen_to, id_of, look, subscribe};
use crate::harness::Reply;
use crate::harness::story::{create, enable, new_tenant};

/// How many receivers stall.
const STALLED: usize = 200;
/// How many events the others are told of meanwhile.
const EVENTS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receivers_that_stall_hold_nobody_else_up() {
    // No attempt ends while the test runs.
    let stage = Stage::begin_with(&[("GATEHOUSE_DELIVERIES__TIMEOUT_MS", "60000".to_owned())]).await;
    stage.receiver.script("/stall", &[Reply::Nothing]);
    let mut stalled = Vec::new();
    for _ in 0..STALLED {
        stalled.push(id_of(&stage.subscribe("/stall", json!({})).await));
    }
    stage.happen(true).await;
    stage.told("/stall", STALLED).await;
    // Of the same tenant and of another.
    let good = id_of(&stage.subscribe("/good", json!({})).await);
    let other = new_tenant(&stage.story.server, "Other").await;
    enable(&other).await;
    let integration = id_of(&create(&other, &stage.story.upstream.origin).await);
    let others = id_of(&subscribe(&other, &stage.receiver.url("/other"), json!({})).await);
    for number in 0..EVENTS {
        stage.happen(number % 2 == 1).await;
        happen_to(&other, &integration, number % 2 == 0).await;
    }
    let expect = EVENTS as u64;
    stage.told("/good", EVENTS - 1).await;
    stage.told("/other", EVENTS).await;
    assert_eq!(look(&other, &others).await["counts"]["accepted"], expect);
    let first = look(stage.tenant(), &stalled[0]).await;
    assert_eq!(first["counts"]["delivered"], 0, "{first:#}");
    assert_eq!(stage.receiver.told("/stall").len(), STALLED, "one request at a time to who never answered");
    stage.counts(&good, counts(expect, expect, 0, 0)).await;
}

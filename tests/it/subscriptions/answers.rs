//! What becomes of a delivery by what its receiver answers.

use std::time::Instant;

use serde_json::{Value, json};

use super::{Stage, asked, counts, deliveries, id_of, kinds, look};
use crate::harness::{Reply, eventually};

/// A server that gives up soon.
async fn impatient() -> Stage {
    let settings = [
        ("GATEHOUSE_DELIVERIES__PAUSES_MS", "[20, 20]".to_owned()),
        ("GATEHOUSE_DELIVERIES__TIMEOUT_MS", "300".to_owned()),
    ];
    Stage::begin_with(&settings).await
}

/// The state and the attempts of a subscription's only delivery once it is at its end.
async fn ended(stage: &Stage, id: &str) -> Value {
    eventually(&format!("the end of the delivery to {id}"), async || {
        let found = deliveries(stage.tenant(), id, "").await.pop()?;
        (found["state"] != "pending").then_some(found)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_has_its_consequence() {
    let stage = impatient().await;
    let ok = || Reply::status(200);
    let echo = Reply::Status(500, Vec::new(), "went wrong\u{1}here".to_owned());
    let cases: Vec<(&str, Vec<Reply>, &str, usize, &str)> = vec![
        ("/created", vec![Reply::status(201)], "delivered", 1, ""),
        ("/again", vec![echo, ok()], "delivered", 2, "only a 2xx"),
        ("/redirect", vec![Reply::with(302, "location", &stage.receiver.url("/created"))], "dead", 3, "redirects"),
        ("/refused", vec![Reply::status(404)], "dead", 3, "only a 2xx"),
        ("/stall", vec![Reply::Nothing, ok()], "delivered", 2, "no answer came in time"),
        ("/drip", vec![Reply::Drip, ok()], "delivered", 2, "no answer came in time"),
        ("/reset", vec![Reply::Close, Reply::Close, ok()], "delivered", 3, "interrupted"),
        ("/huge", vec![Reply::Huge], "delivered", 1, ""),
        ("/head", vec![Reply::HeadOnly], "delivered", 1, ""),
        ("/dead", vec![Reply::status(500)], "dead", 3, "only a 2xx"),
    ];
    let mut ids = Vec::new();
    for (path, replies, ..) in &cases {
        stage.receiver.script(path, replies);
        ids.push(id_of(&stage.subscribe(path, json!({ "events": ["integration.disabled"] })).await));
    }
    stage.happen(true).await;
    for ((path, _, state, attempts, reason), id) in cases.iter().zip(&ids) {
        let delivery = ended(&stage, id).await;
        let made = delivery["attempts"].as_array().unwrap();
        assert_eq!((&delivery["state"], made.len()), (&json!(state), *attempts), "{path}: {delivery:#}");
        let said = made[0]["error"].as_str().unwrap_or_default();
        assert!(said.contains(reason) && said.is_empty() == reason.is_empty(), "{path}: {said:?}");
        let told = stage.receiver.told(path);
        assert_eq!(told.len(), *attempts, "{path}");
        let same = told.iter().all(|told| told.id() == delivery["event"] && told.body == told_first(&stage, path));
        assert!(same, "{path}: the id and the body are the same with every attempt");
        let done = u64::from(*state == "delivered");
        stage.counts(id, counts(1, done, 0, 1 - done)).await;
    }
    let again = deliveries(stage.tenant(), &ids[1], "").await;
    assert_eq!(again[0]["attempts"][0]["excerpt"], "went wrong here");
    let huge = deliveries(stage.tenant(), &ids[7], "").await;
    assert_eq!(huge[0]["attempts"][0]["excerpt"].as_str().unwrap().len(), 512);
    let dead = kinds(stage.tenant()).await.iter().filter(|kind| *kind == "subscription.delivery_dead").count();
    assert_eq!(dead, 3, "each delivery that was given up is told of once");
}

fn told_first(stage: &Stage, path: &str) -> Vec<u8> {
    stage.receiver.told(path)[0].body.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_asks_for_time_gets_it() {
    let stage = Stage::begin(&[20, 20]).await;
    let http_date = "Fri, 31 Dec 1999 23:59:59 GMT";
    let replies =
        [Reply::with(429, "retry-after", "1"), Reply::with(503, "retry-after", http_date), Reply::status(200)];
    stage.receiver.script("/busy", &replies);
    let id = id_of(&stage.subscribe("/busy", json!({})).await);
    let began = Instant::now();
    stage.happen(true).await;
    stage.told("/busy", 2).await;
    // No load makes it earlier, so this bound can not fail by chance.
    assert!(began.elapsed().as_millis() >= 1_000, "{:?}", began.elapsed());
    let delivery = ended(&stage, &id).await;
    let statuses: Vec<_> = delivery["attempts"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
    assert_eq!(statuses, [429, 503, 200]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_is_gone_or_only_fails_is_left_alone() {
    let settings = [
        ("GATEHOUSE_DELIVERIES__PAUSES_MS", "[300, 300, 300, 300, 300, 300, 300, 300, 300]".to_owned()),
        ("GATEHOUSE_DELIVERIES__DISABLE_AFTER_SECONDS", "1".to_owned()),
    ];
    let stage = Stage::begin_with(&settings).await;
    stage.receiver.script("/gone", &[Reply::status(410), Reply::status(200)]);
    stage.receiver.script("/fails", &[Reply::status(500)]);
    let fields = json!({ "events": ["integration.*"] });
    let gone = id_of(&stage.subscribe("/gone", fields.clone()).await);
    let fails = id_of(&stage.subscribe("/fails", fields.clone()).await);
    let watcher = stage.subscribe("/watcher", json!({ "events": ["subscription.*"] })).await;
    stage.happen(true).await;
    for (id, reason) in [(&gone, "410"), (&fails, "failed since")] {
        let view = eventually(&format!("the end of {id}"), async || {
            let view = look(stage.tenant(), id).await;
            (view["enabled"] == false).then_some(view)
        })
        .await;
        assert!(view["disabled"]["reason"].as_str().unwrap().contains(reason), "{view:#}");
        assert_eq!(view["counts"]["pending"], 1, "what waits is kept: {view:#}");
    }
    let told = stage.told("/watcher", 2).await;
    assert!(told.iter().all(|told| told.json()["type"] == "subscription.disabled"));
    stage.counts(&id_of(&watcher), counts(2, 2, 0, 0)).await;
    let trail = stage.tenant().get("/audit?limit=200").await.expect(200).to_string();
    assert_eq!(trail.matches("\"subscription.disabled\"").count(), 2);
    // A person switches it on again, and what waited goes on.
    stage
        .tenant()
        .put(&format!("/subscriptions/{gone}"), asked(&stage.receiver.url("/gone"), fields))
        .await
        .expect(200);
    stage.counts(&gone, counts(1, 1, 0, 0)).await;
    assert_eq!(look(stage.tenant(), &gone).await["disabled"], Value::Null);
}

//! SIGKILL under load, many times: the receiver is told of every event, under the same id each
//! time, and the counts add up whenever one looks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::{Stage, id_of, look};
use crate::api::webhooks::{now, signature};
use crate::harness::canary::WEBHOOK_SECRET;
use crate::harness::{Client, Reply, eventually};

/// How many events there are, and how often the server is killed meanwhile.
const EVENTS: usize = 500;
const KILLS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_is_told_and_the_counts_add_up_over_kills() {
    let mut stage = Stage::begin(&[5, 5, 5, 5, 5]).await;
    // One in some requests fails, so that every kind of step is under way at some kill.
    let mut replies = vec![Reply::status(200); 6];
    replies.push(Reply::status(500));
    let script: Vec<Reply> = replies.into_iter().cycle().take(600).chain([Reply::status(200)]).collect();
    stage.receiver.script("/all", &script);
    let id = id_of(&stage.subscribe("/all", json!({ "concurrency": 8, "rate_per_second": 1000 })).await);
    let mut sent = 0;
    for kill in 1..=KILLS {
        let until = EVENTS * kill / KILLS;
        let over = Arc::new(AtomicBool::new(false));
        let looks = Arc::new(AtomicUsize::new(0));
        let looking =
            tokio::spawn(keep_looking(stage.tenant().clone(), id.clone(), Arc::clone(&over), Arc::clone(&looks)));
        while sent < until {
            happen(&stage, sent).await;
            sent += 1;
        }
        // The moment of the kill moves through the work: what is accepted is still being sent.
        let enough = stage.receiver.told("/all").len() + kill % 7;
        let more = async || (stage.receiver.told("/all").len() >= enough.min(sent)).then_some(());
        eventually("some more requests", more).await;
        assert!(looks.load(Ordering::Relaxed) > 0);
        over.store(true, Ordering::Relaxed);
        looking.await.unwrap();
        stage.story.server = stage.story.server.kill_and_restart();
        stage.story.tenant = stage.story.tenant.moved_to(&stage.story.server);
    }
    let accepted = EVENTS as u64;
    stage.counts(&id, super::counts(accepted, accepted, 0, 0)).await;
    check(&stage, &id).await;
}

/// A provider tells of one payment; the answer says that it is on the disk.
async fn happen(stage: &Stage, number: usize) {
    let payment = json!({ "id": format!("pi_{number}"), "object": "payment_intent", "status": "succeeded",
        "amount": 1999, "amount_received": 1999, "currency": "eur", "created": 1_700_000_000, "metadata": {} });
    let body = json!({ "id": format!("evt_{number}"), "object": "event", "type": "payment_intent.succeeded",
        "created": 1_700_000_000, "livemode": false, "data": { "object": payment } });
    let body = body.to_string().into_bytes();
    let signed = signature(WEBHOOK_SECRET, now(), &body);
    let headers = [("stripe-signature", signed.as_str())];
    stage.story.server.client().post_bytes(stage.story.webhook_path(), body, &headers).await.expect(200);
}

/// Looks at the counts all the time; [`look`] checks that they add up.
async fn keep_looking(tenant: Client, id: String, over: Arc<AtomicBool>, looks: Arc<AtomicUsize>) {
    while !over.load(Ordering::Relaxed) {
        look(&tenant, &id).await;
        looks.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
    }
}

async fn check(stage: &Stage, id: &str) {
    let told = stage.receiver.told("/all");
    let mut by_id: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for one in &told {
        by_id.entry(one.id()).or_default().insert(one.json()["data"]["told"]["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(by_id.len(), EVENTS, "an id for every event");
    assert!(by_id.values().all(|events| events.len() == 1), "an id is of one event");
    let events: BTreeSet<&String> = by_id.values().flatten().collect();
    assert_eq!(events.len(), EVENTS, "every event was told");
    let rows = all_deliveries(stage, id).await;
    assert_eq!(rows.len(), EVENTS, "and taken on once");
    assert!(rows.iter().all(|row| row["state"] == "delivered"));
    // Beyond what is on record, a request can only have been cut off by a kill.
    let recorded: usize = rows.iter().map(|row| row["attempts"].as_array().unwrap().len()).sum();
    let lost = told.len() - recorded;
    assert!(lost <= KILLS * 8, "{lost} requests left no trace, with {KILLS} kills of at most 8 each");
    println!("{} requests for {EVENTS} events over {KILLS} kills, {lost} of them unrecorded", told.len());
}

async fn all_deliveries(stage: &Stage, id: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut path = format!("/subscriptions/{id}/deliveries?limit=200");
    loop {
        let page = stage.tenant().get(&path).await.expect(200);
        found.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { return found };
        path = format!("/subscriptions/{id}/deliveries?limit=200&cursor={next}");
    }
}

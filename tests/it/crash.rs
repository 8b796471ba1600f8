//! SIGKILL under load, many times: nothing acknowledged is lost, nothing half-written is seen.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::harness::story::payment;
use crate::harness::{Client, Story};

/// How often the server is killed.
const KILLS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_after_every_kill() {
    let mut story = Story::begin().await;
    let mut acknowledged = BTreeSet::new();
    for round in 0..KILLS {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let load: Vec<_> = (0..4)
            .map(|_| {
                tokio::spawn(pay_until(
                    story.tenant.clone(),
                    story.integration.clone(),
                    Arc::clone(&stop),
                    Arc::clone(&seen),
                ))
            })
            .collect();
        // The moment of the kill moves through the work from round to round.
        let enough = 3 + round;
        while seen.lock().await.len() < enough {
            tokio::time::sleep(Duration::from_millis(1 + round as u64)).await;
        }
        story.server = story.server.kill_and_restart();
        stop.store(true, Ordering::Relaxed);
        for task in load {
            task.await.unwrap();
        }
        acknowledged.extend(seen.lock().await.drain(..));
        story.tenant = story.tenant.moved_to(&story.server);
        check(&story, &acknowledged).await;
    }
    assert!(acknowledged.len() >= KILLS * 3, "only {} calls were acknowledged", acknowledged.len());
}

async fn pay_until(client: Client, integration: String, stop: Arc<AtomicBool>, seen: Arc<Mutex<Vec<String>>>) {
    let path = format!("/integrations/{integration}/execute");
    while !stop.load(Ordering::Relaxed) {
        let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("load") }).to_string().into_bytes();
        match client.try_send(reqwest::Method::POST, &path, &[], ask).await {
            Ok(answer) if answer.status == 200 => {
                seen.lock().await.push(answer.body["execution"].as_str().unwrap().to_owned());
            }
            // The server is gone, or going.
            _ => return,
        }
    }
}

async fn check(story: &Story, acknowledged: &BTreeSet<String>) {
    let records = all_executions(&story.tenant).await;
    let succeeded: BTreeSet<&str> = of_outcome(&records, "succeeded");
    for id in acknowledged {
        assert!(succeeded.contains(id.as_str()), "{id} was acknowledged and is lost");
    }
    for record in &records {
        // Whatever was cut off is settled: a write that may have happened is unknown.
        let outcome = record["outcome"].as_str().unwrap();
        assert!(matches!(outcome, "succeeded" | "unknown"), "{record:#}");
        assert!(record["finished_at"].is_string(), "{record:#}");
    }
    // Nothing was done that no record tells of.
    assert!(story.upstream.payments() <= records.len(), "{} > {}", story.upstream.payments(), records.len());
}

fn of_outcome<'a>(records: &'a [Value], outcome: &str) -> BTreeSet<&'a str> {
    let found = records.iter().filter(|record| record["outcome"] == outcome);
    found.map(|record| record["id"].as_str().unwrap()).collect()
}

async fn all_executions(tenant: &Client) -> Vec<Value> {
    let mut found = Vec::new();
    let mut path = "/executions?limit=200".to_owned();
    loop {
        let page = tenant.get(&path).await.expect(200);
        found.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { return found };
        path = format!("/executions?limit=200&cursor={next}");
    }
}

//! Watching a run: server-sent events that tell how it gets on and end with it.

use reqwest::Method;
use serde_json::{Value, json};

use super::Library;
use crate::harness::client::http;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_hears_of_every_stage_and_the_stream_ends_with_the_run() {
    let library = Library::open().await;
    library.settings("items", json!({ "limit": 5 })).await;
    library.put_many("items", 0..40, 1);
    library.sync("items", json!({})).await;
    library.books.kept().refuse(Method::GET, 429, &[("retry-after", "1")], 1);
    let id = library.start("items", json!({})).await;
    let key = library.tenant.post("/keys", json!({ "name": "watcher" })).await.expect(201);
    let path = format!("{}/api/v1{}", library.server.base, library.path(&format!("/sync/runs/{id}/events")));
    let stream = http().get(&path).bearer_auth(key["token"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    // The whole stream: it ends by itself, as the run does.
    let text = tokio::time::timeout(std::time::Duration::from_secs(20), stream.text()).await.unwrap().unwrap();
    let told: Vec<Value> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    assert!(text.lines().any(|line| line == "event: progress"), "{text}");
    let last = told.last().unwrap();
    assert_eq!((&last["state"], &last["progress"]["records"]), (&json!("succeeded"), &json!(40)), "{last:#}");
    assert!(last["progress"]["per_second"].as_f64().unwrap() > 0.0);
    let records: Vec<u64> = told.iter().map(|view| view["progress"]["records"].as_u64().unwrap()).collect();
    assert!(records.is_sorted() && told.len() >= 3, "{records:?}");
    assert!(told.iter().any(|view| view["progress"]["eta_seconds"].is_u64()), "{told:#?}");
    // One that is over is told of once.
    let again = http().get(&path).bearer_auth(key["token"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(again.text().await.unwrap().matches("data: ").count(), 1);
    let none = library.path("/sync/runs/run_019a5e2f00000000000000000000abcd/events");
    library.tenant.get(&none).await.expect_problem(404, "run");
}

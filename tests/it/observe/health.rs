//! Health: what is well, what is not, and why.

use serde_json::Value;

use crate::harness::{Server, Story};

fn part<'h>(health: &'h Value, name: &str) -> &'h Value {
    let parts = health["components"].as_array().unwrap();
    parts.iter().find(|part| part["name"] == name).unwrap_or_else(|| panic!("no {name} in {health:#}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_well_says_so_part_by_part() {
    let server = Server::start(&[]);
    let health = server.client().get("/health/ready").await.expect(200);
    assert_eq!(health["ok"], true);
    assert!(health["uptime_seconds"].as_u64().is_some_and(|seconds| seconds < 600), "{health:#}");
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    for (name, says) in [
        ("store", "writable"),
        ("runtime", "instances free"),
        ("queue", "0 deliveries"),
        ("jobs", "jobs were looked for"),
    ] {
        let part = part(&health, name);
        assert_eq!(part["ok"], true, "{part:#}");
        assert!(part["says"].as_str().unwrap().contains(says), "{part:#}");
    }
}

/// A disk below `store.free_hard_bytes` leaves the store read-only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_takes_no_writes_is_not_ready() {
    let story = Story::begin().await;
    let stopped = story.server.kill();
    let more_than_any_disk = (1u64 << 60).to_string();
    let stopped = stopped.with("GATEHOUSE_STORE__FREE_HARD_BYTES", &more_than_any_disk);
    let server = stopped.with("GATEHOUSE_STORE__FREE_SOFT_BYTES", &more_than_any_disk).start_again();
    let health = server.client().get("/health/ready").await.expect(503);
    assert_eq!((&health["ok"], &part(&health, "store")["ok"]), (&Value::Bool(false), &Value::Bool(false)));
    assert!(part(&health, "store")["says"].as_str().unwrap().contains("free some space"), "{health:#}");
    assert_eq!(server.client().get("/health").await.expect(200)["ok"], false);
    server.client().get("/health/live").await.expect(204);
}

//! Disks that are full, data that is damaged, folders that are in use: a clear message, the
//! right exit code, and nothing lost.

use serde_json::json;

use crate::harness::story::payment;
use crate::harness::{Server, Story};

/// The exit code for a store that can not be trusted.
const STORE: i32 = 70;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_new_work_and_not_the_history() {
    let mut story = Story::begin().await;
    let done = story.execute("PROCESS_PAYMENT", payment("a book")).await.expect(200);
    // To the server every disk is full that has less room than it wants free.
    story.server = story
        .server
        .kill()
        .with("GATEHOUSE_STORE__FREE_SOFT_BYTES", "1000000000000000")
        .with("GATEHOUSE_STORE__FREE_HARD_BYTES", "1000000000000000")
        .start_again();
    story.tenant = story.tenant.moved_to(&story.server);
    let record = format!("/executions/{}", done["execution"].as_str().unwrap());
    assert_eq!(story.tenant.get(&record).await.expect(200)["outcome"], "succeeded");
    let made = story.upstream.payments();
    story.execute("PROCESS_PAYMENT", payment("no room")).await.expect_problem(507, "free");
    assert_eq!(story.upstream.payments(), made, "a write left although its intent could not be kept");
    story.server.client().get("/health/ready").await.expect(503);
    // With room again everything is there.
    story.server = story.server.kill().with("GATEHOUSE_STORE__FREE_HARD_BYTES", "1048576").start_again();
    story.tenant = story.tenant.moved_to(&story.server);
    story.tenant.get(&record).await.expect(200);
    story.execute("PROCESS_PAYMENT", payment("room")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_lost_its_data_is_not_taken_for_a_new_one() {
    let server = Server::start(&[]);
    server.operator().post("/tenants", json!({ "name": "Acme" })).await.expect(201);
    let stopped = server.kill();
    let database = find(&stopped.data(), "db");
    let length = std::fs::read(&database).unwrap().len();
    for damaged in [Vec::new(), vec![0; length]] {
        std::fs::write(&database, &damaged).unwrap();
        let (code, said) = stopped.start_in_vain();
        assert_eq!(code, Some(STORE), "{said}");
        assert!(said.contains("backup"), "{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_do_not_share_a_folder() {
    let server = Server::start(&[]);
    let (code, said) = server.second();
    assert!(code.is_some_and(|code| code != 0), "{code:?} {said}");
    assert!(said.contains("LOCK") || said.contains("in use"), "{said}");
    server.client().get("/health/ready").await.expect(200);
}

fn find(folder: &std::path::Path, name: &str) -> std::path::PathBuf {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|found| found == name) {
                return path;
            }
        }
    }
    panic!("there is no file {name}");
}

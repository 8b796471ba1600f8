//! SIGKILL again and again while records are pulled and change at the provider: nothing is lost,
//! nothing is told twice.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Library, replay};

const KILLS: usize = 32;
const RECORDS: usize = 5_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_every_kill_the_records_become_those_of_the_provider() {
    let mut library = Library::open().await;
    library.put_many("items", 0..RECORDS, 0);
    let (mut read, mut cursor): (BTreeMap<String, Value>, _) = (BTreeMap::new(), None);
    let mut interrupted = 0;
    for round in 0..KILLS {
        let run = library.start("items", json!({})).await;
        let before = library.books.kept().pages;
        change_some(&library, round);
        // The moment of the kill moves through the run, from page to page and within one.
        let wanted = before + round * 7 % 47;
        while library.books.kept().pages < wanted && library.run(&run).await["finished_at"].is_null() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(900 * (round as u64 % 9))).await;
        library.server = library.server.kill_and_restart();
        library.tenant = library.tenant.moved_to(&library.server);
        interrupted += usize::from(library.run(&run).await["finished_at"].is_null());
        let found = library.feed_from("items", cursor).await;
        replay(&mut read, &found.0);
        cursor = found.1;
    }
    assert!(interrupted >= KILLS / 2, "only {interrupted} kills met a run");
    let last = library.start("items", json!({})).await;
    library.run_in(&last, &["succeeded"]).await;
    library.sync("items", json!({})).await;
    library.agrees("items").await;
    replay(&mut read, &library.feed_from("items", cursor).await.0);
    assert_eq!(read, library.books.kept().shelf("items"));
    let runs = library.get("/sync/runs?limit=200").await;
    let runs = runs["items"].as_array().unwrap();
    assert!(runs.iter().all(|run| run["state"] == "succeeded"), "{runs:#?}");
    // Every record was counted as new once, whatever was read twice.
    let sum = |name: &str| runs.iter().map(|run| run["counts"][name].as_u64().unwrap()).sum::<u64>();
    assert_eq!(sum("added") - sum("deleted"), library.books.kept().shelf("items").len() as u64);
}

/// The provider's records change meanwhile: some anew, some new, some gone.
fn change_some(library: &Library, round: usize) {
    let mut kept = library.books.kept();
    for number in 0..10 {
        let place = (round * 977 + number * 499) % RECORDS;
        let id = format!("r{place:05}");
        match number % 5 {
            0 => kept.remove("items", &id),
            1 => kept.put("items", &format!("n{round:03}-{number}"), json!({ "round": round })),
            _ => kept.put("items", &id, json!({ "round": round, "number": number })),
        }
    }
}

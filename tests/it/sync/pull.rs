//! Pulling: what is new, changed and gone; what is as known writes nothing.

use serde_json::{Value, json};

use super::{Library, actions, counts};

const COUNTED: [&str; 4] = ["added", "updated", "deleted", "unchanged"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_as_known_writes_nothing_and_overlaps_are_not_told_twice() {
    let library = Library::open().await;
    library.settings("contacts", json!({ "limit": 10, "direction": "pull" })).await;
    library.put_many("contacts", 0..25, 1);
    let run = library.sync("contacts", json!({})).await;
    // Each page begins with the last record of the one before.
    assert_eq!(counts(&run, &COUNTED), [25, 0, 0, 3], "{run:#}");
    assert_eq!((&run["mode"], &run["counts"]["read"], &run["pages"]), (&json!("full"), &json!(28), &json!(4)));
    library.agrees("contacts").await;
    let (first, cursor) = library.feed_from("contacts", None).await;
    assert_eq!(actions(&first), [("ADDED".to_owned(), 25)].into());
    let rows = library.logs("").await.len();

    let run = library.sync("contacts", json!({})).await;
    assert_eq!((&run["mode"], counts(&run, &COUNTED)), (&json!("incremental"), vec![0, 0, 0, 1]));
    assert_eq!(library.feed_from("contacts", cursor.clone()).await, (vec![], cursor.clone()));
    assert_eq!(library.logs("").await.len(), rows, "what is as known has no row");

    library.put_many("contacts", 3..5, 2);
    library.put_many("contacts", 25..26, 1);
    library.books.kept().remove("contacts", "r00007");
    let run = library.sync("contacts", json!({})).await;
    assert_eq!(counts(&run, &COUNTED), [1, 2, 1, 2], "{run:#}");
    let (second, _) = library.feed_from("contacts", cursor).await;
    let told: Vec<(&str, &str)> =
        second.iter().map(|item| (item["action"].as_str().unwrap(), item["id"].as_str().unwrap())).collect();
    assert_eq!(told, [("UPDATED", "r00003"), ("UPDATED", "r00004"), ("ADDED", "r00025"), ("DELETED", "r00007")]);
    assert_eq!((&second[0]["version"], &second[0]["data"]["version"]), (&json!(2), &json!(2)));
    assert_eq!(second[3]["data"], json!({}));
    library.agrees("contacts").await;
    check_views(&library, &run).await;

    // A reset tells of everything again, as changes and not as additions.
    let (_, cursor) = library.feed_from("contacts", None).await;
    let run = library.sync("contacts", json!({ "mode": "reset" })).await;
    // Two of the records that pages begin with a second time; the third is gone.
    assert_eq!(run["counts"]["updated"], 25 + 2, "{run:#}");
    let (again, _) = library.feed_from("contacts", cursor).await;
    assert_eq!(actions(&again), [("UPDATED".to_owned(), 25)].into());
    library.agrees("contacts").await;
}

/// What else tells of the last run.
async fn check_views(library: &Library, run: &Value) {
    let record = library.get("/records/contacts/r00003").await;
    assert_eq!((&record["data"]["version"], &record["origin"]), (&json!(2), &json!("provider")));
    assert_eq!(record["provider_updated_at"], "2023-11-14T22:13:20.026Z");
    library.tenant.get(&library.path("/records/contacts/none")).await.expect_problem(404, "none");
    library.tenant.get(&library.path("/records/nothing")).await.expect_problem(404, "contacts, items");

    let status = library.get("/sync/status").await;
    let contacts = status["items"].as_array().unwrap().iter().find(|one| one["entity"] == "contacts").unwrap();
    assert_eq!(
        (&contacts["records"], &contacts["runs"], &contacts["success_rate"]),
        (&json!(25), &json!(3), &json!(1.0))
    );
    assert_eq!(contacts["last_run"]["id"], run["id"]);
    assert!(contacts["current"].is_null() && contacts["cursor_age_seconds"].is_u64() && contacts["mean_ms"].is_u64());

    let id = run["id"].as_str().unwrap();
    let rows = library.logs(&format!("&run={id}")).await;
    let told: Vec<(&str, &str)> =
        rows.iter().map(|row| (row["action"].as_str().unwrap(), row["record"].as_str().unwrap())).collect();
    assert_eq!(told, [("deleted", "r00007"), ("added", "r00025"), ("updated", "r00004"), ("updated", "r00003")]);
    assert_eq!(rows[2]["response"]["hash"], library.get("/records/contacts/r00004").await["hash"]);
    assert_eq!(library.logs("&entity=items").await, Vec::<Value>::new());
    assert_eq!(library.logs("&outcome=failed").await, Vec::<Value>::new());
    library.tenant.get(&library.path("/sync/logs?outcome=good")).await.expect_problem(422, "none of done");

    let runs = library.get("/sync/runs").await;
    let modes: Vec<&str> = runs["items"].as_array().unwrap().iter().map(|run| run["mode"].as_str().unwrap()).collect();
    assert_eq!(modes, ["incremental", "incremental", "full"]);
    let told = library.events("sync.finished").await;
    assert_eq!((told.len(), &told[0]["data"]["run"]), (3, &run["id"]));
    let health = &library.get("").await["health"];
    assert_eq!(health["sync"], json!({ "total_records": 25, "last_sync_count": 6, "failed_sync_count": 0 }));
    assert!(health["last_synced_at"].is_string());
}

/// A cursor that the provider no longer takes leads to a full pull, not to a run that fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_cursor_leads_to_everything_and_bad_records_do_not_stop_the_others() {
    let library = Library::open().await;
    library.settings("contacts", json!({ "direction": "pull" })).await;
    library.put_many("contacts", 0..5, 1);
    library.sync("contacts", json!({})).await;
    library.put_many("contacts", 5..6, 1);
    library.books.kept().oldest_cursor = 1_000;
    // The cursors of this pull are too old as well, so it ends where the mark was.
    library.books.kept().oldest_cursor = 6;
    let run = library.sync("contacts", json!({})).await;
    assert_eq!((&run["from_start"], counts(&run, &["added", "read"])), (&json!(true), vec![1, 7]), "{run:#}");

    library.books.kept().put("contacts", &"x".repeat(600), json!({}));
    library.books.kept().put("contacts", "big", json!({ "text": "y".repeat(1_100_000) }));
    library.books.kept().put("contacts", "large", json!({ "text": "z".repeat(900_000) }));
    let run = library.sync("contacts", json!({})).await;
    assert_eq!(counts(&run, &["added", "failed"]), [1, 2], "{run:#}");
    let failed = library.logs("&outcome=failed").await;
    let reasons: Vec<&str> = failed.iter().map(|row| row["reason"].as_str().unwrap()).collect();
    assert!(reasons[0].contains("1100011 bytes") && reasons[1].contains("600 bytes"), "{reasons:?}");
    assert_eq!(library.get("/records/contacts/large").await["data"]["text"].as_str().unwrap().len(), 900_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_run_at_a_time_and_all_entities_at_once() {
    let library = Library::open().await;
    library.put_many("contacts", 0..3, 1);
    library.put_many("items", 0..4, 1);
    library.put_many("orders", 0..5, 1);
    library.settings("orders", json!({ "enabled": false })).await;
    let all = library.tenant.post(&library.path("/sync"), json!({})).await.expect(202);
    let runs = all["items"].as_array().unwrap();
    let names: Vec<&str> = runs.iter().map(|run| run["entity"].as_str().unwrap()).collect();
    assert_eq!(names, ["contacts", "items", "notes"]);
    for run in runs {
        library.run_in(run["id"].as_str().unwrap(), &["succeeded"]).await;
    }
    library.agrees("contacts").await;
    library.agrees("items").await;
    library.tenant.post(&library.path("/sync/orders"), json!({})).await.expect_problem(409, "switched off");
    library.tenant.post(&library.path("/sync/items"), json!({ "direction": "push" })).await.expect_problem(422, "pull");
    library.tenant.post(&library.path("/sync/none"), json!({})).await.expect_problem(404, "contacts, items");

    // While a run waits, asking again answers with it, and another sort is refused.
    library.books.kept().refuse(reqwest::Method::GET, 429, &[("retry-after", "1")], 1);
    let first = library.start("items", json!({})).await;
    assert_eq!(library.start("items", json!({})).await, first);
    library
        .tenant
        .post(&library.path("/sync/items"), json!({ "mode": "reset" }))
        .await
        .expect_problem(409, "under way");
    library.run_in(&first, &["succeeded"]).await;
    assert_ne!(library.start("items", json!({})).await, first);
}

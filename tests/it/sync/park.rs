//! What a refusal makes of a run: it waits, tries again, or ends with the reason.

use reqwest::Method;
use serde_json::json;

use super::Library;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_park_a_run_failures_are_tried_again_and_refusals_end_it() {
    let library = Library::open().await;
    library.settings("items", json!({ "limit": 10 })).await;
    library.put_many("items", 0..25, 1);
    library.books.kept().refuse(Method::GET, 429, &[("retry-after", "1")], 1);
    let id = library.start("items", json!({})).await;
    let run = library.run_in(&id, &["waiting"]).await;
    assert!(run["waits_until"].is_string() && run["reason"].is_string(), "{run:#}");
    let run = library.run_in(&id, &["succeeded"]).await;
    assert_eq!((&run["failures"], &run["pages"]), (&json!(0), &json!(3)), "{run:#}");

    library.books.kept().refuse(Method::GET, 503, &[], 2);
    let run = library.sync("items", json!({})).await;
    assert_eq!(run["failures"], 0);

    library.books.kept().refuse(Method::GET, 403, &[], 1);
    let id = library.start("items", json!({})).await;
    let run = library.run_in(&id, &["failed"]).await;
    assert_eq!(run["reason"], "the books say no");
    assert_eq!(library.events("sync.failed").await.len(), 1);
    let health = library.get("").await["health"].clone();
    assert_eq!(health["last_error"], "the books say no");
    assert!(library.events("integration.failed").await.is_empty(), "a missing right is no bad credential");

    library.books.kept().refuse(Method::GET, 401, &[], 1);
    let id = library.start("items", json!({})).await;
    library.run_in(&id, &["failed"]).await;
    assert_eq!(library.get("").await["status"], "error");
    assert_eq!(library.events("integration.failed").await.len(), 1);
    library.sync("items", json!({})).await;
    assert_eq!(library.get("").await["status"], "active", "a run that works shows that it works again");
    library.agrees("items").await;
    let status = library.get("/sync/status").await;
    let items = status["items"].as_array().unwrap().iter().find(|one| one["entity"] == "items").unwrap();
    assert_eq!((&items["runs"], &items["success_rate"]), (&json!(5), &json!(0.6)));
}

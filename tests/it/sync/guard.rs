//! Deletes are found by what a complete list lacks, and many at once need somebody's word.

use serde_json::json;

use super::{Library, actions, counts};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_complete_list_lacks_is_gone_and_many_at_once_are_held() {
    let library = Library::open().await;
    library.settings("items", json!({ "limit": 20 })).await;
    library.put_many("items", 0..60, 1);
    library.sync("items", json!({})).await;
    let (_, cursor) = library.feed_from("items", None).await;
    (0..12).for_each(|id| library.books.kept().remove("items", &format!("r{id:05}")));
    let run = library.sync("items", json!({})).await;
    // 12 of 60 are no more than 20 %.
    assert_eq!((counts(&run, &["deleted", "unchanged"]), &run["missing"]), (vec![12, 48], &json!(12)), "{run:#}");
    assert_eq!(actions(&library.feed_from("items", cursor).await.0), [("DELETED".to_owned(), 12)].into());
    library.agrees("items").await;

    library.books.kept().empty = true;
    let id = library.start("items", json!({})).await;
    let run = library.run_in(&id, &["held"]).await;
    assert_eq!((&run["missing"], counts(&run, &["deleted"])), (&json!(48), vec![0]), "{run:#}");
    let told = library.events("sync.held").await;
    assert_eq!((told.len(), &told[0]["data"]["missing"], &told[0]["data"]["known"]), (1, &json!(48), &json!(48)));
    // Nothing begins behind a held run, and what is held stays over a restart.
    library.tenant.post(&library.path("/sync/items"), json!({})).await.expect_problem(409, "decision");
    let mut library = library;
    library.server = library.server.kill_and_restart();
    library.tenant = library.tenant.moved_to(&library.server);
    let discard = format!("/sync/runs/{id}/discard");
    let run = library.tenant.post(&library.path(&discard), json!({})).await.expect(200);
    assert_eq!(run["state"], "discarded");
    library.tenant.post(&library.path(&discard), json!({})).await.expect_problem(409, "not held");
    library.books.kept().empty = false;
    library.agrees("items").await;

    let run = library.sync("items", json!({})).await;
    assert_eq!(counts(&run, &["unchanged", "added", "deleted"]), [48, 0, 0], "{run:#}");
    (12..40).for_each(|id| library.books.kept().remove("items", &format!("r{id:05}")));
    let id = library.start("items", json!({})).await;
    library.run_in(&id, &["held"]).await;
    library.tenant.post(&library.path(&format!("/sync/runs/{id}/approve")), json!({})).await.expect(200);
    let run = library.run_in(&id, &["succeeded"]).await;
    assert_eq!(counts(&run, &["deleted"]), [28], "{run:#}");
    library.agrees("items").await;
    // A record that comes back is an addition.
    let (_, cursor) = library.feed_from("items", None).await;
    library.put_many("items", 12..13, 2);
    library.sync("items", json!({})).await;
    assert_eq!(actions(&library.feed_from("items", cursor).await.0), [("ADDED".to_owned(), 1)].into());
    library.agrees("items").await;
}

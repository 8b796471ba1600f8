//! The feed as many readers see it: each begins somewhere, stops anywhere and goes on, and all
//! end up with the same records.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Library, replay};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_end_up_with_the_same_wherever_they_begin_and_stop() {
    let library = Library::open().await;
    library.settings("contacts", json!({ "direction": "pull", "limit": 7 })).await;
    let mut readers: Vec<(BTreeMap<_, _>, Option<String>)> = Vec::new();
    for round in 0..6_usize {
        library.put_many("contacts", round * 4..round * 4 + 12, round as u64);
        if round > 0 {
            library.books.kept().remove("contacts", &format!("r{:05}", round * 3));
        }
        library.sync("contacts", json!({})).await;
        readers.push((BTreeMap::new(), None));
        for (number, (read, cursor)) in readers.iter_mut().enumerate() {
            // Each reads in pages of its own size, and some stop half-way until the next round.
            let limit = 2 + number * 3;
            for _ in 0..round + 1 {
                let after = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
                let page = library.get(&format!("/records/contacts?limit={limit}{after}")).await;
                replay(read, page["items"].as_array().unwrap());
                *cursor = page["cursor"].as_str().map(str::to_owned);
            }
        }
    }
    let kept = library.books.kept().shelf("contacts");
    for (mut read, cursor) in readers {
        replay(&mut read, &library.feed_from("contacts", cursor).await.0);
        assert_eq!(read, kept);
    }
    library.tenant.get(&library.path("/records/contacts?cursor=!")).await.expect_problem(422, "cursor");
}

//! A pull only reads: a gateway that lists by `POST` says in its manifest that this reads.

use gatehouse_domain::manifest::{Manifest, ReadBy};
use serde_json::{Value, json};

use super::Library;

/// A manifest with an entity that is listed by a search.
fn searched(manifest: &mut Manifest, reads: Option<ReadBy>) {
    let rules = json!({ "mode": "incremental", "direction": "pull", "every_minutes": 0 });
    manifest.sync.insert("queries".to_owned(), serde_json::from_value(rules).unwrap());
    let mut rule = manifest.egress.allow[0].clone();
    (rule.methods, rule.paths, rule.reads) = (vec!["POST".to_owned()], vec!["/queries/search".to_owned()], reads);
    manifest.egress.allow.push(rule);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pull_by_a_search_that_only_reads_is_made() {
    let library = Library::open_with(|manifest| searched(manifest, Some(ReadBy::Path))).await;
    library.settings("queries", json!({ "limit": 10 })).await;
    library.put_many("queries", 0..25, 1);
    library.sync("queries", json!({})).await;
    library.agrees("queries").await;
    assert_eq!(library.books.kept().shelf("queries").len(), 25);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pull_that_would_write_is_refused_before_the_provider_hears_of_it() {
    let library = Library::open_with(|manifest| searched(manifest, None)).await;
    library.put_many("queries", 0..1, 1);
    let run = library.start("queries", json!({})).await;
    let run = library.run_in(&run, &["succeeded", "failed", "held", "cancelled"]).await;
    let reason = run["reason"].as_str().unwrap_or_default();
    assert!(run["state"] == "failed" && reason.contains("reads = \"path\""), "{run:#}");
    let pages = library.books.kept().pages;
    assert_eq!((pages, library.feed("queries").await), (0, Vec::<Value>::new()));
}

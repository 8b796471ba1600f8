//! Syncs through the real binary and a real component, against a provider that changes records
//! behind our back, refuses, and loses answers.

mod feed;
mod guard;
mod kills;
mod mapped;
mod park;
mod pull;
mod push;
mod reads;
mod settings;
mod watch;

use std::collections::BTreeMap;

use gatehouse_domain::manifest::Manifest;
use serde_json::{Value, json};

use crate::harness::canary::SECRET_KEY;
use crate::harness::story::{enable_plugin, new_tenant, upload_bytes};
use crate::harness::{Books, Client, Server, artefacts, eventually};

/// A tenant with an integration whose records are synchronised.
struct Library {
    server: Server,
    books: Books,
    tenant: Client,
    integration: String,
}

impl Library {
    async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    async fn open_with(change: impl FnOnce(&mut Manifest)) -> Self {
        let books = Books::open().await;
        let server = Server::start_with(&[
            ("GATEHOUSE_EGRESS__ALLOW", format!("[{:?}]", books.origin)),
            // How long a write whose answer was lost can be under way.
            ("GATEHOUSE_LIMITS__WALL_MS", "700".to_owned()),
            ("GATEHOUSE_LIMITS__EGRESS_MS", "600".to_owned()),
            ("GATEHOUSE_RESILIENCE__FAILURES_IN_A_ROW", "100000".to_owned()),
            ("GATEHOUSE_RESILIENCE__FAILURE_CALLS", "100000".to_owned()),
        ]);
        let tenant = new_tenant(&server, "Acme").await;
        upload_bytes(&server, artefacts::guest_with("syncing", change)).await;
        enable_plugin(&tenant, "books").await;
        let new = json!({
            "provider": "books", "name": "Library", "credentials": { "token": SECRET_KEY },
            "settings": { "base_url": books.origin },
        });
        let integration = tenant.post("/integrations", new).await.expect(201);
        let integration = integration["id"].as_str().unwrap().to_owned();
        Self { server, books, tenant, integration }
    }

    /// A path below the integration.
    fn path(&self, rest: &str) -> String {
        format!("/integrations/{}{rest}", self.integration)
    }

    async fn get(&self, rest: &str) -> Value {
        self.tenant.get(&self.path(rest)).await.expect(200)
    }

    /// Begins a sync of an entity and answers the run's id.
    async fn start(&self, entity: &str, ask: Value) -> String {
        let run = self.tenant.post(&self.path(&format!("/sync/{entity}")), ask).await.expect(202);
        run["id"].as_str().unwrap().to_owned()
    }

    async fn run(&self, id: &str) -> Value {
        self.get(&format!("/sync/runs/{id}")).await
    }

    /// Waits until a run is in a state.
    async fn run_in(&self, id: &str, states: &[&str]) -> Value {
        let what = format!("a run {states:?}");
        eventually(&what, async || {
            let run = self.run(id).await;
            states.contains(&run["state"].as_str().unwrap()).then_some(run)
        })
        .await
    }

    /// Synchronises an entity and answers the run, which has to succeed.
    async fn sync(&self, entity: &str, ask: Value) -> Value {
        let id = self.start(entity, ask).await;
        let run = self.run_in(&id, &["succeeded", "failed", "held", "cancelled"]).await;
        assert_eq!(run["state"], "succeeded", "{run:#}");
        run
    }

    /// The feed of an entity from a cursor on, and where it ends.
    async fn feed_from(&self, entity: &str, cursor: Option<String>) -> (Vec<Value>, Option<String>) {
        let (mut items, mut cursor) = (Vec::new(), cursor);
        loop {
            let after = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = self.get(&format!("/records/{entity}?limit=200{after}")).await;
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            cursor = page["cursor"].as_str().map(str::to_owned);
            if page["more"] != true {
                return (items, cursor);
            }
        }
    }

    async fn feed(&self, entity: &str) -> Vec<Value> {
        self.feed_from(entity, None).await.0
    }

    /// Our records hold what the provider holds, and whoever reads the feed ends up with the same.
    async fn agrees(&self, entity: &str) {
        let mut read = BTreeMap::new();
        replay(&mut read, &self.feed(entity).await);
        assert_eq!(read, self.books.kept().shelf(entity));
    }

    /// The rows of the log, newest first.
    async fn logs(&self, filter: &str) -> Vec<Value> {
        let page = self.get(&format!("/sync/logs?limit=200{filter}")).await;
        page["items"].as_array().unwrap().clone()
    }

    /// The events of a kind, newest first.
    async fn events(&self, kind: &str) -> Vec<Value> {
        let page = self.get("/events?limit=200").await;
        page["items"].as_array().unwrap().iter().filter(|event| event["kind"] == kind).cloned().collect()
    }

    async fn settings(&self, entity: &str, change: Value) -> Value {
        let body = json!({ "entities": { entity: change } });
        self.tenant.put(&self.path("/sync/settings"), body).await.expect(200)
    }

    fn put_many(&self, shelf: &str, ids: std::ops::Range<usize>, version: u64) {
        let mut kept = self.books.kept();
        for id in ids {
            kept.put(shelf, &format!("r{id:05}"), json!({ "name": format!("record {id}"), "version": version }));
        }
    }
}

/// Applies a feed to what a reader has. An addition of what it has, or a change of what it has
/// not, would be a lie.
pub(crate) fn replay(read: &mut BTreeMap<String, Value>, items: &[Value]) {
    for item in items {
        let id = item["id"].as_str().unwrap().to_owned();
        match item["action"].as_str().unwrap() {
            "ADDED" => assert!(read.insert(id, item["data"].clone()).is_none(), "added twice: {item:#}"),
            "UPDATED" => assert!(read.insert(id, item["data"].clone()).is_some(), "not known: {item:#}"),
            "DELETED" => drop(read.remove(&id)),
            other => panic!("{other}"),
        }
    }
}

/// How often each action is in a feed.
fn actions(items: &[Value]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for item in items {
        *counts.entry(item["action"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    counts
}

/// Some counts of a run, by name.
fn counts(run: &Value, names: &[&str]) -> Vec<u64> {
    names.iter().map(|name| run["counts"][name].as_u64().unwrap()).collect()
}

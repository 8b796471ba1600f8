//! What a tenant decides about syncs, and the schedules that follow from it.

use serde_json::{Value, json};

use super::Library;
use crate::harness::eventually;

impl Library {
    async fn next_run(&self, entity: &str) -> Value {
        let status = self.get("/sync/status").await;
        let found = status["items"].as_array().unwrap().iter().find(|one| one["entity"] == entity).unwrap().clone();
        found["next_run_at"].clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schedules_follow_the_settings_and_the_integration() {
    let library = Library::open().await;
    let settings = library.get("/sync/settings").await;
    let orders = &settings["items"][3];
    assert_eq!(orders["schedule"], json!({ "every": "minutes", "minutes": 60 }));
    assert_eq!(
        (&orders["entity"], &orders["conflict"], &orders["limit"]),
        (&json!("orders"), &json!("theirs"), &json!(100))
    );
    assert!(library.next_run("orders").await.is_string(), "the manifest's pause holds from the beginning");
    assert!(library.next_run("contacts").await.is_null());

    for (schedule, on) in [
        (json!({ "every": "hourly" }), true),
        (json!({ "every": "daily" }), true),
        (json!({ "every": "cron", "expression": "0 3 * * 1-5" }), true),
        (json!({ "every": "minutes", "minutes": 5 }), true),
        (json!({ "every": "off" }), false),
    ] {
        library.settings("contacts", json!({ "schedule": schedule })).await;
        assert_eq!(library.next_run("contacts").await.is_string(), on, "{schedule}");
    }
    for (entity, change, place) in [
        (
            "contacts",
            json!({ "schedule": { "every": "cron", "expression": "often" } }),
            "$.entities.contacts.schedule.expression",
        ),
        (
            "contacts",
            json!({ "schedule": { "every": "minutes", "minutes": 0 } }),
            "$.entities.contacts.schedule.minutes",
        ),
        ("contacts", json!({ "schedule": { "every": "yearly" } }), "$.entities"),
        ("contacts", json!({ "limit": 0 }), "$.entities.contacts.limit"),
        ("items", json!({ "direction": "both" }), "$.entities.items.direction"),
        ("none", json!({}), "$.entities.none"),
        ("contacts", json!({ "often": true }), "$.entities"),
    ] {
        let body = json!({ "entities": { entity: change } });
        library.tenant.put(&library.path("/sync/settings"), body).await.expect_problem(422, place);
    }

    library.settings("contacts", json!({ "schedule": { "every": "hourly" } })).await;
    library.settings("orders", json!({ "enabled": false })).await;
    assert!(library.next_run("orders").await.is_null());
    library.tenant.put(&library.path(""), json!({ "disabled": true })).await.expect(200);
    assert!(library.next_run("contacts").await.is_null());
    library.tenant.post(&library.path("/sync/contacts"), json!({})).await.expect_problem(409, "takes no calls");
    library.tenant.put(&library.path(""), json!({ "disabled": false })).await.expect(200);
    assert!(library.next_run("contacts").await.is_string());
    assert!(library.next_run("orders").await.is_null(), "what the tenant decided holds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_switched_off_ends_and_a_deleted_integration_leaves_nothing() {
    let library = Library::open().await;
    library.put_many("contacts", 0..30, 1);
    library.settings("contacts", json!({ "direction": "pull" })).await;
    library.sync("contacts", json!({})).await;
    // Switched off while a run waits: the run ends with it.
    library.books.kept().refuse(reqwest::Method::GET, 429, &[("retry-after", "1")], 1);
    let id = library.start("contacts", json!({})).await;
    library.run_in(&id, &["waiting"]).await;
    library.settings("contacts", json!({ "enabled": false })).await;
    let run = library.run_in(&id, &["cancelled"]).await;
    assert!(run["reason"].as_str().unwrap().contains("switched off"), "{run:#}");
    library.settings("contacts", json!({ "enabled": true })).await;
    library.tenant.delete(&library.path("?force=true")).await.expect(204);
    eventually("the end of the records", async || {
        let line = library
            .server
            .output()
            .lines()
            .find(|line| line.contains("of a deleted integration left"))
            .map(str::to_owned);
        line.map(|line| assert!(line.contains("records=30"), "{line}"))
    })
    .await;
    library.tenant.get(&library.path("/records/contacts")).await.expect_problem(404, "integration");
}

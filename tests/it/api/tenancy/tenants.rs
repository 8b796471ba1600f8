//! Tenants: made, changed, suspended, resumed and deleted for good.

use serde_json::{Value, json};

use super::{actions, text};
use crate::harness::story::{new_tenant, payment};
use crate::harness::{Server, Story, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_is_made_read_and_changed() {
    let server = Server::start(&[]);
    let operator = server.operator();
    let made = json!({ "name": " Acme ", "metadata": { "plan": "gold" } });
    let made = operator.post("/tenants", made).await.expect(201);
    let path = format!("/tenants/{}", text(&made, "id"));
    assert_eq!(
        (&made["name"], &made["status"], &made["metadata"]["plan"]),
        (&json!("Acme"), &json!("active"), &json!("gold"))
    );
    let renamed = operator.put(&path, json!({ "name": "Acme Inc" })).await.expect(200);
    assert_eq!((&renamed["name"], &renamed["metadata"]["plan"]), (&json!("Acme Inc"), &json!("gold")));
    let changed = operator.put(&path, json!({ "metadata": { "plan": "silver" } })).await.expect(200);
    assert_eq!((&changed["name"], &changed["metadata"]), (&json!("Acme Inc"), &json!({ "plan": "silver" })));
    assert_eq!(operator.get(&path).await.expect(200), changed);
    assert_eq!(operator.get("/tenants").await.expect(200)["items"], json!([changed]));
    let check = async |body: Value, text: &str| {
        operator.put(&path, body.clone()).await.expect_problem(422, text);
        operator.post("/tenants", body).await.expect_problem(422, text);
    };
    check(json!({ "name": "" }), "$.name").await;
    check(json!({ "name": "x".repeat(201) }), "$.name").await;
    check(json!({ "name": "x", "metadata": { "a": "x".repeat(17_000) } }), "$.metadata").await;
    check(json!({ "name": "x", "status": "deleted" }), "$.status").await;
    operator.get("/tenants/acme").await.expect_problem(422, "ten_");
    operator.get("/tenants/ten_00000000000000000000000000000000").await.expect_problem(404, "tenant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_tenants_keys_are_refused_until_it_is_resumed() {
    let server = Server::start(&[]);
    let (tenant, operator) = (new_tenant(&server, "Acme").await, server.operator());
    let id = text(&tenant.get("/keys").await.expect(200)["items"][0], "tenant");
    let suspended = operator.post(&format!("/tenants/{id}/suspend"), json!({})).await.expect(200);
    assert!(suspended["status"] == "suspended" && suspended["suspended_at"].is_string(), "{suspended:#}");
    tenant.get("/integrations").await.expect_problem(403, "suspended");
    assert_eq!(operator.post(&format!("/tenants/{id}/suspend"), json!({})).await.expect(200), suspended);
    let acting = [("gatehouse-tenant", id.as_str())];
    operator.send(reqwest::Method::GET, "/integrations", &acting, Vec::new()).await.expect(200);
    let resumed = operator.post(&format!("/tenants/{id}/resume"), json!({})).await.expect(200);
    assert_eq!((&resumed["status"], &resumed["suspended_at"]), (&json!("active"), &Value::Null));
    tenant.get("/integrations").await.expect(200);
    for client in [&tenant, &operator] {
        let trail = actions(&client.get("/audit").await.expect(200));
        let told: Vec<&String> = trail.iter().filter(|action| action.starts_with("tenant.")).collect();
        assert_eq!(
            told.iter().filter(|action| action.ends_with("suspended") || action.ends_with("resumed")).count(),
            2
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_tenant_is_gone_at_once_and_erased_soon_and_nobody_else_is() {
    let mut story = Story::begin().await;
    story.execute("PROCESS_PAYMENT", payment("a book")).await.expect(200);
    let other = new_tenant(&story.server, "Other").await;
    let id = text(&story.tenant.get("/keys").await.expect(200)["items"][0], "tenant");
    let operator = story.server.operator();
    let path = format!("/tenants/{id}");
    let deleted = operator.delete(&path).await.expect(200);
    assert!(deleted["status"] == "deleted" && deleted["deleted_at"].is_string(), "{deleted:#}");

    story.tenant.get("/integrations").await.expect_problem(401, "key");
    let webhook = story.server.client().post_bytes(story.webhook_path(), b"{}".to_vec(), &[]).await;
    webhook.expect_problem(404, "endpoint");
    let acting = [("gatehouse-tenant", id.as_str())];
    operator.send(reqwest::Method::GET, "/executions", &acting, Vec::new()).await.expect_problem(404, "tenant");
    operator.post("/keys", json!({ "name": "late", "tenant": id })).await.expect_problem(404, "tenant");
    for gone in ["suspend", "resume"] {
        operator.post(&format!("{path}/{gone}"), json!({})).await.expect_problem(404, "tenant");
    }
    operator.put(&path, json!({ "name": "Again" })).await.expect_problem(404, "tenant");
    operator.delete(&path).await.expect_problem(404, "tenant");

    let erased = eventually("the erasing of a tenant", async || {
        let tenant = operator.get(&path).await.expect(200);
        tenant["erased_at"].is_string().then_some(tenant)
    })
    .await;
    assert_eq!((&erased["name"], &erased["metadata"]), (&json!("Acme"), &json!({})));
    assert!(story.server.output().contains("erased what was left of a deleted tenant"));
    let trail = actions(&operator.get("/audit").await.expect(200));
    assert!(trail.contains(&"tenant.deleted".to_owned()), "{trail:?}");

    // It stays so over a restart, and the other tenant never noticed.
    story.server = story.server.kill_and_restart();
    story.tenant.moved_to(&story.server).get("/integrations").await.expect_problem(401, "key");
    other.moved_to(&story.server).get("/integrations").await.expect(200);
    let tenants = story.server.operator().get("/tenants").await.expect(200);
    assert_eq!(tenants["items"].as_array().unwrap().len(), 2);
}

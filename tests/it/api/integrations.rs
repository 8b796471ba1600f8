//! Integrations: made, shown, changed and deleted, with secrets that never come back.

use serde_json::{Value, json};

use crate::harness::canary::SECRET_KEY;
use crate::harness::story::{create, enable, new_tenant, payment, upload};
use crate::harness::{Server, Story};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_are_shown_as_hints_only() {
    let story = Story::begin().await;
    let path = format!("/integrations/{}", story.integration);
    for view in [story.tenant.get(&path).await, story.tenant.get("/integrations/stripe").await] {
        let view = view.expect(200);
        let hint = view["credential_hints"]["secret_key"].as_str().unwrap();
        assert!(hint.starts_with("sk_t") && hint.ends_with(&SECRET_KEY[SECRET_KEY.len() - 4..]), "{hint}");
        assert!(view.get("credentials").is_none());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_refused_with_its_path() {
    let story = Story::begin().await;
    let check = async |change: fn(&mut Value), status: u16, text: &str| {
        let mut new = json!({
            "connection_code": "stripe", "name": "Second",
            "credentials": { "secret_key": SECRET_KEY }, "settings": { "base_url": story.upstream.origin },
        });
        change(&mut new);
        story.tenant.post("/integrations", new).await.expect_problem(status, text);
    };
    check(|new| new["credentials"] = json!({}), 422, "secret_key").await;
    check(|new| new["credentials"] = json!(SECRET_KEY), 422, "$.credentials").await;
    check(|new| new["credentials"]["secret_key"] = json!(7), 422, "$.credentials").await;
    check(|new| new["credentials"]["colour"] = json!("red"), 422, "$.credentials").await;
    check(|new| new["settings"]["colour"] = json!("red"), 422, "$.settings").await;
    check(|new| new["settings"]["base_url"] = json!("http://169.254.169.254"), 422, "base_url").await;
    check(|new| new["name"] = json!("  "), 422, "$.name").await;
    check(|new| new["colour"] = json!("red"), 422, "$.colour").await;
    check(|new| new["connection_code"] = json!("nobody"), 409, "nobody").await;
    story.tenant.post_bytes("/integrations", b"{".to_vec(), &[]).await.expect_problem(422, "$");
    story.tenant.post("/integrations", json!(["stripe", "Second"])).await.expect_problem(422, "expected an object");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_of_one_provider_are_told_apart_by_id() {
    let story = Story::begin().await;
    let second = create(&story.tenant, &story.upstream.origin).await;
    story.tenant.get("/integrations/stripe").await.expect_problem(409, "several");
    story.tenant.get(&format!("/integrations/{}", second["id"].as_str().unwrap())).await.expect(200);
    let page = story.tenant.get("/integrations?limit=1").await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    let next = format!("/integrations?limit=1&cursor={}", page["next"].as_str().unwrap());
    let page = story.tenant.get(&next).await.expect(200);
    assert_eq!((&page["items"][0]["id"], &page["next"]), (&second["id"], &Value::Null));
    story.tenant.get("/integrations?cursor=%20").await.expect_problem(422, "cursor");
    story.tenant.get("/integrations?limit=0").await.expect_problem(422, "limit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_integration_and_a_disabled_plugin_are_not_called() {
    let story = Story::begin().await;
    let path = format!("/integrations/{}", story.integration);
    story.tenant.put(&path, json!({ "disabled": true })).await.expect(200);
    story.execute("PROCESS_PAYMENT", payment("no")).await.expect_problem(409, "disabled");
    story.tenant.put(&path, json!({ "disabled": false })).await.expect(200);
    story.tenant.post("/plugins/tenant/stripe/toggle", json!({ "enabled": false })).await.expect(200);
    story.execute("PROCESS_PAYMENT", payment("no")).await.expect_problem(409, "disabled");
    enable(&story.tenant).await;
    story.execute("PROCESS_PAYMENT", payment("yes")).await.expect(200);
    assert_eq!(story.upstream.payments(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_integration_is_gone_and_its_executions_stay() {
    let story = Story::begin().await;
    let done = story.execute("PROCESS_PAYMENT", payment("a book")).await.expect(200);
    let path = format!("/integrations/{}", story.integration);
    story.tenant.delete(&path).await.expect(204);
    story.tenant.get(&path).await.expect_problem(404, "integration");
    story.tenant.get(&format!("/executions/{}", done["execution"].as_str().unwrap())).await.expect(200);
    story.server.client().post_bytes(story.webhook_path(), b"{}".to_vec(), &[]).await.expect_problem(404, "endpoint");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_tenant_can_not_see_another() {
    let story = Story::begin().await;
    let done = story.execute("PROCESS_PAYMENT", payment("a book")).await.expect(200);
    let stranger = new_tenant(&story.server, "Stranger").await;
    let path = format!("/integrations/{}", story.integration);
    stranger.get(&path).await.expect_problem(404, "integration");
    stranger.put(&path, json!({ "name": "Mine" })).await.expect_problem(404, "integration");
    stranger.delete(&path).await.expect_problem(404, "integration");
    stranger.post(&format!("{path}/test"), json!({})).await.expect_problem(404, "integration");
    let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("theft") });
    stranger.post(&format!("{path}/execute"), ask).await.expect_problem(404, "integration");
    let execution = format!("/executions/{}", done["execution"].as_str().unwrap());
    stranger.get(&execution).await.expect_problem(404, "execution");
    assert_eq!(stranger.get("/integrations").await.expect(200)["items"], json!([]));
    assert_eq!(stranger.get("/executions").await.expect(200)["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_enabled_plugin_there_is_no_integration() {
    let server = Server::start(&[]);
    upload(&server).await;
    let tenant = new_tenant(&server, "Acme").await;
    let new = json!({ "provider": "stripe", "name": "Early", "credentials": { "secret_key": SECRET_KEY } });
    tenant.post("/integrations", new).await.expect_problem(409, "enable");
    let toggle = json!({ "enabled": true });
    tenant.post("/plugins/tenant/stripe/toggle", toggle).await.expect_problem(409, "permissions");
    let toggle = json!({ "enabled": true, "consent": "0".repeat(64) });
    tenant.post("/plugins/tenant/stripe/toggle", toggle).await.expect_problem(409, "$.consent");
}

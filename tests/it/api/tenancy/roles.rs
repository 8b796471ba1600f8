//! Roles: the built-in ones, a tenant's own, and what a caller without payloads sees.

use serde_json::{Value, json};

use super::{key, text};
use crate::harness::story::{new_tenant, payment};
use crate::harness::{Server, Story};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_permission_is_told_with_a_sentence() {
    let server = Server::start(&[]);
    let told = server.client().get("/permissions").await.expect(200);
    let told = told["items"].as_array().unwrap();
    let document = server.client().get("/openapi.json").await.expect(200);
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values().filter(|one| one["x-permission"].is_string()) {
            let one = told.iter().find(|one| one["name"] == operation["x-permission"]);
            let one = one.unwrap_or_else(|| panic!("{path} asks for what is not told"));
            assert!(one["says"].as_str().unwrap().ends_with('.') && one["reach"].is_string(), "{one}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_side_sees_the_roles_that_its_keys_can_have() {
    let server = Server::start(&[]);
    let tenant = new_tenant(&server, "Acme").await;
    let names = |roles: &Value| -> Vec<String> {
        roles["items"].as_array().unwrap().iter().map(|role| text(role, "name")).collect()
    };
    let own = ["tenant-owner", "tenant-admin", "developer", "support", "auditor"];
    assert_eq!(names(&tenant.get("/roles").await.expect(200)), own);
    let operators = ["platform-admin", "plugin-reviewer", "operator"];
    assert_eq!(names(&server.operator().get("/roles").await.expect(200)), operators);
    tenant.get("/roles/operator").await.expect_problem(404, "role");
    server.operator().get("/roles/operator").await.expect(200);
    tenant.put("/roles/developer", json!({ "permissions": [] })).await.expect_problem(409, "built in");
    tenant.delete("/roles/developer").await.expect_problem(409, "built in");
    tenant.put("/roles/operator", json!({ "permissions": [] })).await.expect_problem(404, "role");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_role_counts_at_once_for_every_key_that_has_it() {
    let server = Server::start(&[]);
    let tenant = new_tenant(&server, "Acme").await;
    let role = json!({ "name": "billing", "description": "Bills.", "permissions": ["integrations:read"] });
    tenant.post("/roles", role.clone()).await.expect(201);
    tenant.post("/roles", role).await.expect_problem(409, "billing");
    let client = key(&server, &tenant, json!({ "name": "b", "role": "billing", "permissions": ["keys:read"] })).await;
    client.get("/integrations").await.expect(200);
    client.get("/keys").await.expect(200);
    client.get("/executions").await.expect_problem(403, "executions:read");
    let wider = json!({ "permissions": ["executions:read"] });
    let changed = tenant.put("/roles/billing", wider).await.expect(200);
    assert_eq!((&changed["description"], &changed["permissions"]), (&json!("Bills."), &json!(["executions:read"])));
    client.get("/executions").await.expect(200);
    client.get("/integrations").await.expect_problem(403, "integrations:read");
    tenant.delete("/roles/billing").await.expect_problem(409, "has the role");
    let of_b = tenant.get("/keys").await.expect(200);
    let of_b = of_b["items"].as_array().unwrap().iter().find(|key| key["role"] == "billing").unwrap().clone();
    tenant.delete(&format!("/keys/{}", text(&of_b, "id"))).await.expect(200);
    tenant.delete("/roles/billing").await.expect(204);
    tenant.get("/roles/billing").await.expect_problem(404, "role");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_holds_no_more_than_its_maker_and_its_tenant() {
    let server = Server::start(&[]);
    let tenant = new_tenant(&server, "Acme").await;
    let maker = key(&server, &tenant, json!({ "name": "m", "permissions": ["roles:*", "keys:read"] })).await;
    let check = async |role: Value, status: u16, text: &str| {
        maker.post("/roles", role).await.expect_problem(status, text);
    };
    check(json!({ "name": "a1", "permissions": ["keys:*"] }), 403, "keys:write").await;
    check(json!({ "name": "a2", "permissions": ["tenants:read"] }), 422, "reaches past one tenant").await;
    check(json!({ "name": "a3", "permissions": ["*"] }), 422, "reaches past one tenant").await;
    check(json!({ "name": "a4", "permissions": ["keys:fly"] }), 422, "$.permissions").await;
    check(json!({ "name": "A 5", "permissions": [] }), 422, "$.name").await;
    check(json!({ "name": "operator", "permissions": [] }), 422, "built-in").await;
    check(json!({ "name": "a6", "permissions": [], "description": "x".repeat(1_001) }), 422, "$.description").await;
    maker.post("/roles", json!({ "name": "fine", "permissions": ["keys:read"] })).await.expect(201);
    maker.put("/roles/fine", json!({ "permissions": ["keys:*"] })).await.expect_problem(403, "keys:write");
    let other = new_tenant(&server, "Other").await;
    other.get("/roles/fine").await.expect_problem(404, "role");
    other.delete("/roles/fine").await.expect_problem(404, "role");
    other.post("/keys", json!({ "name": "x", "role": "fine" })).await.expect_problem(422, "$.role");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn support_reads_everything_but_what_calls_carried() {
    let story = Story::begin().await;
    let path = format!("/integrations/{}", story.integration);
    story.tenant.post(&format!("{path}/test"), json!({})).await.expect(200);
    let done = story.execute("PROCESS_PAYMENT", payment("a secret wish")).await.expect(200);
    let record = format!("/executions/{}", text(&done, "execution"));
    let event = format!("/events/{}", text(&story.tenant.get("/events").await.expect(200)["items"][0], "id"));
    for role in ["support", "auditor"] {
        let reader = key(&story.server, &story.tenant, json!({ "name": role, "role": role })).await;
        let seen = reader.get(&record).await.expect(200);
        assert_eq!((&seen["parameters"], &seen["result"]), (&json!("[redacted]"), &json!("[redacted]")));
        assert_eq!((&seen["outcome"], &seen["capability"]), (&json!("succeeded"), &json!("PROCESS_PAYMENT")));
        let places =
            ["/executions", &format!("/executions?integration={}", story.integration), "/events", &event, &record];
        for place in places.into_iter().chain([format!("{path}/events").as_str()]) {
            let seen = reader.get(place).await.expect(200).to_string();
            assert!(seen.contains("[redacted]") && !seen.contains("secret wish"), "{place}: {seen}");
        }
        let capabilities = reader.get(&format!("{path}/capabilities")).await.expect(200).to_string();
        assert!(capabilities.contains("minor_units"), "schemas are no payloads");
    }
    let reader = json!({ "name": "r", "permissions": ["executions:read", "payloads:read"] });
    let reader = key(&story.server, &story.tenant, reader).await;
    assert_eq!(reader.get(&record).await.expect(200)["parameters"]["description"], "a secret wish");
    // Whoever makes the call is told what came of it.
    let caller =
        key(&story.server, &story.tenant, json!({ "name": "c", "permissions": ["integrations:execute"] })).await;
    let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("mine") });
    let done = caller.post(&format!("{path}/execute"), ask).await.expect(200);
    assert_eq!(done["result"]["status"], "succeeded", "{done:#}");
}

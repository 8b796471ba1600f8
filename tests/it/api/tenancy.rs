//! Tenants and keys: who is let in, and how far.

use serde_json::json;

use crate::harness::Server;
use crate::harness::story::new_tenant;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key_is_401_whatever_is_wrong_with_it() {
    let server = Server::start(&[]);
    let wrong = ["", "gh_", "gatehouse-tests-operator-key-0123456780", "gh_short", "€"];
    for token in wrong {
        let headers = [("authorization", format!("Bearer {token}"))];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = server.client().send(reqwest::Method::GET, "/tenants", &headers, Vec::new()).await;
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        answer.expect_problem(401, "key");
    }
    server.client().get("/tenants").await.expect_problem(401, "key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_permission_is_403_and_named() {
    let server = Server::start(&[]);
    let tenant = new_tenant(&server, "Acme").await;
    tenant.get("/tenants").await.expect_problem(403, "tenants:read");
    let key = json!({ "name": "reader", "permissions": ["integrations:read"] });
    let key = tenant.post("/keys", key).await.expect(201);
    let reader = server.client().with_key(key["token"].as_str().unwrap());
    reader.get("/integrations").await.expect(200);
    reader.post("/integrations", json!({})).await.expect_problem(403, "integrations:create");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gives_more_than_they_hold() {
    let server = Server::start(&[]);
    let tenant = new_tenant(&server, "Acme").await;
    let wide = json!({ "name": "wide", "permissions": ["tenants:write"] });
    tenant.post("/keys", wide).await.expect_problem(422, "reaches past one tenant");
    let maker = json!({ "name": "maker", "permissions": ["keys:write"] });
    let maker = tenant.post("/keys", maker).await.expect(201);
    let maker = server.client().with_key(maker["token"].as_str().unwrap());
    let more = json!({ "name": "more", "permissions": ["integrations:delete"] });
    maker.post("/keys", more).await.expect_problem(403, "integrations:delete");
    let other = server.operator().post("/tenants", json!({ "name": "Other" })).await.expect(201);
    let foreign = json!({ "name": "foreign", "tenant": other["id"], "permissions": ["keys:write"] });
    maker.post("/keys", foreign).await.expect_problem(404, "tenant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_or_expired_key_stops_working() {
    let server = Server::start(&[]);
    let tenant = new_tenant(&server, "Acme").await;
    let key = tenant.post("/keys", json!({ "name": "short-lived" })).await.expect(201);
    let client = server.client().with_key(key["token"].as_str().unwrap());
    client.get("/integrations").await.expect(200);
    tenant.delete(&format!("/keys/{}", key["id"].as_str().unwrap())).await.expect(200);
    client.get("/integrations").await.expect_problem(401, "revoked");
    let past = json!({ "name": "past", "expires_at": "2020-01-01T00:00:00Z" });
    let key = tenant.post("/keys", past).await.expect(201);
    server.client().with_key(key["token"].as_str().unwrap()).get("/integrations").await.expect_problem(401, "expired");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_sees_its_own_keys_only() {
    let server = Server::start(&[]);
    let (one, two) = (new_tenant(&server, "One").await, new_tenant(&server, "Two").await);
    let foreign = two.get("/keys").await.expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    let own = one.get("/keys").await.expect(200);
    assert_eq!(own["items"].as_array().unwrap().len(), 1, "{own:#}");
    one.delete(&format!("/keys/{foreign}")).await.expect_problem(404, "key");
    assert!(own.to_string().find("token").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operators_key_acts_for_no_tenant() {
    let server = Server::start(&[]);
    server.operator().get("/integrations").await.expect_problem(403, "operator");
}

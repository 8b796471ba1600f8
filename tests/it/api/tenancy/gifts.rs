//! Nobody gives more than they hold: not with a key, not with a role, not by rotating.

use serde_json::{Value, json};

use super::{key, text};
use crate::harness::Server;
use crate::harness::story::new_tenant;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_permission_is_403_and_named() {
    let server = Server::start(&[]);
    let tenant = new_tenant(&server, "Acme").await;
    tenant.get("/tenants").await.expect_problem(403, "tenants:read");
    let reader = key(&server, &tenant, json!({ "name": "reader", "permissions": ["integrations:read"] })).await;
    reader.get("/integrations").await.expect(200);
    reader.post("/integrations", json!({})).await.expect_problem(403, "integrations:create");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_no_wider_than_its_maker() {
    let server = Server::start(&[]);
    let tenant = new_tenant(&server, "Acme").await;
    tenant.post("/roles", json!({ "name": "wide", "permissions": ["integrations:*", "keys:*"] })).await.expect(201);
    tenant.post("/roles", json!({ "name": "slim", "permissions": ["keys:read"] })).await.expect(201);
    let maker = json!({ "name": "maker", "permissions": ["keys:*", "roles:*"], "allowed_ips": ["127.0.0.0/8"] });
    let maker = key(&server, &tenant, maker).await;
    let check = async |ask: Value, status: u16, text: &str| {
        let mut new = json!({ "name": "made" });
        new.as_object_mut().unwrap().extend(ask.as_object().unwrap().clone());
        let answer = maker.post("/keys", new).await;
        assert_eq!(answer.status, status, "{ask}: {:#}", answer.body);
        assert!(answer.body.to_string().contains(text), "{ask}: {:#}", answer.body);
    };
    check(json!({ "permissions": ["integrations:delete"] }), 403, "integrations:delete").await;
    check(json!({ "permissions": ["keys:*", "integrations:*"] }), 403, "integrations:create").await;
    check(json!({}), 403, "lacks the permission").await;
    check(json!({ "role": "developer" }), 403, "lacks the permission").await;
    check(json!({ "role": "wide" }), 403, "lacks the permission").await;
    check(json!({ "role": "slim" }), 201, "slim").await;
    check(json!({ "permissions": ["keys:*"], "allowed_ips": ["127.0.0.1"] }), 201, "127.0.0.1/32").await;
    check(json!({ "permissions": ["keys:*"] }), 201, "127.0.0.0/8").await;
    check(json!({ "permissions": ["keys:*"], "allowed_ips": ["127.0.0.1", "192.0.2.1"] }), 403, "restricted").await;
    check(json!({ "permissions": ["keys:*"], "allowed_ips": ["0.0.0.0/0"] }), 403, "restricted").await;
    // A role that holds more than the key can give counts only as far as the key reaches.
    check(json!({ "role": "wide", "capabilities": ["A"] }), 403, "integrations:execute").await;
    let other = server.operator().post("/tenants", json!({ "name": "Other" })).await.expect(201);
    check(json!({ "tenant": other["id"], "permissions": ["keys:write"] }), 404, "tenant").await;
    let absent = "ten_00000000000000000000000000000000";
    check(json!({ "tenant": absent, "permissions": ["keys:write"] }), 404, "tenant").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotating_a_key_does_not_hand_out_its_power() {
    let server = Server::start(&[]);
    let tenant = new_tenant(&server, "Acme").await;
    let owners = text(&tenant.get("/keys").await.expect(200)["items"][0], "id");
    let keeper = key(&server, &tenant, json!({ "name": "keeper", "permissions": ["keys:*"] })).await;
    keeper.post(&format!("/keys/{owners}/rotate"), json!({})).await.expect_problem(403, "lacks the permission");
    let placed = json!({ "name": "placed", "permissions": ["keys:*"], "allowed_ips": ["127.0.0.1"] });
    let placed = key(&server, &tenant, placed).await;
    let free = tenant.post("/keys", json!({ "name": "free", "permissions": ["keys:read"] })).await.expect(201);
    let free = format!("/keys/{}/rotate", text(&free, "id"));
    placed.post(&free, json!({})).await.expect_problem(403, "restricted");
    keeper.post(&free, json!({})).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idempotency_key_does_not_hand_out_anothers_answer() {
    let server = Server::start(&[]);
    let tenant = new_tenant(&server, "Acme").await;
    let keeper = key(&server, &tenant, json!({ "name": "keeper", "permissions": ["keys:*"] })).await;
    let same = [("idempotency-key", "the same")];
    let ask = json!({ "name": "made", "permissions": ["keys:read"] });
    let first = tenant.post_with("/keys", ask.clone(), &same).await.expect(201);
    let again = tenant.post_with("/keys", ask.clone(), &same).await.expect(201);
    assert_eq!(first, again);
    let other = keeper.post_with("/keys", ask, &same).await.expect(201);
    assert!(other["token"] != first["token"] && other["id"] != first["id"], "{other:#}");
    // What the keeper could not be given, it is not given by repeating.
    let wide = json!({ "name": "wide" });
    tenant.post_with("/keys", wide.clone(), &same).await.expect(422);
    let another = [("idempotency-key", "another")];
    tenant.post_with("/keys", wide.clone(), &another).await.expect(201);
    keeper.post_with("/keys", wide, &another).await.expect_problem(403, "lacks the permission");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_admin_does_not_become_an_operator() {
    let server = Server::start(&[]);
    let tenant = server.operator().post("/tenants", json!({ "name": "Acme" })).await.expect(201);
    let admin = key(&server, &server.operator(), json!({ "name": "admin", "role": "platform-admin" })).await;
    admin.get("/tenants").await.expect(200);
    admin.post("/keys", json!({ "name": "more" })).await.expect_problem(403, "lacks the permission");
    admin.post("/keys", json!({ "name": "more", "role": "operator" })).await.expect_problem(403, "lacks");
    let inside = json!({ "name": "inside", "tenant": tenant["id"], "permissions": ["keys:read"] });
    admin.post("/keys", inside).await.expect_problem(403, "tenants:act");
    admin.post("/keys", json!({ "name": "another", "role": "platform-admin" })).await.expect(201);
    let first = text(&admin.get("/keys").await.expect(200)["items"][0], "id");
    admin.post(&format!("/keys/{first}/rotate"), json!({})).await.expect_problem(403, "lacks the permission");
}

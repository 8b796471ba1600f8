//! Operators act for a tenant only where they say so, and every time is written down.

use reqwest::Method;
use serde_json::{Value, json};

use super::{actions, key, text};
use crate::harness::story::new_tenant;
use crate::harness::{Client, Server, Story};

const TENANT: &str = "gatehouse-tenant";

async fn get(client: &Client, tenant: &str, path: &str) -> crate::harness::client::Answer {
    client.send(Method::GET, path, &[(TENANT, tenant)], Vec::new()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_header_an_operators_key_acts_for_no_tenant() {
    let server = Server::start(&[]);
    new_tenant(&server, "Acme").await;
    server.operator().get("/integrations").await.expect_problem(403, "Gatehouse-Tenant");
    server.operator().get("/executions").await.expect_problem(403, "acts for no tenant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_for_a_tenant_stands_in_both_trails_reads_too() {
    let story = Story::begin().await;
    let operator = story.server.operator();
    let tenant = text(&story.tenant.get("/keys").await.expect(200)["items"][0], "tenant");
    let count = async |client: &Client| {
        let trail = client.get("/audit?limit=200").await.expect(200);
        actions(&trail).iter().filter(|action| *action == "tenant.acted_for").count()
    };
    let before = (count(&story.tenant).await, count(&operator).await);
    let path = format!("/integrations/{}", story.integration);
    let seen = get(&operator, &tenant, &path).await.expect(200);
    assert_eq!(seen["id"], story.integration);
    get(&operator, &tenant, "/integrations/int_00000000000000000000000000000000").await.expect(404);
    operator
        .send(Method::PUT, &path, &[(TENANT, &tenant)], br#"{"name":"By the operator"}"#.to_vec())
        .await
        .expect(200);
    assert_eq!((count(&story.tenant).await, count(&operator).await), (before.0 + 3, before.1 + 3));

    let trail = story.tenant.get("/audit").await.expect(200);
    let entry =
        trail["items"].as_array().unwrap().iter().find(|entry| entry["action"] == "integration.updated").unwrap();
    assert_eq!(entry["actor"]["kind"], "operator", "{entry:#}");
    let read = trail["items"].as_array().unwrap().iter().find(|entry| entry["target"] == format!("GET {path}"));
    assert!(read.is_some(), "{trail:#}");
    for client in [&story.tenant, &operator] {
        assert_eq!(client.get("/audit/verify").await.expect(200)["broken"], json!([]));
    }
    // What is refused before is not written down: nothing was done.
    operator.send(Method::GET, &path, &[(TENANT, "ten_1")], Vec::new()).await.expect_problem(422, "Gatehouse-Tenant");
    let twice = [(TENANT, tenant.as_str()), (TENANT, tenant.as_str())];
    operator.send(Method::GET, &path, &twice, Vec::new()).await.expect_problem(422, "once");
    assert_eq!(count(&operator).await, before.1 + 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_who_may_act_finds_out_whether_a_tenant_is_there() {
    let server = Server::start(&[]);
    let (one, two) = (new_tenant(&server, "One").await, new_tenant(&server, "Two").await);
    let of = async |client: &Client| text(&client.get("/keys").await.expect(200)["items"][0], "tenant");
    let (own, foreign) = (of(&one).await, of(&two).await);
    let absent = "ten_00000000000000000000000000000000";
    let hidden = |body: Value, id: &str| body.to_string().replace(id, "ID");
    get(&one, &own, "/integrations").await.expect(200);
    let there = get(&one, &foreign, "/integrations").await.expect_problem(403, "acts for no other");
    let not = get(&one, absent, "/integrations").await.expect_problem(403, "acts for no other");
    assert_eq!(hidden(there, &foreign), hidden(not, absent));
    let admin = key(&server, &server.operator(), json!({ "name": "admin", "role": "platform-admin" })).await;
    get(&admin, &foreign, "/integrations").await.expect_problem(403, "tenants:act");
    get(&admin, absent, "/integrations").await.expect_problem(403, "tenants:act");
    get(&server.operator(), absent, "/integrations").await.expect_problem(404, "tenant");
    server.client().send(Method::GET, "/integrations", &[(TENANT, &own)], Vec::new()).await.expect(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_an_operator_makes_for_a_tenant_stands_in_both_trails() {
    let server = Server::start(&[]);
    let tenant = new_tenant(&server, "Acme").await;
    let operator = server.operator();
    for client in [&tenant, &operator] {
        let trail = actions(&client.get("/audit").await.expect(200));
        assert!(trail.ends_with(&["tenant.created".to_owned(), "key.created".to_owned()]), "{trail:?}");
    }
}

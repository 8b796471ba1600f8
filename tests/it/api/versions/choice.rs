//! Which version a tenant gets, and who keeps which.

use serde_json::json;

use super::{Shop, adds, breaks, publish, publish_with};
use crate::harness::{Server, story};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_requirement_is_resolved_and_pinned_exactly() {
    let server = Server::start(&[]);
    publish(&server, "1.0.0").await;
    publish_with(&server, "1.1.0", adds).await;
    publish_with(&server, "2.0.0", breaks).await;
    publish_with(&server, "2.1.0-beta.1", breaks).await;
    let versions = server.operator().get("/plugins/stripe/versions").await.expect(200);
    let numbers: Vec<&str> =
        versions["items"].as_array().unwrap().iter().map(|one| one["plugin"]["version"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["2.1.0-beta.1", "2.0.0", "1.1.0", "1.0.0"]);
    assert_eq!(versions["items"][0]["pre_release"], true);

    let check = async |ask: serde_json::Value, query: &str, expect: &str| {
        let tenant = story::new_tenant(&server, "Acme").await;
        let sheet = tenant.get(&format!("/plugins/stripe/permissions{query}")).await.expect(200);
        assert_eq!(sheet["plugin"]["version"], expect, "{query}");
        let mut toggle = json!({ "enabled": true, "consent": sheet["digest"] });
        toggle.as_object_mut().unwrap().extend(ask.as_object().unwrap().clone());
        let install = tenant.post("/plugins/tenant/stripe/toggle", toggle).await.expect(200);
        assert_eq!(install["plugin"]["version"], expect, "{query}");
    };
    check(json!({}), "", "2.0.0").await;
    check(json!({ "requirement": "^1" }), "?requirement=%5E1", "1.1.0").await;
    check(json!({ "version": "1.0.0" }), "?version=1.0.0", "1.0.0").await;
    check(json!({ "version": "2.1.0-beta.1" }), "?version=2.1.0-beta.1", "2.1.0-beta.1").await;
    let beta = "?requirement=%5E2.1.0-beta";
    check(json!({ "requirement": "^2.1.0-beta" }), beta, "2.1.0-beta.1").await;

    let tenant = story::new_tenant(&server, "Acme").await;
    let ask = async |ask: serde_json::Value, status: u16, text: &str| {
        tenant.post("/plugins/tenant/stripe/toggle", ask).await.expect_problem(status, text);
    };
    ask(json!({ "enabled": true, "requirement": "^3" }), 409, "2.1.0-beta.1, 2.0.0, 1.1.0, 1.0.0").await;
    ask(json!({ "enabled": true, "version": "1.0.7" }), 404, "stripe@1.0.7").await;
    ask(json!({ "enabled": true, "requirement": "new" }), 422, "`new` is not a requirement").await;
    ask(json!({ "enabled": true, "requirement": "^1", "version": "1.0.0" }), 422, "leave one of the two out").await;
    ask(json!({ "enabled": true, "requirement": "^1" }), 409, "$.consent").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_version_moves_nobody_by_itself() {
    let shop = Shop::open().await;
    assert_eq!(shop.install().await["outdated"], false);
    publish_with(&shop.server, "1.1.0", adds).await;
    assert_eq!(shop.version_of(&shop.integration).await, "1.0.0");
    let install = shop.install().await;
    assert_eq!((&install["outdated"], &install["newer"]), (&json!(true), &json!("1.1.0")));
    assert_eq!(shop.version_of(&shop.another().await).await, "1.0.0", "new ones get the install's version");

    // Neither does switching it off and on again, which needs no consent to what is agreed to.
    let toggle = async |ask: serde_json::Value| shop.tenant.post("/plugins/tenant/stripe/toggle", ask).await;
    toggle(json!({ "enabled": false })).await.expect(200);
    let enabled = shop.tenant.get("/plugins/tenant/enabled").await.expect(200);
    assert_eq!(enabled, json!({ "items": [] }));
    assert_eq!(toggle(json!({ "enabled": true })).await.expect(200)["plugin"]["version"], "1.0.0");
    toggle(json!({ "enabled": true, "version": "1.1.0" })).await.expect_problem(409, "/upgrade goes to another");
    let enabled = shop.tenant.get("/plugins/tenant/enabled").await.expect(200);
    assert_eq!(enabled["items"][0]["newer"], "1.1.0");

    // What was stored is read again as it was.
    let before = shop.install().await;
    let Shop { server, tenant, .. } = shop;
    let server = server.kill_and_restart();
    let listed = tenant.moved_to(&server).get("/plugins/tenant/list").await.expect(200);
    assert_eq!(listed["items"][0], before);
}

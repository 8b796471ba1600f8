//! From the submission to the call, over a crash: no tenant sees, chooses or runs what is not approved.

use serde_json::{Value, json};

use super::{Desk, REQUIRED, adds, build, otherwise, send};
use crate::api::trust::{User, gateway};
use crate::api::versions::dependencies::{gateway as needs, helper};
use crate::harness::{Client, Server, eventually, story};

/// What a tenant could find 1.1.0 with, and what it is told while that is in review.
async fn finds_nothing(tenant: &Client, newest: &str) {
    for path in [
        "/plugins/small/versions/1.1.0",
        "/plugins/small/permissions?version=1.1.0",
        "/plugins/small/readme?version=1.1.0",
        "/plugins/small/compatibility?to=1.1.0",
    ] {
        tenant.get(path).await.expect_problem(404, "there is no plugin version `small@1.1.0`");
    }
    let requirement = tenant.get("/plugins/small/permissions?requirement=%5E1.1").await;
    assert!(!requirement.expect_problem(409, "no version of `small` fits")["errors"].to_string().contains("1.1.0"));
    for path in ["/plugins/small", "/plugins/small/versions", "/plugins/available", "/plugins/submissions"] {
        let shown = tenant.get(path).await.expect(200).to_string();
        assert!(!shown.contains("1.1.0") && !shown.contains("\"submission\":{"), "{path}: {shown}");
    }
    let chosen = tenant.get("/plugins/small/permissions").await.expect(200);
    assert_eq!(chosen["plugin"]["version"], newest);
}

/// It can not be gone to either, by whatever way.
async fn gets_nothing(user: &User) {
    let upgrade = async |ask: Value| user.client.post("/plugins/tenant/small/upgrade", ask).await;
    let canary = json!({ "percent": 10 });
    for ask in [json!({ "version": "1.1.0" }), json!({ "version": "1.1.0", "canary": canary })] {
        upgrade(ask).await.expect_problem(404, "small@1.1.0");
    }
    upgrade(json!({ "requirement": "^1.1" })).await.expect_problem(409, "no version of `small` fits");
    assert_eq!(upgrade(json!({})).await.expect(200)["to"]["version"], "1.0.0");
    assert_eq!(user.install().await["outdated"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_is_there_for_tenants_once_it_is_approved() {
    let desk = Desk::open().await;
    // Who may approve needs nobody.
    let first = send(&desk.server.operator(), gateway("1.0.0", "acme")).await.expect(201);
    assert_eq!(first["submission"]["state"], "approved");
    let user = User::new(&desk.server, "1.0.0").await;
    let made = desk.submit(build("1.1.0", adds)).await.expect(201);
    let (submission, report) = (&made["submission"], &made["submission"]["report"]);
    assert_eq!((&submission["state"], &submission["decided"]), (&json!("in_review"), &Value::Null), "{made:#}");
    assert_eq!((&report["against"], &report["class"]), (&json!("1.0.0"), &json!("additive")), "{made:#}");
    assert_eq!((&report["widened"], &report["signature"]), (&json!([]), &json!({ "state": "unsigned" })));
    assert!(report["differences"].to_string().contains("nickname"), "{made:#}");
    let digest = submission["digest"].as_str().unwrap().to_owned();
    finds_nothing(&user.client, "1.0.0").await;
    gets_nothing(&user).await;
    let fresh = story::new_tenant(&desk.server, "Fresh").await;
    let toggle = json!({ "enabled": true, "version": "1.1.0", "consent": "0" });
    fresh.post("/plugins/tenant/small/toggle", toggle).await.expect_problem(404, "small@1.1.0");

    // Its publisher and the operators see it, and only some of them decide.
    for by in [&desk.author, &desk.server.operator()] {
        assert_eq!(desk.queue(by, "in_review").await, ["1.1.0"]);
        by.get("/plugins/small/permissions?version=1.1.0").await.expect(200);
        assert_eq!(by.get("/plugins/small").await.expect(200)["plugin"]["version"], "1.0.0", "what tenants get");
    }
    let approve = json!({ "digest": digest });
    desk.does(&desk.author, "1.1.0", "approve", approve.clone()).await.expect_problem(403, "plugins:approve");
    desk.does(&user.client, "1.1.0", "approve", approve).await.expect_problem(403, "plugins:approve");
    desk.approve("1.1.0", &"0".repeat(64)).await.expect_problem(409, &digest);

    let desk = desk.killed();
    let user = user.moved_to(&desk.server);
    assert_eq!(desk.state("1.1.0").await, "in_review");
    finds_nothing(&user.client, "1.0.0").await;
    let approved = desk.approve("1.1.0", &digest).await.expect(200);
    assert_eq!(approved["submission"]["state"], "approved");
    let told = eventually("the event", async || event(&user.client).await).await;
    assert_eq!(told, json!({ "plugin": "small", "version": "1.1.0", "class": "additive" }));
    assert_eq!(user.install().await["newer"], "1.1.0");
    user.client.post("/plugins/tenant/small/upgrade", json!({})).await.expect(200);
    user.works().await;
    let seen = user.client.get("/plugins/small/versions/1.1.0").await.expect(200);
    assert_eq!(seen["submission"], Value::Null, "who reviewed it is no tenant's business");

    let desk = desk.killed();
    user.moved_to(&desk.server).works().await;
    let audit = desk.server.operator().get("/audit?limit=100").await.expect(200).to_string();
    assert!(audit.contains("plugin.submitted") && audit.contains("plugin.approved"), "{audit}");
}

async fn event(tenant: &Client) -> Option<Value> {
    let feed = tenant.get("/events?limit=100").await.expect(200);
    let found = feed["items"].as_array().unwrap().iter().find(|event| event["kind"] == "plugin.approved");
    found.map(|event| event["data"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_of_which_nothing_is_approved_is_none() {
    let desk = Desk::open().await;
    let digest = desk.submitted(gateway("1.0.0", "acme")).await;
    let tenant = story::new_tenant(&desk.server, "Acme").await;
    tenant.get("/plugins/small").await.expect_problem(404, "there is no plugin `small`");
    for path in ["/plugins/small/versions", "/plugins/small/permissions", "/plugins/small/icon"] {
        tenant.get(path).await.expect_problem(404, "`small`");
    }
    for path in ["/plugins/available", "/plugins/categories", "/plugins/submissions", "/providers"] {
        assert_eq!(tenant.get(path).await.expect(200)["items"], json!([]), "{path}");
    }
    let acting = [("gatehouse-tenant", tenant_of(&tenant).await)];
    let headers: Vec<(&str, &str)> = acting.iter().map(|(name, id)| (*name, id.as_str())).collect();
    let operator = desk.server.operator();
    let get = reqwest::Method::GET;
    operator.send(get, "/plugins/small", &headers, Vec::new()).await.expect_problem(404, "`small`");
    assert_eq!(operator.get("/plugins/small").await.expect(200)["submission"]["state"], "in_review");
    assert_eq!(operator.get("/plugins/available").await.expect(200)["items"], json!([]));

    desk.reject("1.0.0", "it leaks").await.expect(200);
    tenant.get("/plugins/small").await.expect_problem(404, "`small`");
    assert_eq!(desk.queue(&desk.author, "rejected").await, ["1.0.0"]);
    // Other bytes are another submission, of the same number.
    let other = desk.submitted(build("1.0.0", otherwise)).await;
    assert_ne!(other, digest);
    desk.approve("1.0.0", &digest).await.expect_problem(409, &other);
    desk.approve("1.0.0", &other).await.expect(200);
    User::new(&desk.server, "1.0.0").await.works().await;
}

async fn tenant_of(tenant: &Client) -> String {
    tenant.get("/keys").await.expect(200)["items"][0]["tenant"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_helper_is_linked_once_it_is_approved() {
    let desk = Desk::open().await;
    let digest = desk.submitted(helper("numbers", "1.0.0", 6, "")).await;
    let gate = || needs("1.0.0", "numbers", "numbers = \"^1\"");
    desk.submit(gate()).await.expect_problem(409, "the helper `numbers`, which is not published");
    let path = "/plugins/numbers/versions/1.0.0/approve";
    desk.server.operator().post(path, json!({ "digest": digest })).await.expect(200);
    let made = desk.submit(gate()).await.expect(201);
    assert_eq!(made["submission"]["state"], "in_review");
    assert_ne!(made["submission"]["digest"], made["plugin"]["digest"], "what was uploaded, not what was linked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_there_before_reviews_stays() {
    let server = Server::start(&[]);
    let first = send(&server.operator(), gateway("1.0.0", "acme")).await.expect(201);
    assert_eq!(first["submission"], Value::Null);
    let user = User::new(&server, "1.0.0").await;
    let desk = Desk::at(server.kill().with(REQUIRED.0, REQUIRED.1).start_again()).await;
    let user = user.moved_to(&desk.server);
    user.works().await;
    assert_eq!(desk.state("1.0.0").await, "none");
    assert_eq!(desk.submit(gateway("1.0.0", "acme")).await.expect(201)["submission"], Value::Null);
    desk.reject("1.0.0", "too old").await.expect_problem(409, "small@1.0.0 was published without a review");
    let digest = desk.submitted(build("1.1.0", adds)).await;

    // Once reviews are off again, what waits goes on waiting, and what is new is published.
    let desk = Desk::at(desk.server.kill().with(REQUIRED.0, "off").start_again()).await;
    let user = user.moved_to(&desk.server);
    finds_nothing(&user.client, "1.0.0").await;
    let next = desk.submit(build("1.2.0", adds)).await.expect(201);
    assert_eq!(next["submission"], Value::Null);
    desk.approve("1.1.0", &digest).await.expect(200);
    user.client.post("/plugins/tenant/small/upgrade", json!({ "version": "1.1.0" })).await.expect(200);
    user.works().await;
}

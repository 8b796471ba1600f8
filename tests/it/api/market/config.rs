//! What an install is configured with, and that every integration of it really has it.

use gatehouse_domain::manifest::Manifest;
use serde_json::{Value, json};

use crate::api::versions::{Shop, publish_with};
use crate::harness::story::{create_with, payment};
use crate::harness::{Server, Upstream, story};

const CONFIGURE: &str = "/plugins/tenant/stripe/configure";
const CONFIG: &str = "/plugins/tenant/stripe/config";

/// Which connected account each of the provider's requests since the last look was for.
fn accounts(upstream: &Upstream, seen: &mut usize) -> Vec<Option<String>> {
    let requests = upstream.requests();
    let new = requests.iter().skip(std::mem::replace(seen, requests.len()));
    new.map(|request| request.headers.get("stripe-account").cloned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_configured_is_what_calls_have_unless_an_integration_says_otherwise() {
    let (upstream, elsewhere) = (Upstream::start().await, Upstream::start().await);
    let server = Server::start(&[upstream.origin.clone(), elsewhere.origin.clone()]);
    story::upload(&server).await;
    let tenant = story::new_tenant(&server, "Acme").await;
    tenant.get(CONFIG).await.expect_problem(404, "enabled plugin");
    tenant.post(CONFIGURE, json!({ "config": {} })).await.expect_problem(404, "enabled plugin");
    story::enable(&tenant).await;
    let nothing = tenant.get(CONFIG).await.expect(200);
    assert_eq!((&nothing["config"], &nothing["in_force"]), (&json!({}), &json!({})));

    let config = json!({ "base_url": upstream.origin, "account": "acct_shared" });
    let set = tenant.post(CONFIGURE, json!({ "config": config })).await.expect(200);
    assert_eq!((&set["config"], &set["missing"]), (&config, &json!([])));
    let plain = create_with(&tenant, json!({})).await;
    let own = create_with(&tenant, json!({ "account": "acct_own" })).await;
    let away = create_with(&tenant, json!({ "base_url": elsewhere.origin })).await;
    let path = |view: &Value, what: &str| format!("/integrations/{}/{what}", view["id"].as_str().unwrap());
    let shown = tenant.get(&path(&own, "settings")).await.expect(200);
    assert_eq!(shown["settings"], json!({ "account": "acct_own" }), "only what it says itself is its own");
    assert_eq!(shown["in_force"], json!({ "base_url": upstream.origin, "account": "acct_own" }));

    let (mut here, mut there) = (0, 0);
    let call = async |view: &Value| {
        assert_eq!(tenant.post(&path(view, "test"), json!({})).await.expect(200)["ok"], true);
        let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("configured") });
        let done = tenant.post(&path(view, "execute"), ask).await.expect(200);
        assert_eq!(done["outcome"], "succeeded");
    };
    let all = |found: Vec<Option<String>>, account: &str| {
        assert!(!found.is_empty() && found.iter().all(|one| one.as_deref() == Some(account)), "{found:?}");
    };
    call(&plain).await;
    all(accounts(&upstream, &mut here), "acct_shared");
    call(&own).await;
    all(accounts(&upstream, &mut here), "acct_own");
    call(&away).await;
    all(accounts(&elsewhere, &mut there), "acct_shared");
    assert!(accounts(&upstream, &mut here).is_empty());
    // Connecting asks the provider with the same settings.
    tenant.post(&path(&plain, "connect"), json!({})).await.expect(200);
    all(accounts(&upstream, &mut here), "acct_shared");

    // Formulas of mappings see them too.
    let formula = json!({ "kind": "formula", "formula": "settings.account" });
    let rule = json!({ "direction": "out", "theirs": "$.description", "transform": formula });
    let mapping = json!({ "rules": [rule], "unmapped": "keep", "calls": "always" });
    tenant.put(&path(&plain, "mappings/PROCESS_PAYMENT"), mapping).await.expect(200);
    call(&plain).await;
    let sent = upstream.requests().last().unwrap().body.clone();
    assert!(sent.contains("description=acct_shared"), "{sent}");

    // Another configuration holds from the next call on, and after a restart.
    let moved = json!({ "config": { "base_url": elsewhere.origin, "account": "acct_moved" } });
    tenant.post(CONFIGURE, moved.clone()).await.expect(200);
    call(&plain).await;
    all(accounts(&elsewhere, &mut there), "acct_moved");
    let server = server.kill_and_restart();
    let tenant = tenant.moved_to(&server);
    assert_eq!(tenant.get(CONFIG).await.expect(200)["config"], moved["config"]);
    assert!(!tenant.get("/plugins/tenant/list").await.expect(200).to_string().contains("acct_moved"));
    assert!(tenant.get("/audit?limit=200").await.expect(200).to_string().contains("plugin.configured"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_that_does_not_fit_is_refused_at_its_place() {
    let story = crate::harness::Story::begin().await;
    let check = async |config: Value, path: &str, text: &str| {
        let said = story.tenant.post(CONFIGURE, json!({ "config": config })).await.expect_problem(422, text);
        assert!(said.to_string().contains(&format!("\"{path}\"")), "no {path} in {said:#}");
    };
    check(json!({ "account": "acme" }), "$.config.account", "does not match").await;
    check(json!({ "colour": "red" }), "$.config", "colour").await;
    check(json!({ "secret_key": crate::harness::canary::SECRET_KEY }), "$.config.secret_key", "is a secret").await;
    check(json!({ "webhook_secret": "whsec_x" }), "$.config.webhook_secret", "credentials of an integration").await;
    check(json!({ "base_url": "http://192.0.2.1:1" }), "$.config.base_url", "egress.allow").await;
    story.tenant.post(CONFIGURE, json!({ "config": [] })).await.expect_problem(422, "config");
    story.tenant.post(CONFIGURE, json!({ "config": {}, "also": 1 })).await.expect_problem(422, "also");

    let read = story.tenant.get(CONFIG).await;
    let tag = read.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(read.expect(200)["config"], json!({}), "nothing of that was kept");
    let set = async |account: &str, tag: &str| {
        let body = json!({ "config": { "account": account } });
        story.tenant.post_with(CONFIGURE, body, &[("if-match", tag)]).await
    };
    let toggled = json!({ "enabled": true });
    story.tenant.post("/plugins/tenant/stripe/toggle", toggled).await.expect(200);
    set("acct_one", &tag).await.expect(200);
    set("acct_two", &tag).await.expect_problem(412, "changed meanwhile");
    assert_eq!(story.tenant.get(CONFIG).await.expect(200)["config"]["account"], "acct_one");
}

/// The account is needed, and the page size is known.
fn strict(manifest: &mut Manifest) {
    manifest.settings["required"] = json!(["account"]);
    manifest.settings["properties"]["nickname"] = json!({ "type": "string", "default": "till", "maxLength": 20 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn required_settings_may_come_from_either_and_must_come_from_one() {
    let upstream = Upstream::start().await;
    let server = Server::start(std::slice::from_ref(&upstream.origin));
    publish_with(&server, "1.0.0", strict).await;
    let tenant = story::new_tenant(&server, "Acme").await;
    story::enable(&tenant).await;
    let shown = tenant.get(CONFIG).await.expect(200);
    assert_eq!((&shown["missing"], &shown["in_force"]), (&json!(["account"]), &json!({ "nickname": "till" })));
    let new = |settings: Value| {
        let credentials = json!({ "secret_key": crate::harness::canary::SECRET_KEY });
        json!({ "provider": "stripe", "name": "One", "credentials": credentials, "settings": settings })
    };
    tenant.post("/integrations", new(json!({}))).await.expect_problem(422, "account");
    // What lacks nothing but that is a good configuration.
    tenant.post(CONFIGURE, json!({ "config": { "base_url": upstream.origin } })).await.expect(200);
    let own = tenant.post("/integrations", new(json!({ "account": "acct_own" }))).await.expect(201);
    let whole = json!({ "config": { "base_url": upstream.origin, "account": "acct_all" } });
    let set = tenant.post(CONFIGURE, whole.clone()).await.expect(200);
    assert_eq!(set["missing"], json!([]));
    let made = tenant.post("/integrations", new(json!({}))).await.expect(201);
    let id = made["id"].as_str().unwrap();
    let settings = tenant.get(&format!("/integrations/{id}/settings")).await.expect(200);
    assert_eq!(settings["settings"], json!({}));
    assert_eq!(settings["in_force"]["nickname"], "till");

    // It lives by the configuration, which can not be taken from under it; the other does not.
    let refused = tenant.post(CONFIGURE, json!({ "config": {} })).await.expect_problem(422, id);
    assert!(!refused.to_string().contains(own["id"].as_str().unwrap()), "{refused:#}");
    let takes_back = json!({ "account": null });
    tenant.put(&format!("/integrations/{id}/settings"), takes_back).await.expect_problem(422, "$.settings.account");
    tenant.put(&format!("/integrations/{id}/settings"), json!({ "account": "acct_mine" })).await.expect(200);
    tenant.post(CONFIGURE, json!({ "config": {} })).await.expect(200);
    tenant.put(&format!("/integrations/{id}/settings"), json!({})).await.expect_problem(422, "account");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_takes_the_configuration_along_and_checks_it() {
    let shop = Shop::open().await;
    let config = json!({ "config": { "account": "acct_shared" } });
    shop.tenant.post(CONFIGURE, config).await.expect(200);
    publish_with(&shop.server, "1.1.0", crate::api::versions::adds).await;
    publish_with(&shop.server, "2.0.0", |manifest| {
        manifest.settings["properties"]["account"]["pattern"] = json!("^acct_[0-9]+$");
    })
    .await;
    let ask = json!({ "version": "2.0.0", "accept_breaking": true });
    let refused = shop.upgrade(ask.clone()).await.expect_problem(422, "settings.account");
    assert!(refused.to_string().contains(&shop.integration), "{refused:#}");
    shop.upgrade(json!({ "version": "1.1.0" })).await.expect(200);
    let told = async || shop.tenant.get(CONFIG).await.expect(200);
    assert_eq!(told().await["config"]["account"], "acct_shared");
    assert!(told().await["schema"]["properties"]["nickname"].is_object(), "the schema is that of the new version");
    shop.rollback().await.expect(200);
    assert_eq!(told().await["config"]["account"], "acct_shared");
    shop.tenant.post(CONFIGURE, json!({ "config": { "account": "acct_77" } })).await.expect(200);
    shop.upgrade(ask).await.expect(200);
    assert_eq!(told().await["config"]["account"], "acct_77");
}

//! Going to another version and back: all at once, some of them, and what stands in the way.

use serde_json::json;

use super::{Shop, adds, breaks, publish_with};
use crate::harness::story::create_with;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_moves_all_and_a_rollback_brings_them_back() {
    let shop = Shop::open().await;
    let second = shop.another().await;
    publish_with(&shop.server, "1.1.0", adds).await;
    let done = shop.upgrade(json!({ "requirement": "^1.1" })).await.expect(200);
    assert_eq!(done["to"]["version"], "1.1.0");
    assert_eq!(done["compatibility"]["class"], "additive");
    assert_eq!(done["compatibility"]["differences"][0]["path"], "settings.nickname");
    assert_eq!(done["moved"].as_array().unwrap().len(), 2);
    for integration in [&shop.integration, &second] {
        assert_eq!(shop.version_of(integration).await, "1.1.0");
    }
    assert_eq!(shop.version_of(&shop.another().await).await, "1.1.0");
    let told = shop.events("plugin.upgraded").await;
    assert_eq!((&told[0]["data"]["from"], &told[0]["data"]["to"]), (&json!("1.0.0"), &json!("1.1.0")));
    let again = shop.upgrade(json!({})).await.expect(200);
    assert_eq!(again["moved"], json!([]), "there is nothing to do");
    assert_eq!(shop.events("plugin.upgraded").await.len(), 1);

    let back = shop.rollback().await.expect(200);
    assert_eq!(back["to"]["version"], "1.0.0");
    assert_eq!(back["moved"].as_array().unwrap().len(), 2, "the third was never at the version before");
    assert_eq!(shop.version_of(&shop.integration).await, "1.0.0");
    assert_eq!(shop.install().await["plugin"]["version"], "1.0.0");
    assert_eq!(shop.install().await["others"][0]["plugin"]["version"], "1.1.0");
    assert_eq!(shop.events("plugin.rolled_back").await.len(), 1);
    shop.rollback().await.expect_problem(409, "no upgrade of `stripe` to roll back");
    let audit = shop.tenant.get("/audit?limit=200").await.expect(200).to_string();
    for action in ["plugin.upgraded", "plugin.rolled_back", "integration.moved_version"] {
        assert!(audit.contains(action), "{action}");
    }
    assert_eq!(shop.tenant.get("/audit/verify").await.expect(200)["broken"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn some_go_ahead_and_the_others_stay() {
    let shop = Shop::open().await;
    let second = shop.another().await;
    publish_with(&shop.server, "1.1.0", adds).await;
    let done = shop.upgrade(json!({ "integrations": [second] })).await.expect(200);
    assert_eq!(done["moved"][0]["integration"], json!(second));
    assert_eq!(shop.version_of(&shop.integration).await, "1.0.0");
    assert_eq!(shop.version_of(&second).await, "1.1.0");
    assert_eq!(shop.version_of(&shop.another().await).await, "1.0.0", "new ones do not go ahead");
    assert_eq!(shop.install().await["others"][0]["plugin"]["version"], "1.1.0");
    // The setting that only the new version has goes to the one that has it.
    let settings = async |integration: &str| {
        let settings = json!({ "base_url": shop.upstream.origin, "nickname": "till" });
        shop.tenant.put(&format!("/integrations/{integration}/settings"), settings).await
    };
    settings(&shop.integration).await.expect_problem(422, "nickname");
    settings(&second).await.expect(200);
    // Going back without it would lose it, so it is asked to be taken out first.
    let problem = shop.rollback().await.expect_problem(422, "do not fit the other version");
    assert!(problem["errors"][0]["path"].as_str().unwrap().starts_with(&format!("integrations.{second}.settings")));
    assert_eq!(shop.version_of(&second).await, "1.1.0");

    let ask = async |integrations| shop.upgrade(json!({ "integrations": integrations })).await;
    ask(json!([])).await.expect_problem(422, "names none");
    ask(json!("some")).await.expect_problem(422, "neither `all` nor a list");
    let stranger = "int_019a5e2f00000000000000000000abcd";
    ask(json!([stranger])).await.expect_problem(404, stranger);
    ask(json!("all")).await.expect(200);
    assert_eq!(shop.version_of(&shop.integration).await, "1.1.0");
    assert_eq!(shop.install().await["others"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_breaks_is_shown_and_has_to_be_accepted() {
    let shop = Shop::open().await;
    publish_with(&shop.server, "2.0.0", breaks).await;
    let problem = shop.upgrade(json!({})).await.expect_problem(409, "accept_breaking");
    let shown = problem["errors"].to_string();
    assert!(shown.contains("webhook.events") && shown.contains("customer.deleted"), "{shown}");
    assert_eq!(shop.version_of(&shop.integration).await, "1.0.0");
    let done = shop.upgrade(json!({ "accept_breaking": true })).await.expect(200);
    assert_eq!(done["compatibility"]["class"], "breaking");
    assert_eq!(shop.version_of(&shop.integration).await, "2.0.0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_and_credentials_have_to_fit_before_anything_moves() {
    let shop = Shop::open().await;
    let settings = json!({ "base_url": shop.upstream.origin, "account": "acct_1" });
    let second = super::id(&create_with(&shop.tenant, settings).await);
    publish_with(&shop.server, "2.0.0", |manifest| {
        manifest.settings["properties"]["account"]["pattern"] = json!("^acct_[a-z]+$");
    })
    .await;
    publish_with(&shop.server, "3.0.0", |manifest| {
        manifest.credentials["properties"]["secret_key"]["pattern"] = json!("^rk_live_");
    })
    .await;
    let ask = async |version| shop.upgrade(json!({ "version": version, "accept_breaking": true })).await;
    let problem = ask("2.0.0").await.expect_problem(422, "do not fit the other version");
    assert_eq!(problem["errors"][0]["path"], format!("integrations.{second}.settings.account"));
    assert_eq!(problem["errors"].as_array().unwrap().len(), 1, "{problem:#}");
    // The answer names the field; the harness looks that it does not hold the secret.
    let problem = ask("3.0.0").await.expect_problem(422, ".credentials.secret_key");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2, "{problem:#}");
    for integration in [&shop.integration, &second] {
        assert_eq!(shop.version_of(integration).await, "1.0.0");
    }
    // What was disconnected has no credential that could fail to fit.
    for integration in [&shop.integration, &second] {
        shop.tenant.delete(&format!("/integrations/{integration}/disconnect")).await.expect(200);
    }
    ask("3.0.0").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_stays_where_it_is() {
    use crate::harness::{Server, Upstream, story};
    let upstream = Upstream::start().await;
    let server = Server::start(std::slice::from_ref(&upstream.origin));
    publish_with(&server, "1.0.0", |manifest| {
        let webhook = manifest.webhook.as_mut().unwrap();
        webhook.events.clear();
        (webhook.registration, webhook.backfill) = (None, None);
    })
    .await;
    let tenant = story::new_tenant(&server, "Acme").await;
    story::enable(&tenant).await;
    let integration = story::create(&tenant, &upstream.origin).await;
    publish_with(&server, "1.1.0", |_| {}).await;
    let sheet = tenant.get("/plugins/stripe/permissions?version=1.1.0").await.expect(200);
    let ask = json!({ "consent": sheet["digest"] });
    tenant.post("/plugins/tenant/stripe/upgrade", json!({})).await.expect_problem(409, "takes the provider's event");
    tenant.post("/plugins/tenant/stripe/upgrade", ask).await.expect(200);
    let after = tenant.get(&format!("/integrations/{}", integration["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(after["webhook_url"], integration["webhook_url"], "the endpoint that is known stays");
}

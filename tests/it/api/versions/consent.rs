//! Consent: what was agreed to, what is asked for again, and that a call gets no more than that.

use serde_json::{Value, json};

use super::{Shop, adds, publish_with, widens};

fn widens_and_adds(manifest: &mut gatehouse_domain::manifest::Manifest) {
    adds(manifest);
    widens(manifest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_that_widens_waits_for_consent_and_shows_the_difference() {
    let shop = Shop::open().await;
    publish_with(&shop.server, "1.1.0", widens_and_adds).await;
    let wider = "may send GET https://api.stripe.com/v1/disputes";
    let problem = shop.upgrade(json!({})).await.expect_problem(409, wider);
    assert_eq!(problem["errors"][0], json!({ "path": "$.consent", "message": "is missing" }));
    assert_eq!(problem["errors"][1], json!({ "path": "sheet.requests", "message": wider }));
    assert_eq!(shop.version_of(&shop.integration).await, "1.0.0");
    let old = shop.install().await["consent"].clone();
    let digest = async |version: &str| {
        let sheet = shop.tenant.get(&format!("/plugins/stripe/permissions?version={version}")).await.expect(200);
        sheet["digest"].as_str().unwrap().to_owned()
    };
    let (first, second) = (digest("1.0.0").await, digest("1.1.0").await);
    assert!(problem["detail"].as_str().unwrap().contains(&second), "{problem:#}");
    shop.upgrade(json!({ "consent": first })).await.expect_problem(409, "is not the digest of this version's sheet");
    shop.upgrade(json!({ "consent": second })).await.expect(200);
    let install = shop.install().await;
    assert_ne!(install["consent"]["sheet"], old["sheet"]);
    assert!(install["consent"]["sheet"].to_string().contains("/v1/disputes"));

    // The way back asks for nothing: it was agreed to.
    shop.rollback().await.expect(200);
    assert_eq!(shop.install().await["consent"], old);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_does_not_widen_needs_none() {
    let shop = Shop::open().await;
    let narrower = |manifest: &mut gatehouse_domain::manifest::Manifest| {
        adds(manifest);
        manifest.egress.allow[1].paths.retain(|path| path != "/v1/balance");
    };
    publish_with(&shop.server, "1.1.0", narrower).await;
    shop.upgrade(json!({})).await.expect(200);
    let install = shop.install().await;
    assert!(!install["consent"]["sheet"]["requests"].to_string().contains("/v1/balance\""), "{install:#}");
    // What is allowed again was given up, and is asked for.
    shop.upgrade(json!({ "version": "1.0.0", "accept_breaking": true })).await.expect_problem(409, "/v1/balance");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_objections_are_told_at_once() {
    let shop = Shop::open().await;
    publish_with(&shop.server, "2.0.0", |manifest| {
        super::breaks(manifest);
        widens(manifest);
    })
    .await;
    let problem = shop.upgrade(json!({})).await.expect_problem(409, "accept_breaking");
    let paths: Vec<&Value> = problem["errors"].as_array().unwrap().iter().map(|error| &error["path"]).collect();
    assert_eq!(paths, ["$.consent", "sheet.requests", "$.accept_breaking", "webhook.events"]);
}

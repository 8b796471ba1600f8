//! Webhooks that the provider signs with the client secret of the app: the operator's or a tenant's
//! own, and the one before it while its time is not over.

use ring::hmac;
use serde_json::{Value, json};

use super::{Browser, Scene, integration, rules};
use crate::harness::authority::CLIENT;
use crate::harness::canary::{SECRET_KEY, WEBHOOK_SECRET};
use crate::harness::{Authority, Client, Server, artefacts, eventually, story};

/// A scene whose provider signs with the app's secret, and where its webhooks reach us.
async fn hooked() -> (Scene, String) {
    let authority = Authority::start().await;
    let server = Server::start_also(std::slice::from_ref(&authority.origin), &[]);
    let wasm = artefacts::plugin_with("stripe", |manifest| {
        rules(manifest, &|_| {});
        manifest.webhook = serde_json::from_value(json!({ "dedupe": "/id", "verify": {
            "type": "hmac", "algorithm": "sha256", "secret": "oauth.client_secret", "header": "x-sig",
            "encoding": "hex", "signed": "{body}",
        } }))
        .unwrap();
    });
    story::upload_bytes(&server, wasm).await;
    register(&server.operator(), "/providers/stripe/oauth-app", SECRET_KEY, 0).await;
    let tenant = story::new_tenant(&server, "Acme & Sons").await;
    story::enable(&tenant).await;
    let integration = integration(&tenant, &authority.origin, json!({})).await;
    let scene = Scene { server, authority, tenant, integration };
    let path = address(&scene, &scene.integration).await;
    (scene, path)
}

async fn address(scene: &Scene, integration: &str) -> String {
    let view = scene.tenant.get(&format!("/integrations/{integration}")).await.expect(200);
    view["webhook_url"].as_str().unwrap().split_once("/api/v1").unwrap().1.to_owned()
}

async fn register(by: &Client, path: &str, secret: &str, overlap: u32) {
    let app = json!({ "client_id": CLIENT, "credentials": { "client_secret": secret }, "overlap_seconds": overlap });
    by.put(path, app).await.expect(200);
}

fn body(id: &str) -> String {
    json!({
        "id": id, "object": "event", "type": "payment_intent.succeeded", "created": 1_700_000_000, "livemode": false,
        "data": { "object": {
            "id": "pi_1", "object": "payment_intent", "status": "succeeded", "amount": 5, "amount_received": 5,
            "currency": "eur", "created": 1_700_000_000, "metadata": {},
        } },
    })
    .to_string()
}

/// Whether a delivery that is signed with this secret is taken.
async fn takes(scene: &Scene, path: &str, secret: &str, id: &str) -> bool {
    let body = body(id);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body.as_bytes());
    let signature: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let headers = [("x-sig", signature.as_str())];
    let answer = scene.server.client().send(reqwest::Method::POST, path, &headers, body.into_bytes()).await;
    assert!(matches!(answer.status, 200 | 404), "{}", answer.status);
    answer.status == 200
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_signs_webhooks_and_the_secret_before_counts_while_it_is_replaced() {
    let (scene, path) = hooked().await;
    let operator = scene.server.operator();
    scene.connect().await;
    assert!(takes(&scene, &path, SECRET_KEY, "evt_1").await);
    let found: Value = eventually("an event", async || {
        let list = scene.tenant.get(&format!("/integrations/{}/events", scene.integration)).await.expect(200);
        list["items"].as_array().unwrap().first().filter(|event| event["told"].is_object()).cloned()
    })
    .await;
    assert_eq!((&found["told"]["id"], &found["told"]["trust"]), (&json!("evt_1"), &json!("verified")));
    assert!(!takes(&scene, &path, WEBHOOK_SECRET, "evt_2").await);

    let app = "/providers/stripe/oauth-app";
    let far = json!({ "client_id": CLIENT, "overlap_seconds": 604_801 });
    operator.put(app, far).await.expect_problem(422, "$.overlap_seconds");
    register(&operator, app, WEBHOOK_SECRET, 3_600).await;
    assert!(takes(&scene, &path, WEBHOOK_SECRET, "evt_3").await);
    assert!(takes(&scene, &path, SECRET_KEY, "evt_4").await);
    // Without an overlap the one before is over at once, and the one before that long ago.
    register(&operator, app, "a-third-secret", 0).await;
    assert!(takes(&scene, &path, "a-third-secret", "evt_5").await);
    assert!(!takes(&scene, &path, WEBHOOK_SECRET, "evt_6").await);
    assert!(!takes(&scene, &path, SECRET_KEY, "evt_7").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_the_app_that_the_tokens_were_given_to() {
    let (scene, path) = hooked().await;
    scene.connect().await;
    // The tenant's own app comes later: these tokens are still the operator's app's.
    register(&scene.tenant, "/oauth-apps/stripe", SECRET_KEY, 0).await;
    register(&scene.server.operator(), "/providers/stripe/oauth-app", WEBHOOK_SECRET, 0).await;
    assert!(takes(&scene, &path, WEBHOOK_SECRET, "evt_1").await);
    assert!(!takes(&scene, &path, SECRET_KEY, "evt_2").await);
    let own = integration(&scene.tenant, &scene.authority.origin, json!({})).await;
    let scene = Scene { integration: own, ..scene };
    // Before there are tokens it is the app that a sign-in would use.
    let path = address(&scene, &scene.integration).await;
    assert!(takes(&scene, &path, SECRET_KEY, "evt_0").await);
    assert!(!takes(&scene, &path, WEBHOOK_SECRET, "evt_0b").await);
    let (mut browser, back): (Browser, _) = scene.agreed().await;
    assert_eq!(browser.get(back.as_str()).await.status, 200);
    assert!(takes(&scene, &path, SECRET_KEY, "evt_1").await);
    assert!(!takes(&scene, &path, WEBHOOK_SECRET, "evt_2").await);
    register(&scene.tenant, "/oauth-apps/stripe", "another-secret", 3_600).await;
    assert!(takes(&scene, &path, SECRET_KEY, "evt_3").await);
    scene.tenant.delete("/oauth-apps/stripe").await.expect(204);
    assert!(!takes(&scene, &path, SECRET_KEY, "evt_4").await);
    let list = scene.tenant.get(&format!("/integrations/{}/webhooks/quarantine", scene.integration)).await.expect(200);
    let reasons: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|one| one["reason"].as_str().unwrap()).collect();
    assert!(reasons[0].contains("register the app with it"), "{reasons:?}");
}

//! The tenant's key is exchanged while people sign in and tokens are renewed: everything that OAuth
//! keeps is sealed again, and nothing that a provider gives meanwhile is lost.

use serde_json::json;

use super::Scene;
use crate::harness::authority::{CLIENT, Mode};
use crate::harness::canary::SECRET_KEY;
use crate::harness::eventually;

impl Scene {
    async fn begin_exchange(&self) -> String {
        let keys = self.tenant.get("/keys").await.expect(200);
        let path = format!("/tenants/{}/rotate-key", keys["items"][0]["tenant"].as_str().unwrap());
        self.server.operator().post(&path, json!({})).await.expect(202);
        path
    }

    /// Waits until no key but this one is left.
    async fn exchanged(&self, path: &str, version: u32) {
        let operator = self.server.operator();
        eventually("the end of the old key", async || {
            let state = operator.get(path).await.expect(200);
            (state["rotation"].is_null() && state["versions"] == json!([version])).then_some(())
        })
        .await;
    }

    async fn exchange(&self, version: u32) {
        let path = self.begin_exchange().await;
        self.exchanged(&path, version).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_given_while_the_key_is_exchanged_is_kept() {
    let scene = Scene::begin().await;
    scene.connect().await;
    scene.authority.was_asked().await;
    scene.authority.forget_access();
    scene.authority.known().mode = Mode::Held;
    let (tenant, integration) = (scene.tenant.clone(), scene.integration.clone());
    let call = tokio::spawn(async move { super::execute(&tenant, &integration).await });
    scene.authority.was_asked().await;
    // The provider has rotated its token and has not answered. The key that sealed the lease goes.
    scene.exchange(2).await;
    scene.authority.known().mode = Mode::Well;
    scene.authority.release();
    call.await.unwrap().expect(200);
    assert_eq!((scene.authority.count("refresh_token"), scene.authority.known().reused), ((1, 1), 0));
    // What was kept is the token that the provider gave, under the key that is there now.
    scene.exchange(3).await;
    scene.authority.forget_access();
    scene.execute().await.expect(200);
    assert_eq!((scene.authority.count("refresh_token"), scene.authority.known().reused), ((2, 2), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_goes_on_while_the_key_is_exchanged() {
    let scene = Scene::begin().await;
    let app = json!({ "client_id": CLIENT, "credentials": { "client_secret": SECRET_KEY } });
    scene.tenant.put("/oauth-apps/stripe", app).await.expect(200);
    let (mut browser, back) = scene.agreed().await;
    // The verifier and the tenant's own app are sealed again, and the tokens only at their end.
    scene.exchange(2).await;
    scene.authority.known().mode = Mode::Held;
    let ending = tokio::spawn(async move { browser.get(back.as_str()).await });
    scene.authority.was_asked().await;
    scene.exchange(3).await;
    scene.authority.known().mode = Mode::Well;
    scene.authority.release();
    let got = ending.await.unwrap();
    assert_eq!(got.status, 200, "{}", got.text);
    scene.execute().await.expect(200);
    scene.authority.forget_access();
    scene.execute().await.expect(200);
    assert_eq!((scene.authority.count("refresh_token"), scene.authority.known().reused), ((1, 1), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exchange_and_a_refresh_that_are_killed_together_both_go_on() {
    let scene = Scene::begin().await;
    scene.connect().await;
    scene.authority.was_asked().await;
    scene.authority.forget_access();
    scene.authority.known().mode = Mode::MuteBefore;
    let (tenant, path) = (scene.tenant.clone(), format!("/integrations/{}/execute", scene.integration));
    let call = tokio::spawn(async move {
        let body = br#"{"capability":"GET_PAYMENT","parameters":{"id":"pi_0001"}}"#.to_vec();
        tenant.try_send(reqwest::Method::POST, &path, &[("content-type", "application/json")], body).await
    });
    scene.authority.was_asked().await;
    let path = scene.begin_exchange().await;
    scene.server.signal_kill();
    assert!(call.await.unwrap().is_err(), "the call was answered");
    scene.authority.known().mode = Mode::Well;
    let scene = scene.after_a_kill().await;
    scene.execute().await.expect(200);
    scene.exchanged(&path, 2).await;
    scene.authority.forget_access();
    scene.execute().await.expect(200);
    assert_eq!((scene.authority.count("refresh_token"), scene.authority.known().reused), ((3, 2), 0));
}

//! Tokens that nobody calls for: used before the provider forgets them, once, and warned of where
//! only a person can help.

use serde_json::{Value, json};

use super::Scene;
use crate::harness::authority::Mode;
use crate::harness::eventually;

/// A scene that is looked after every second, with these rules of its tokens.
async fn scene(token: Value) -> Scene {
    let often = ("GATEHOUSE_UPKEEP__EVERY_SECONDS", "1".to_owned());
    Scene::begin_with(&[often], &|oauth| {
        for (name, value) in token.as_object().unwrap() {
            oauth["token"][name] = value.clone();
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_is_used_before_the_provider_forgets_it() {
    let scene = scene(json!({ "refresh_lifetime_seconds": 2 })).await;
    scene.connect().await;
    // Nobody calls, and the access token is good for an hour.
    eventually("it was renewed twice", async || (scene.authority.count("refresh_token").1 >= 2).then_some(())).await;
    assert_eq!(scene.authority.known().reused, 0);
    let oauth = scene.status().await["oauth"].clone();
    assert_eq!((&oauth["cause"], &oauth["failures"]), (&json!("idle"), &json!(0)), "{oauth}");
    assert!(oauth["consent_ends_at"].is_string(), "{oauth}");
    scene.execute().await.expect(200);
    // It goes on after a kill, by the schedule that is there.
    let scene = scene.after_a_kill().await;
    let before = scene.authority.count("refresh_token").1;
    eventually("it goes on", async || (scene.authority.count("refresh_token").1 > before).then_some(())).await;
    assert_eq!(scene.authority.known().reused, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_provider_forgot_is_expired_once_and_then_left() {
    let scene = scene(json!({ "refresh_lifetime_seconds": 2 })).await;
    scene.connect().await;
    scene.authority.known().mode = Mode::Says(400, json!({ "error": "invalid_grant" }).to_string());
    eventually("a person is asked", async || (scene.status().await["status"] == "expired").then_some(())).await;
    let asked = scene.authority.count("refresh_token").0;
    // The upkeep looks at another integration meanwhile, and at this one no more.
    let scene = scene.after_a_kill().await;
    let other = super::integration(&scene.tenant, &scene.authority.origin, json!({})).await;
    scene.authority.known().mode = Mode::Well;
    let scene = Scene { integration: other, ..scene };
    scene.connect().await;
    eventually("the other is renewed", async || (scene.authority.count("refresh_token").1 >= 1).then_some(())).await;
    assert_eq!(scene.authority.count("refresh_token").0, asked + scene.authority.count("refresh_token").1);
    assert_eq!(scene.told("integration.expired").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_told_once_before_a_consent_ends() {
    let scene = scene(json!({ "consent_lifetime_seconds": 90_000 })).await;
    scene.connect().await;
    assert!(scene.status().await["oauth"]["consent_ends_at"].is_string());
    assert_eq!(scene.told("credential.expiring").await, 0);
    let scene = self::scene(json!({ "consent_lifetime_seconds": 8 })).await;
    scene.connect().await;
    eventually("people are warned", async || (scene.told("credential.expiring").await > 0).then_some(())).await;
    // Renewing does not put that end off, and it is told of once.
    scene.authority.forget_access();
    scene.execute().await.expect(200);
    let feed = scene.tenant.get("/events?limit=200").await.expect(200);
    let told: Vec<&Value> =
        feed["items"].as_array().unwrap().iter().filter(|event| event["kind"] == "credential.expiring").collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["data"]["expires_at"], scene.status().await["oauth"]["consent_ends_at"]);
}

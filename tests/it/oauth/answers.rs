//! Token endpoints that answer badly: nothing is connected, nothing hangs, and the person hears why.

use serde_json::{Value, json};

use super::Scene;
use crate::harness::authority::Mode;
use crate::harness::canary::SECRET_KEY;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_answer_of_the_token_endpoint_connects_nothing_and_is_told_in_words() {
    let scene = Scene::begin().await;
    let says = |status: u16, body: Value| Mode::Says(status, body.to_string());
    for (mode, part) in [
        (Mode::Says(200, "<html>".to_owned()), "no JSON object"),
        (Mode::Says(200, format!("{{\"x\":\"{}", "y".repeat(400_000))), "larger than"),
        (says(200, json!({ "token_type": "bearer" })), "no access token"),
        (says(200, json!({ "access_token": "t", "token_type": "mac" })), "`mac`"),
        (says(400, json!({ "error": "invalid_grant", "error_description": "too <late>" })), "too &lt;late&gt;"),
        // The provider repeats our secret, and it goes no further.
        (says(401, json!({ "error": "invalid_client", "error_description": SECRET_KEY })), "[redacted]"),
        (says(503, json!({})), "503"),
        (Mode::Elsewhere(format!("{}/oauth/token?again", scene.authority.origin)), "redirects are not followed"),
        (says(200, json!({ "access_token": "t", "team": { "id": "" } })), "`team`"),
    ] {
        scene.authority.known().mode = mode.clone();
        let before = scene.authority.count("authorization_code").0;
        let (mut browser, back) = scene.agreed().await;
        let got = browser.get(back.as_str()).await;
        assert!(got.status == 400 && got.text.contains(part), "{part}: {}", got.text);
        assert_eq!(scene.authority.count("authorization_code").0, before + 1, "{part}");
        let view = scene.tenant.get(&format!("/integrations/{}", scene.integration)).await.expect(200);
        assert_eq!(view["status"], "pending_auth", "{part}");
        assert!(view["health"]["last_error"].is_string(), "{part}");
    }
    scene.authority.known().mode = Mode::Well;
    // A token without an end is used until it is refused, and what was not granted is shown.
    scene.authority.known().expires_in = None;
    scene.authority.known().extra.insert("scope", json!("read"));
    scene.connect().await;
    let oauth = scene.status().await["oauth"].clone();
    assert_eq!((&oauth["expires_at"], &oauth["refresh_at"]), (&json!(null), &json!(null)));
    assert_eq!((&oauth["scopes_granted"], &oauth["scopes_missing"]), (&json!(["read"]), &json!(["write"])));
    scene.execute().await.expect(200);
    assert_eq!(scene.authority.count("refresh_token"), (0, 0));
}

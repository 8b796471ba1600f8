//! Callbacks as an attacker would have them: each ends its flow and gives nobody a token.

use url::Url;

use super::{Browser, Scene, integration};
use serde_json::json;

/// The address with one parameter replaced, added, or left out.
fn with(back: &Url, name: &str, values: &[&str]) -> Url {
    let others: Vec<(String, String)> = back.query_pairs().into_owned().filter(|(known, _)| known != name).collect();
    let mut changed = back.clone();
    changed.query_pairs_mut().clear().extend_pairs(others).extend_pairs(values.iter().map(|value| (name, value)));
    changed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_callback_ends_the_flow_before_its_code_is_worth_anything() {
    let scene = Scene::begin_with(&[], &|oauth| oauth["issuer_required"] = json!(true)).await;
    let issuer = scene.authority.origin.clone();
    let good = |back: &Url| with(back, "iss", &[&issuer]);
    for (what, change, part) in [
        (
            "another issuer",
            &(|back: &Url| with(back, "iss", &["https://evil.example"])) as &dyn Fn(&Url) -> Url,
            "was asked",
        ),
        ("no issuer", &|back| back.clone(), "does not say that it is of"),
        ("two issuers", &|back| with(back, "iss", &[&issuer, "https://evil.example"]), "twice"),
        ("no code", &|back| with(&good(back), "code", &[]), "no code"),
        ("two codes", &|back| with(&good(back), "code", &["a", "b"]), "no code"),
        ("an error", &|back| with(&with(&good(back), "code", &[]), "error", &["access_denied<"]), "access_denied&lt;"),
        ("an unknown state", &|back| with(&good(back), "state", &["guessed"]), "not known"),
        ("no state", &|back| with(&good(back), "state", &[]), "not known"),
        ("two states", &|back| with(&good(back), "state", &["a", "b"]), "not known"),
        (
            "another context",
            &|back| {
                let mut other = good(back);
                other.set_path("/api/v1/oauth/cb/00000000000000000000000000000000");
                other
            },
            "another address",
        ),
        (
            "the provider's one address",
            &|back| {
                let mut other = good(back);
                other.set_path("/api/v1/integrations/stripe/oauth/callback");
                other
            },
            "another address",
        ),
    ] {
        let (mut browser, back) = scene.agreed().await;
        let got = browser.get(change(&back).as_str()).await;
        assert_eq!(got.status, 400, "{what}: {}", got.text);
        assert!(got.text.contains(part), "{what}: {}", got.text);
        if !part.contains("not known") {
            // It was used up: the right one comes too late.
            assert!(browser.get(good(&back).as_str()).await.text.contains("not known"), "{what}");
        }
    }
    assert_eq!(scene.authority.count("authorization_code"), (0, 0));
    let (mut browser, back) = scene.agreed().await;
    assert_eq!(browser.get(good(&back).as_str()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_ends_in_the_browser_that_began_it_and_with_its_own_code() {
    let scene = Scene::begin().await;
    // The victim is sent to the attacker's callback, or the other way round.
    let (_, back) = scene.agreed().await;
    let got = Browser::new().get(back.as_str()).await;
    assert!(got.status == 400 && got.text.contains("another browser"), "{}", got.text);
    // The cookie of another flow, under this flow's name.
    let (mut mine, _) = scene.agreed().await;
    let (theirs, back) = scene.agreed().await;
    let (name, value) = (theirs.cookies.keys().next().unwrap(), mine.cookies.values().next().unwrap().clone());
    mine.cookies.insert(name.clone(), value);
    assert!(mine.get(back.as_str()).await.text.contains("another browser"));
    assert_eq!(scene.authority.count("authorization_code"), (0, 0));

    // A code that was given out for another flow: the verifier does not fit.
    let (mut browser, back) = scene.agreed().await;
    let (_, stolen) = scene.agreed().await;
    let code = stolen.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let got = browser.get(with(&back, "code", &[&code]).as_str()).await;
    assert!(got.status == 400 && got.text.contains("invalid_grant"), "{}", got.text);
    assert_eq!(scene.authority.count("authorization_code"), (1, 0));

    // Two tenants have two addresses, and what was begun at one does not end at the other.
    let other = crate::harness::story::new_tenant(&scene.server, "Other").await;
    crate::harness::story::enable(&other).await;
    let id = integration(&other, &scene.authority.origin, json!({})).await;
    let link = other.get(&format!("/integrations/{id}/oauth/url")).await.expect(200);
    let (mut browser, back) = scene.agreed().await;
    let mut mixed = back.clone();
    let theirs = Url::parse(link["redirect_uri"].as_str().unwrap()).unwrap();
    assert_ne!(theirs.path(), back.path());
    mixed.set_path(theirs.path());
    assert!(browser.get(mixed.as_str()).await.text.contains("another address"));
    let view = scene.tenant.get(&format!("/integrations/{}", scene.integration)).await.expect(200);
    assert_eq!((&view["status"], &view["account"]), (&json!("pending_auth"), &json!(null)));
    scene.connect().await;
}

//! A sign-in that goes well, from the link to the disconnection.

use serde_json::json;

use super::{Browser, Scene, integration};
use crate::harness::authority::CLIENT;
use crate::harness::canary::SECRET_KEY;
use crate::harness::eventually;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_agrees_and_calls_are_made_until_it_is_disconnected() {
    let scene = Scene::begin().await;
    let path = format!("/integrations/{}", scene.integration);
    assert_eq!(scene.tenant.get(&path).await.expect(200)["connected_at"], json!(null));
    scene.execute().await.expect_problem(424, "access token");

    let link = scene.tenant.get(&format!("{path}/oauth/url")).await.expect(200);
    let (start, redirect) = (link["url"].as_str().unwrap(), link["redirect_uri"].as_str().unwrap());
    assert!(redirect.starts_with(&format!("{}/api/v1/oauth/cb/", scene.server.base)), "{redirect}");
    assert_eq!(scene.tenant.get(&path).await.expect(200)["status"], "pending_auth");
    let mut browser = Browser::new();
    let consent = url::Url::parse(&browser.get(start).await.location.unwrap()).unwrap();
    let asked = |name: &str| consent.query_pairs().find(|(known, _)| known == name).unwrap().1.into_owned();
    assert_eq!(asked("client_id"), CLIENT);
    assert_eq!((asked("redirect_uri").as_str(), asked("scope").as_str()), (redirect, "read write"));
    assert_eq!((asked("code_challenge_method").as_str(), asked("code_challenge").len()), ("S256", 43));
    assert_eq!(asked("state").len(), 43);
    // The link is used up.
    assert_eq!(Browser::new().get(start).await.status, 404);

    let back = browser.get(consent.as_str()).await.location.unwrap();
    let got = browser.get(&back).await;
    assert_eq!(got.status, 200, "{}", got.text);
    assert!(got.text.contains("Primary &lt;b&gt; is connected."), "{}", got.text);
    let view = scene.tenant.get(&path).await.expect(200);
    assert_eq!((&view["status"], &view["facts"]["team"]), (&json!("active"), &json!("T1")));
    assert_eq!(view["account"]["id"], "acct_1");
    let oauth = &scene.status().await["oauth"];
    assert_eq!((&oauth["cause"], &oauth["renewable"]), (&json!("first"), &json!(true)));
    assert!(oauth["expires_at"].is_string() && oauth["refresh_at"].is_string());
    scene.execute().await.expect(200);
    assert_eq!(scene.told("credential.authorized").await, 1);
    assert_eq!(scene.told("integration.connected").await, 1);
    // A state is good for once, also in the browser that began it.
    assert_eq!(browser.get(&back).await.status, 400);
    assert_eq!(scene.authority.count("authorization_code"), (1, 1));

    scene.tenant.delete(&format!("{path}/disconnect")).await.expect(200);
    eventually("the token is given back", async || {
        let given_back = scene.authority.known().revoked.clone();
        given_back.first().is_some_and(|token| token.starts_with(&format!("{SECRET_KEY}-refresh-"))).then_some(())
    })
    .await;
    scene.execute().await.expect_problem(409, "not connected");
    eventually("the trail says so", async || {
        let trail = scene.tenant.get("/audit?limit=200").await.expect(200);
        trail["items"].as_array().unwrap().iter().any(|entry| entry["action"] == "oauth.revoked").then_some(())
    })
    .await;
    // And it can be connected again.
    scene.connect().await;
    scene.execute().await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connect_link_says_who_asks_and_is_good_for_once() {
    let origins = ("GATEHOUSE_OAUTH__RETURN_ORIGINS", "[\"https://app.example.com\"]".to_owned());
    let scene = Scene::begin_with(&[origins], &|_| {}).await;
    let path = format!("/integrations/{}/connect-links", scene.integration);
    for (body, part) in [
        (json!({ "return_url": "https://evil.example/" }), "$.return_url"),
        (json!({ "return_url": "https://app.example.com.evil.example/" }), "$.return_url"),
        (json!({ "return_url": "https://app.example.com@evil.example/" }), "$.return_url"),
        (json!({ "return_url": "javascript:alert(1)" }), "$.return_url"),
        (json!({ "expires_minutes": 0 }), "$.expires_minutes"),
        (json!({ "expires_minutes": 1441 }), "$.expires_minutes"),
    ] {
        scene.tenant.post(&path, body).await.expect_problem(422, part);
    }
    let ask = json!({ "return_url": "https://app.example.com/done?step=2" });
    let link = scene.tenant.post(&path, ask).await.expect(201);
    let url = link["url"].as_str().unwrap();
    let mut browser = Browser::new();
    for _ in 0..2 {
        // Looking does not use it up: mail programs look at links.
        let page = browser.get(url).await;
        assert_eq!(page.status, 200);
        for part in ["Acme &amp; Sons", "Primary &lt;b&gt;", "<li>read</li><li>write</li>"] {
            assert!(page.text.contains(part), "{}", page.text);
        }
    }
    let consent = browser.post(url).await.location.unwrap();
    assert_eq!((browser.post(url).await.status, browser.get(url).await.status), (404, 404));
    let back = browser.get(&consent).await.location.unwrap();
    let end = browser.get(&back).await;
    let expected = format!("https://app.example.com/done?step=2&status=connected&integration={}", scene.integration);
    assert_eq!((end.status, end.location.as_deref()), (303, Some(expected.as_str())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenants_own_app_goes_before_the_operators_and_one_address_is_enough_where_it_must_be() {
    let scene = Scene::begin().await;
    let app =
        json!({ "client_id": "own", "credentials": { "client_secret": "not-the-right-one" }, "redirect": "fixed" });
    let shown = scene.tenant.put("/oauth-apps/stripe", app).await.expect(200);
    let fixed = format!("{}/api/v1/integrations/stripe/oauth/callback", scene.server.base);
    assert_eq!((&shown["redirect_uris"], &shown["credential_hints"]["client_secret"]), (&json!([fixed]), &json!("…")));
    let (mut browser, back) = scene.agreed().await;
    assert!(back.as_str().starts_with(&fixed), "{back}");
    let got = browser.get(back.as_str()).await;
    assert_eq!(got.status, 400);
    assert!(got.text.contains("invalid_client"), "{}", got.text);
    let (mut browser, mut back) = scene.agreed().await;
    back.set_path("/api/v1/integrations/other/oauth/callback");
    assert!(browser.get(back.as_str()).await.text.contains("changed meanwhile"));
    // Replaced while a person is away: the flow does not end with the other registration.
    let (mut browser, back) = scene.agreed().await;
    let app = json!({ "client_id": CLIENT, "credentials": { "client_secret": SECRET_KEY }, "redirect": "fixed" });
    scene.tenant.put("/oauth-apps/stripe", app).await.expect(200);
    assert!(browser.get(back.as_str()).await.text.contains("registration was changed"));
    scene.connect().await;
    scene.execute().await.expect(200);
    scene.tenant.delete("/oauth-apps/stripe").await.expect(204);
    // Its tokens were given to that app; nobody else's secret renews them.
    scene.authority.forget_access();
    scene.execute().await.expect(424);
    assert!(scene.status().await["oauth"]["last_error"].as_str().unwrap().contains("no OAuth app"));
    assert_eq!(scene.authority.count("refresh_token"), (0, 0));
    for wrong in [json!({ "client_id": "" }), json!({ "client_id": "a", "credentials": { "secret": "x" } })] {
        scene.tenant.put("/oauth-apps/stripe", wrong).await.expect(422);
    }
    let other = integration(&scene.tenant, &scene.authority.origin, json!({})).await;
    scene.server.operator().delete("/providers/stripe/oauth-app").await.expect(204);
    let path = format!("/integrations/{other}/oauth/url");
    scene.tenant.get(&path).await.expect_problem(409, "PUT /api/v1/providers/stripe/oauth-app");
}

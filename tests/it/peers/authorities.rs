//! Signing in with authorization servers that no one here wrote: one that is certified, rotates
//! refresh tokens and takes back all that was given where one is used twice, and one that answers
//! as it is told.

use std::collections::BTreeMap;

use gatehouse_domain::manifest::Manifest;
use serde_json::{Value, json};

use super::Peer;
use crate::harness::artefacts::{plugin_with, root};
use crate::harness::story::{enable, new_tenant, upload_bytes};
use crate::harness::{Client, Server, eventually};
use crate::oauth::renewal::{all_call, until_due, wide};
use crate::oauth::{execute, integration, rules};

/// A tenant with an integration that a person has agreed to at a real authorization server.
struct Scene {
    server: Server,
    peer: Peer,
    tenant: Client,
    integration: String,
}

/// A browser that keeps every cookie; all that it visits is on one host.
struct Browser {
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

/// What a manifest says of each server.
fn oidc(manifest: &mut Manifest) {
    rules(manifest, &|oauth| {
        oauth["authorize_url"] = json!("https://api.stripe.com/auth");
        oauth["token_url"] = json!("https://api.stripe.com/token");
        oauth["revoke"] = json!({ "url": "https://api.stripe.com/token/revocation" });
        (oauth["scopes"], oauth["capture"], oauth["issuer_required"]) = (json!(["openid"]), json!([]), json!(true));
    });
}

fn mock(manifest: &mut Manifest) {
    rules(manifest, &|oauth| {
        oauth["authorize_url"] = json!("https://api.stripe.com/authorize");
        oauth["token_url"] = json!("https://api.stripe.com/token");
        oauth["revoke"] = json!({ "url": "https://api.stripe.com/revoke" });
        oauth["capture"] = json!([]);
    });
}

impl Scene {
    /// Registers with the certified server as a client does, and signs in.
    async fn with_oidc(settings: &[(&str, String)], life: u32) -> Option<Self> {
        let mut scene = Self::begin("oidc", oidc, settings).await?;
        scene.tell(&format!("life?seconds={life}")).await;
        scene.register().await;
        scene.connect().await;
        Some(scene)
    }

    async fn begin(kind: &str, manifest: impl FnOnce(&mut Manifest), settings: &[(&str, String)]) -> Option<Self> {
        let script = root().join("tests/it/peers/authority.mjs").display().to_string();
        let peer = Peer::start("authority", |port| vec![script.clone(), kind.to_owned(), port.to_string()]).await?;
        let server = Server::start_also(std::slice::from_ref(&peer.origin), settings);
        upload_bytes(&server, plugin_with("stripe", manifest)).await;
        let app = json!({ "client_id": "client", "credentials": { "client_secret": "not-known-to-anybody" } });
        server.operator().put("/providers/stripe/oauth-app", app).await.expect(200);
        let tenant = new_tenant(&server, "Acme").await;
        enable(&tenant).await;
        let integration = integration(&tenant, &peer.origin, json!({})).await;
        Some(Self { server, peer, tenant, integration })
    }

    /// Makes ourselves known to the server (RFC 7591), and keeps the client that it makes of us.
    async fn register(&mut self) {
        let link = self.tenant.get(&format!("/integrations/{}/oauth/url", self.integration)).await.expect(200);
        let ask = json!({
            "redirect_uris": [link["redirect_uri"]], "response_types": ["code"],
            "grant_types": ["authorization_code", "refresh_token"], "token_endpoint_auth_method": "client_secret_basic",
        });
        let request = crate::harness::client::http().post(format!("{}/reg", self.peer.origin));
        let response = request.header("content-type", "application/json").body(ask.to_string()).send().await.unwrap();
        let client: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        let app = json!({
            "client_id": client["client_id"], "credentials": { "client_secret": client["client_secret"] },
        });
        self.server.operator().put("/providers/stripe/oauth-app", app).await.expect(200);
    }

    /// Follows a new link as far as `until` says.
    async fn follow(&self, browser: &mut Browser, until: &str) -> Result<String, (u16, String)> {
        let link = self.tenant.get(&format!("/integrations/{}/oauth/url", self.integration)).await.expect(200);
        browser.walk(link["url"].as_str().unwrap(), until).await
    }

    /// Signs in from beginning to end.
    async fn connect(&self) {
        let (status, text) = self.follow(&mut Browser::new(), "nowhere").await.unwrap_err();
        assert!(status == 200 && text.contains("is connected"), "{status} {text}");
    }

    async fn execute(&self) -> crate::harness::client::Answer {
        execute(&self.tenant, &self.integration).await
    }

    /// Tells the server what to do; what it counted.
    async fn tell(&self, what: &str) -> Value {
        let url = format!("{}/_/{what}", self.peer.origin);
        let response = crate::harness::client::http().get(url).send().await.unwrap();
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }

    /// How many refreshes the server granted, how many it refused, and what it took back.
    async fn refreshes(&self) -> (u64, u64, u64) {
        let told = self.tell("told").await;
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        let of = |what: &str| number(&told[what]["refresh_token"]);
        (of("given"), of("refused"), number(&told["revoked"]))
    }

    async fn is_expired(&self) {
        let status = self.tenant.get(&format!("/integrations/{}/status", self.integration)).await.expect(200);
        assert_eq!(status["status"], "expired", "{status:#}");
        let feed = self.tenant.get("/events?limit=200").await.expect(200);
        let told = feed["items"].as_array().unwrap().iter().filter(|event| event["kind"] == "integration.expired");
        assert_eq!(told.count(), 1);
    }
}

impl Browser {
    fn new() -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, cookies: BTreeMap::new() }
    }

    /// Follows redirects, signs in and agrees, until an address has `until` in it, which it answers.
    /// The error is a page on which there is nothing to do.
    async fn walk(&mut self, url: &str, until: &str) -> Result<String, (u16, String)> {
        let mut request = self.http.get(url);
        for _ in 0..12 {
            let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let response = request.header("cookie", pairs.join("; ")).send().await.unwrap();
            for cookie in response.headers().get_all("set-cookie") {
                let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            let (status, here) = (response.status().as_u16(), response.url().clone());
            if let Some(next) = response.headers().get("location").map(|value| value.to_str().unwrap().to_owned()) {
                let next = here.join(&next).unwrap().to_string();
                if next.contains(until) {
                    return Ok(next);
                }
                request = self.http.get(next);
                continue;
            }
            let text = response.text().await.unwrap();
            let (Some(action), Some(prompt)) =
                (between(&text, "action=\""), between(&text, "name=\"prompt\" value=\""))
            else {
                return Err((status, text));
            };
            let body = format!("prompt={prompt}&login=ada&password=anything");
            let form = "application/x-www-form-urlencoded";
            request = self.http.post(here.join(action).unwrap()).header("content-type", form).body(body);
        }
        panic!("it leads nowhere");
    }
}

fn between<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    text.split_once(start)?.1.split('"').next()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_in_and_tokens_are_rotated_and_given_back() {
    let _quiet = super::QUIET.read().await;
    let Some(scene) = Scene::with_oidc(&[], 3600).await else { return };
    scene.execute().await.expect(200);
    for round in 1..=3 {
        // Each refresh token is good for once.
        scene.tell("forget").await;
        scene.execute().await.expect(200);
        assert_eq!(scene.refreshes().await, (round, 0, 0));
    }
    // The server says who it is; an answer that says otherwise is not taken.
    let mut browser = Browser::new();
    let back = scene.follow(&mut browser, "/oauth/cb/").await.unwrap();
    assert!(back.contains("&iss=http"), "{back}");
    let forged = format!("{}&iss=https%3A%2F%2Fevil.example", back.split("&iss=").next().unwrap());
    let (status, text) = browser.walk(&forged, "nowhere").await.unwrap_err();
    assert!(status == 400 && text.contains("evil.example"), "{status} {text}");
    scene.execute().await.expect(200);

    scene.tenant.delete(&format!("/integrations/{}/disconnect", scene.integration)).await.expect(200);
    eventually("the server takes the tokens back", async || (scene.refreshes().await.2 > 0).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_callers_renew_a_token_once_and_no_reuse_is_seen() {
    let _quiet = super::QUIET.read().await;
    let Some(scene) = Scene::with_oidc(&wide(), 1).await else { return };
    until_due(&scene.tenant, &scene.integration).await;
    scene.tell("life?seconds=3600").await;
    assert_eq!(all_call(&scene.tenant, &scene.integration).await, [""; 0]);
    assert_eq!(scene.refreshes().await, (1, 0, 0));
    scene.tell("forget").await;
    assert_eq!(all_call(&scene.tenant, &scene.integration).await, [""; 0]);
    assert_eq!(scene.refreshes().await, (2, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_that_is_used_twice_ends_with_a_person() {
    let _quiet = super::QUIET.read().await;
    let Some(scene) = Scene::with_oidc(&[], 3600).await else { return };
    scene.tell("forget").await;
    scene.tell("mute?on=true").await;
    let (tenant, path) = (scene.tenant.clone(), format!("/integrations/{}/execute", scene.integration));
    let call = tokio::spawn(async move {
        let body = br#"{"capability":"GET_PAYMENT","parameters":{"id":"pi_0001"}}"#.to_vec();
        tenant.try_send(reqwest::Method::POST, &path, &[("content-type", "application/json")], body).await
    });
    eventually("the server rotates the token", async || (scene.refreshes().await.0 == 1).then_some(())).await;
    scene.server.signal_kill();
    assert!(call.await.unwrap().is_err(), "the call was answered");
    scene.tell("mute?on=false").await;
    let Scene { server, peer, tenant, integration } = scene;
    let server = server.kill_and_restart();
    let tenant = tenant.moved_to(&server);
    let mut scene = Scene { server, peer, tenant, integration };
    // Who finds out is this call, or what looks after tokens that nobody calls for.
    let first = scene.execute().await.status;
    assert!(matches!(first, 424 | 409), "{first}");
    for _ in 0..3 {
        scene.execute().await.expect_problem(409, "oauth/url");
    }
    // Asked once more with the token of before, which the server knows as used: it takes all back.
    assert_eq!(scene.refreshes().await, (1, 1, 1));
    scene.is_expired().await;
    // Started again, the server has another address, which the other side has to know.
    scene.register().await;
    scene.connect().await;
    scene.execute().await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_fails_is_asked_again_and_one_that_refuses_is_not() {
    let _quiet = super::QUIET.read().await;
    let Some(scene) = Scene::begin("mock", mock, &[]).await else { return };
    scene.connect().await;
    scene.execute().await.expect(200);
    scene.tell("answer?status=503&error=temporarily_unavailable").await;
    scene.tell("forget").await;
    assert_eq!(scene.execute().await.status, 424);
    eventually("the pause is over", async || (scene.execute().await.status == 200).then_some(())).await;
    assert_eq!(scene.refreshes().await, (1, 1, 0));
    scene.tell("answer?status=400&error=invalid_grant").await;
    scene.tell("forget").await;
    assert_eq!(scene.execute().await.status, 424);
    // Where the token's first success was not written down yet, the one before it is tried as well.
    eventually("the sign-in has ended", async || (scene.execute().await.status == 409).then_some(())).await;
    for _ in 0..3 {
        scene.execute().await.expect_problem(409, "oauth/url");
    }
    let (rotated, refused, reused) = scene.refreshes().await;
    assert!(rotated == 1 && (2..=4).contains(&refused) && reused == 0, "{rotated} {refused} {reused}");
    scene.is_expired().await;
}

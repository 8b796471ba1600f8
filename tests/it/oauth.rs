//! Signing in with a provider, from outside: the real binary, an authorization server that notices
//! every token that is used twice, and a browser that does what an attacker would make it do.

mod answers;
mod callbacks;
mod flow;
mod grants;
mod hooks;
mod idle;
mod kills;
mod rekey;
pub(crate) mod renewal;

use std::collections::BTreeMap;

use gatehouse_domain::manifest::Manifest;
use serde_json::{Value, json};

use crate::harness::authority::CLIENT;
use crate::harness::canary::SECRET_KEY;
use crate::harness::{Authority, Client, Server, artefacts, client, story};

/// A tenant with an integration that waits for a person's consent.
struct Scene {
    server: Server,
    authority: Authority,
    tenant: Client,
    integration: String,
}

/// A browser: its cookies, and no redirect that it follows by itself.
pub(crate) struct Browser {
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

/// What a browser got.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    text: String,
}

/// The rules of the authorization server.
pub(crate) fn rules(manifest: &mut Manifest, change: &dyn Fn(&mut Value)) {
    let mut oauth = json!({
        "grants": ["authorization_code"],
        "authorize_url": "https://api.stripe.com/oauth/authorize",
        "token_url": "https://api.stripe.com/oauth/token",
        "issuer": "https://api.stripe.com",
        "scopes": ["read", "write"],
        "token": { "rotates": true },
        "capture": [{ "name": "team", "at": "/team/id" }],
        "revoke": { "url": "https://api.stripe.com/oauth/revoke" },
    });
    change(&mut oauth);
    manifest.auth = serde_json::from_value(json!([{ "name": "oauth", "type": "oauth2" }])).unwrap();
    let field = json!({ "type": "string", "writeOnly": true });
    manifest.credentials = json!({
        "type": "object", "additionalProperties": false,
        "properties": { "webhook_secret": field, "client_id": field, "client_secret": field, "key": field },
    });
    manifest.oauth = Some(serde_json::from_value(oauth).unwrap());
}

impl Scene {
    async fn begin() -> Self {
        Self::begin_with(&[], &|_| {}).await
    }

    async fn begin_with(settings: &[(&str, String)], change: &dyn Fn(&mut Value)) -> Self {
        let authority = Authority::start().await;
        let server = Server::start_also(std::slice::from_ref(&authority.origin), settings);
        let wasm = artefacts::plugin_with("stripe", |manifest| rules(manifest, change));
        story::upload_bytes(&server, wasm).await;
        let app = json!({ "client_id": CLIENT, "credentials": { "client_secret": SECRET_KEY } });
        let shown = server.operator().put("/providers/stripe/oauth-app", app).await.expect(200);
        assert_eq!(
            shown["credential_hints"]["client_secret"],
            "sk_t…ol7Q".replace("ol7Q", &SECRET_KEY[SECRET_KEY.len() - 4..])
        );
        let tenant = story::new_tenant(&server, "Acme & Sons").await;
        story::enable(&tenant).await;
        let integration = integration(&tenant, &authority.origin, json!({})).await;
        Self { server, authority, tenant, integration }
    }

    /// Begins a flow and agrees: the browser, and the address that the provider sends it to.
    async fn agreed(&self) -> (Browser, url::Url) {
        let mut browser = Browser::new();
        let path = format!("/integrations/{}/oauth/url", self.integration);
        let link = self.tenant.get(&path).await.expect(200);
        let consent = browser.get(link["url"].as_str().unwrap()).await.location.unwrap();
        let back = browser.get(&consent).await.location.unwrap();
        (browser, url::Url::parse(&back).unwrap())
    }

    /// Signs in from beginning to end.
    async fn connect(&self) {
        let (mut browser, back) = self.agreed().await;
        let got = browser.get(back.as_str()).await;
        assert_eq!(got.status, 200, "{}", got.text);
    }

    async fn execute(&self) -> client::Answer {
        execute(&self.tenant, &self.integration).await
    }

    async fn status(&self) -> Value {
        self.tenant.get(&format!("/integrations/{}/status", self.integration)).await.expect(200)
    }

    /// How often the feed tells of something.
    async fn told(&self, kind: &str) -> usize {
        let feed = self.tenant.get("/events?limit=200").await.expect(200);
        feed["items"].as_array().unwrap().iter().filter(|event| event["kind"] == kind).count()
    }

    /// The same scene after the server was killed and started again.
    async fn after_a_kill(self) -> Self {
        let server = self.server.kill_and_restart();
        let tenant = self.tenant.moved_to(&server);
        Self { server, tenant, ..self }
    }
}

pub(crate) async fn execute(tenant: &Client, integration: &str) -> client::Answer {
    let ask = json!({ "capability": "GET_PAYMENT", "parameters": { "id": "pi_0001" } });
    tenant.post(&format!("/integrations/{integration}/execute"), ask).await
}

pub(crate) async fn integration(tenant: &Client, origin: &str, credentials: Value) -> String {
    let new = json!({
        "provider": "stripe", "name": "Primary <b>", "credentials": credentials, "settings": { "base_url": origin },
    });
    let made = tenant.post("/integrations", new).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

impl Browser {
    pub(crate) fn new() -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, cookies: BTreeMap::new() }
    }

    async fn get(&mut self, url: &str) -> Got {
        self.send(self.http.get(url)).await
    }

    /// As [`Browser::get`], for servers that may die in the middle.
    pub(crate) async fn try_get(&mut self, url: &str) -> reqwest::Result<Got> {
        self.try_send(self.http.get(url)).await
    }

    async fn post(&mut self, url: &str) -> Got {
        self.send(self.http.post(url)).await
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Got {
        self.try_send(request).await.unwrap()
    }

    async fn try_send(&mut self, request: reqwest::RequestBuilder) -> reqwest::Result<Got> {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let response = request.header("cookie", pairs.join("; ")).send().await?;
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        if response.url().path().starts_with("/api/v1/") {
            assert_eq!(header("cache-control").as_deref(), Some("no-store"));
            assert_eq!(header("referrer-policy").as_deref(), Some("no-referrer"));
        }
        if let Some(cookie) = header("set-cookie") {
            assert!(cookie.contains("; HttpOnly; SameSite=Lax; Max-Age=600"), "{cookie}");
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let (status, location) = (response.status().as_u16(), header("location"));
        let text = response.text().await?;
        crate::harness::canary::check("a page", text.as_bytes());
        Ok(Got { status, location, text })
    }
}

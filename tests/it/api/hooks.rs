//! Webhooks in, beyond the first scheme: other proofs, handshakes, quarantine, replays, endpoints.

mod farewell;
mod gap;
mod registered;
mod schemes;
mod upkeep;

use axum::Router;
use reqwest::Method;
use ring::hmac;
use serde_json::{Value, json};

use crate::harness::canary::WEBHOOK_SECRET;
use crate::harness::client::Answer;
use crate::harness::story::{create, enable, new_tenant, upload_bytes};
use crate::harness::{Client, Server, artefacts, eventually};

/// An integration whose provider signs webhooks in a way of the test's choosing.
pub(crate) struct Hooked {
    server: Server,
    pub(crate) tenant: Client,
    pub(crate) integration: String,
    pub(crate) url: String,
}

impl Hooked {
    /// With these webhook rules; `fields` are added to the credential's.
    pub(crate) async fn begin(rules: Value, fields: &[&str]) -> Self {
        Self::begin_at(rules, fields, Router::new()).await
    }

    /// As [`Hooked::begin`], where the provider answers with `router`.
    async fn begin_at(rules: Value, fields: &[&str], router: Router) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let server = Server::start(std::slice::from_ref(&origin));
        let tenant = new_tenant(&server, "Acme").await;
        let wasm = artefacts::plugin_with("stripe", |manifest| {
            manifest.webhook = Some(serde_json::from_value(rules).unwrap());
            for field in fields {
                manifest.credentials["properties"][field] = json!({ "type": "string", "writeOnly": true });
            }
        });
        upload_bytes(&server, wasm).await;
        enable(&tenant).await;
        let view = create(&tenant, &origin).await;
        let (integration, url) = (text(&view["id"]), text(&view["webhook_url"]));
        Self { server, tenant, integration, url }
    }

    fn path(&self) -> &str {
        self.url.split_once("/api/v1").unwrap().1
    }

    async fn send(&self, method: Method, query: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
        let path = format!("{}{query}", self.path());
        self.server.client().send(method, &path, headers, body.into()).await
    }

    pub(crate) async fn post(&self, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
        self.send(Method::POST, "", headers, body).await
    }

    async fn list(&self, what: &str) -> Vec<Value> {
        let list = self.tenant.get(&format!("/integrations/{}/{what}?limit=200", self.integration)).await.expect(200);
        list["items"].as_array().unwrap().clone()
    }

    async fn event(&self) -> Value {
        eventually("an event", async || self.list("events").await.into_iter().next()).await
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// An event of the gateway's provider.
fn event(id: &str) -> String {
    json!({
        "id": id, "object": "event", "type": "payment_intent.succeeded", "created": 1_700_000_000, "livemode": false,
        "data": { "object": {
            "id": "pi_1", "object": "payment_intent", "status": "succeeded", "amount": 1999, "amount_received": 1999,
            "currency": "eur", "created": 1_700_000_000, "metadata": {},
        } },
    })
    .to_string()
}

/// Rules for a keyed hash over the body alone.
fn plain() -> Value {
    json!({ "dedupe": "/id", "verify": {
        "type": "hmac", "algorithm": "sha256", "secret": "webhook_secret", "header": "x-sig", "encoding": "hex",
        "signed": "{body}",
    } })
}

fn hash(secret: &str, message: &str) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), message.as_bytes());
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn good(body: &str) -> String {
    hash(WEBHOOK_SECRET, body)
}

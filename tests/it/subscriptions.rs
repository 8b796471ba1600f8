//! Webhooks out through the real binary: who is told of what, how it is signed, what is tried
//! again, and that nothing is lost whenever the server is killed.

mod answers;
mod asked;
mod kills;
mod replay;
mod stalled;
mod told;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::{Value, json};

use crate::harness::receiver::Told;
use crate::harness::story::{create, enable, new_tenant, upload};
use crate::harness::{Client, Receiver, Server, Story, Upstream, eventually};

/// A tenant with a working integration, and a receiver.
pub(crate) struct Stage {
    pub(crate) story: Story,
    pub(crate) receiver: Receiver,
}

impl Stage {
    /// Starts a server whose deliveries are tried again after these pauses.
    pub(crate) async fn begin(pauses_ms: &[u64]) -> Self {
        Self::begin_with(&[("GATEHOUSE_DELIVERIES__PAUSES_MS", format!("{pauses_ms:?}"))]).await
    }

    pub(crate) async fn begin_with(settings: &[(&str, String)]) -> Self {
        let (receiver, upstream) = (Receiver::start().await, Upstream::start().await);
        let server = Server::start_also(&[receiver.origin.clone(), upstream.origin.clone()], settings);
        let tenant = new_tenant(&server, "Acme").await;
        upload(&server).await;
        enable(&tenant).await;
        let view = create(&tenant, &upstream.origin).await;
        let integration = view["id"].as_str().unwrap().to_owned();
        let webhook_url = view["webhook_url"].as_str().unwrap().to_owned();
        Self { story: Story { server, upstream, tenant, integration, webhook_url }, receiver }
    }

    pub(crate) fn tenant(&self) -> &Client {
        &self.story.tenant
    }

    /// Subscribes a path of the receiver to everything, with further fields.
    pub(crate) async fn subscribe(&self, path: &str, fields: Value) -> Value {
        subscribe(self.tenant(), &self.receiver.url(path), fields).await
    }

    /// Makes one event happen: the integration is switched off, or connected again.
    pub(crate) async fn happen(&self, off: bool) {
        happen_to(self.tenant(), &self.story.integration, off).await;
    }

    /// Waits until a path was told so many times.
    pub(crate) async fn told(&self, path: &str, times: usize) -> Vec<Told> {
        eventually(&format!("{times} requests at {path}"), async || {
            Some(self.receiver.told(path)).filter(|told| told.len() >= times)
        })
        .await
    }

    /// Waits until a subscription's counts are these, of which the equation holds at every look.
    pub(crate) async fn counts(&self, id: &str, expect: Value) {
        let mut last = Value::Null;
        let found = async || {
            last = look(self.tenant(), id).await["counts"].clone();
            (last == expect).then_some(())
        };
        eventually(&format!("counts {expect} of {id}"), found).await;
    }
}

/// Switches an integration off, or connects it again: one event each.
async fn happen_to(tenant: &Client, integration: &str, off: bool) {
    let path = format!("/integrations/{integration}");
    tenant.put(&path, json!({ "disabled": off })).await.expect(200);
    if !off {
        tenant.post(&format!("{path}/test"), json!({})).await.expect(200);
    }
}

/// Subscribes a URL to everything, with further fields.
pub(crate) async fn subscribe(tenant: &Client, url: &str, fields: Value) -> Value {
    tenant.post("/subscriptions", asked(url, fields)).await.expect(201)
}

/// What is posted to subscribe to everything.
fn asked(url: &str, fields: Value) -> Value {
    let mut new = json!({ "url": url, "events": ["*"] });
    new.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    new
}

/// Reads a subscription. Accepted is the sum of the others, whenever one looks.
async fn look(tenant: &Client, id: &str) -> Value {
    let view = tenant.get(&format!("/subscriptions/{id}")).await.expect(200);
    let count = |name: &str| view["counts"][name].as_u64().unwrap();
    assert_eq!(count("accepted"), count("delivered") + count("pending") + count("dead"), "{:#}", view["counts"]);
    view
}

fn counts(accepted: u64, delivered: u64, pending: u64, dead: u64) -> Value {
    json!({ "accepted": accepted, "delivered": delivered, "pending": pending, "dead": dead })
}

fn id_of(view: &Value) -> String {
    view["id"].as_str().unwrap().to_owned()
}

/// The deliveries of a subscription, newest first.
async fn deliveries(tenant: &Client, id: &str, query: &str) -> Vec<Value> {
    let list = tenant.get(&format!("/subscriptions/{id}/deliveries{query}")).await.expect(200);
    list["items"].as_array().unwrap().clone()
}

/// The names of the events in the tenant's feed.
async fn kinds(tenant: &Client) -> Vec<String> {
    let feed = tenant.get("/events?limit=200").await.expect(200);
    feed["items"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

/// How many of the signatures of a request were made with this secret, computed here by hand.
pub(crate) fn signed_with(told: &Told, secret: &str) -> usize {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let content = [told.id(), ".", &told.headers["webhook-timestamp"], "."].concat();
    let content = [content.as_bytes(), &told.body].concat();
    let entries = told.headers["webhook-signature"].split(' ');
    let fits = |entry: &str| {
        let tag = entry.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
        tag.is_some_and(|tag| hmac::verify(&key, &content, &tag).is_ok())
    };
    entries.filter(|entry| fits(entry)).count()
}

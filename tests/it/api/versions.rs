//! Several versions of a plugin side by side: choosing, upgrading, rolling back, taking back.
//! The versions are one component with different manifests; what differs is what a case needs.

use gatehouse_domain::manifest::Manifest;
use serde_json::{Value, json};

use crate::harness::story::{self, create, upload_bytes};
use crate::harness::{Client, Server, Upstream, artefacts};

mod choice;
mod consent;
pub(super) mod dependencies;
mod honest;
mod load;
mod standing;
mod upgrade;

/// A version of the gateway that the tests use.
pub(super) fn build(version: &str, change: impl FnOnce(&mut Manifest)) -> Vec<u8> {
    artefacts::plugin_with("stripe", |manifest| {
        manifest.version = version.parse().unwrap();
        change(manifest);
    })
}

/// Publishes a version that differs in its number alone.
pub(super) async fn publish(server: &Server, version: &str) {
    publish_with(server, version, |_| {}).await;
}

/// Publishes a version.
pub(super) async fn publish_with(server: &Server, version: &str, change: impl FnOnce(&mut Manifest)) {
    upload_bytes(server, build(version, change)).await;
}

/// A setting more: an addition that needs no consent.
pub(super) fn adds(manifest: &mut Manifest) {
    manifest.settings["properties"]["nickname"] = json!({ "type": "string", "maxLength": 20 });
}

/// An event less, and the setting: what breaks, and needs no consent.
pub(super) fn breaks(manifest: &mut Manifest) {
    adds(manifest);
    manifest.webhook.as_mut().unwrap().events.retain(|event| event != "customer.deleted");
}

/// Everything that may be sent is one path more: what needs consent.
pub(super) fn widens(manifest: &mut Manifest) {
    manifest.egress.allow[1].paths.push("/v1/disputes".to_owned());
}

/// A tenant with an integration of version 1.0.0.
pub(super) struct Shop {
    pub(super) server: Server,
    pub(super) upstream: Upstream,
    pub(super) tenant: Client,
    pub(super) integration: String,
}

impl Shop {
    pub(super) async fn open() -> Self {
        let upstream = Upstream::start().await;
        let server = Server::start(std::slice::from_ref(&upstream.origin));
        publish(&server, "1.0.0").await;
        let tenant = story::new_tenant(&server, "Acme").await;
        story::enable(&tenant).await;
        let integration = id(&create(&tenant, &upstream.origin).await);
        Self { server, upstream, tenant, integration }
    }

    pub(super) async fn another(&self) -> String {
        id(&create(&self.tenant, &self.upstream.origin).await)
    }

    /// The version that an integration is pinned to.
    pub(super) async fn version_of(&self, integration: &str) -> String {
        let view = self.tenant.get(&format!("/integrations/{integration}")).await.expect(200);
        view["plugin"]["version"].as_str().unwrap().to_owned()
    }

    pub(super) async fn upgrade(&self, ask: Value) -> crate::harness::client::Answer {
        self.tenant.post("/plugins/tenant/stripe/upgrade", ask).await
    }

    pub(super) async fn rollback(&self) -> crate::harness::client::Answer {
        self.tenant.post("/plugins/tenant/stripe/rollback", json!({})).await
    }

    /// The install as the tenant sees it.
    pub(super) async fn install(&self) -> Value {
        self.tenant.get("/plugins/tenant/list").await.expect(200)["items"][0].clone()
    }

    /// The events of a kind so far.
    pub(super) async fn events(&self, kind: &str) -> Vec<Value> {
        let feed = self.tenant.get("/events?limit=200").await.expect(200);
        feed["items"].as_array().unwrap().iter().filter(|event| event["kind"] == kind).cloned().collect()
    }
}

fn id(view: &Value) -> String {
    view["id"].as_str().unwrap().to_owned()
}

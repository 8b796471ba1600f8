//! The usual beginning of a test: a server, a tenant, an enabled plugin, an integration.

use serde_json::{Value, json};

use super::canary::{SECRET_KEY, WEBHOOK_SECRET};
use super::{Client, Server, Upstream, artefacts, eventually};

/// A tenant with an integration that works.
pub(crate) struct Story {
    pub(crate) server: Server,
    pub(crate) upstream: Upstream,
    pub(crate) tenant: Client,
    pub(crate) integration: String,
    pub(crate) webhook_url: String,
}

impl Story {
    /// Starts from nothing.
    pub(crate) async fn begin() -> Self {
        Self::begin_with::<&str>(&[]).await
    }

    /// Starts from nothing, with further settings of the server.
    pub(crate) async fn begin_with<V: ToString>(settings: &[(&str, V)]) -> Self {
        let upstream = Upstream::start().await;
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.to_string())).collect();
        let server = Server::start_also(std::slice::from_ref(&upstream.origin), &settings);
        let tenant = new_tenant(&server, "Acme").await;
        upload(&server).await;
        enable(&tenant).await;
        let view = create(&tenant, &upstream.origin).await;
        let integration = view["id"].as_str().unwrap().to_owned();
        let webhook_url = view["webhook_url"].as_str().unwrap().to_owned();
        Self { server, upstream, tenant, integration, webhook_url }
    }

    /// Calls a capability of the story's integration.
    pub(crate) async fn execute(&self, capability: &str, parameters: Value) -> super::client::Answer {
        let path = format!("/integrations/{}/execute", self.integration);
        self.tenant.post(&path, json!({ "capability": capability, "parameters": parameters })).await
    }

    /// The path of the endpoint, under the API's base.
    pub(crate) fn webhook_path(&self) -> &str {
        self.webhook_url.split_once("/api/v1").unwrap().1
    }
}

/// A payment of 19.99 EUR whose description picks the provider's behaviour.
pub(crate) fn payment(description: &str) -> Value {
    json!({ "amount": { "minor_units": 1999, "currency": "EUR" }, "description": description })
}

/// A client with a new tenant's key.
pub(crate) async fn new_tenant(server: &Server, name: &str) -> Client {
    let operator = server.operator();
    let tenant = operator.post("/tenants", json!({ "name": name })).await.expect(201);
    let key = operator.post("/keys", json!({ "tenant": tenant["id"], "name": "tests" })).await.expect(201);
    server.client().with_key(key["token"].as_str().unwrap())
}

/// Uploads the gateway that the tests use.
pub(crate) async fn upload(server: &Server) -> Value {
    upload_bytes(server, std::fs::read(artefacts::plugin("stripe")).unwrap()).await
}

/// Uploads a component.
pub(crate) async fn upload_bytes(server: &Server, wasm: Vec<u8>) -> Value {
    server.operator().post_bytes("/plugins", wasm, &[("content-type", "application/wasm")]).await.expect(201)
}

/// Enables it with the consent that its sheet asks for.
pub(crate) async fn enable(tenant: &Client) -> Value {
    enable_plugin(tenant, "stripe").await
}

/// Enables the newest version of a plugin with the consent that its sheet asks for.
pub(crate) async fn enable_plugin(tenant: &Client, plugin: &str) -> Value {
    let sheet = tenant.get(&format!("/plugins/{plugin}/permissions")).await.expect(200);
    let toggle = json!({ "enabled": true, "consent": sheet["digest"] });
    tenant.post(&format!("/plugins/tenant/{plugin}/toggle"), toggle).await.expect(200)
}

/// Makes an integration that talks to `origin`.
pub(crate) async fn create(tenant: &Client, origin: &str) -> Value {
    create_with(tenant, json!({ "base_url": origin })).await
}

/// Makes an integration with the given settings.
pub(crate) async fn create_with(tenant: &Client, settings: Value) -> Value {
    create_named(tenant, "Primary", settings).await
}

/// Makes an integration with a name of its own.
pub(crate) async fn create_named(tenant: &Client, name: &str, settings: Value) -> Value {
    let new = json!({
        "provider": "stripe",
        "name": name,
        "credentials": { "secret_key": SECRET_KEY, "webhook_secret": WEBHOOK_SECRET },
        "settings": settings,
        "metadata": { "team": "billing" },
    });
    tenant.post("/integrations", new).await.expect(201)
}

/// The recorded call of an execution, once it is kept.
pub(crate) async fn cassette(tenant: &Client, execution: &str) -> Value {
    let path = format!("/executions/{execution}/cassette");
    let kept = async || Some(tenant.get(&path).await).filter(|answer| answer.status == 200);
    eventually("the cassette", kept).await.body
}

//! Calls by intent: who is chosen, who is tried next, and what hangs on links and policies.

mod failover;
mod links;
mod order;
mod refused;

use serde_json::{Value, json};

use crate::harness::client::Answer;
use crate::harness::story::{create_named, enable, payment, upload};
use crate::harness::{Client, Server, Upstream};

/// A tenant with two providers, which are told apart by what arrives at them.
struct World {
    server: Server,
    first: Upstream,
    second: Upstream,
    tenant: Client,
    id: String,
}

impl World {
    async fn build() -> Self {
        Self::build_with(&[]).await
    }

    /// As [`World::build`], where further origins may be called.
    async fn build_with(origins: &[String]) -> Self {
        let (first, second) = (Upstream::start().await, Upstream::start().await);
        let origins = [&[first.origin.clone(), second.origin.clone()], origins].concat();
        let server = Server::start(&origins);
        upload(&server).await;
        let operator = server.operator();
        let tenant = operator.post("/tenants", json!({ "name": "Acme" })).await.expect(201);
        let key = operator.post("/keys", json!({ "tenant": tenant["id"], "name": "tests" })).await.expect(201);
        let client = server.client().with_key(key["token"].as_str().unwrap());
        enable(&client).await;
        Self { server, first, second, tenant: client, id: text(&tenant["id"]) }
    }

    /// An integration that nobody has tested.
    async fn draft(&self, name: &str, origin: &str) -> String {
        text(&create_named(&self.tenant, name, json!({ "base_url": origin })).await["id"])
    }

    /// An integration that works.
    async fn active(&self, name: &str, origin: &str) -> String {
        let id = self.draft(name, origin).await;
        let tested = self.tenant.post(&format!("/integrations/{id}/test"), json!({})).await.expect(200);
        assert_eq!(tested["ok"], true, "{tested:#}");
        id
    }

    /// Links an integration to a customer, as the default for any purpose or as none.
    async fn link(&self, customer: &str, integration: &str, is_default: bool) -> Value {
        let link = json!({ "integration": integration, "is_default": is_default });
        self.tenant.post(&links_of("customer", customer), link).await.expect(201)
    }

    async fn keep_policy(&self, policy: Value) -> String {
        text(&self.tenant.post("/policies", policy).await.expect(201)["id"])
    }

    /// Asks for a payment, with further fields of the request.
    async fn ask(&self, more: Value) -> Answer {
        self.tenant.post("/execute", intent("a book", more)).await
    }

    async fn record(&self, execution: &Value) -> Value {
        self.tenant.get(&format!("/executions/{}", text(execution))).await.expect(200)
    }

    async fn items(&self, path: &str) -> Vec<Value> {
        self.tenant.get(path).await.expect(200)["items"].as_array().unwrap().clone()
    }
}

/// A payment, and what else the request says.
fn intent(description: &str, more: Value) -> Value {
    let mut ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment(description) });
    ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ask
}

fn customer(id: &str) -> Value {
    json!({ "entity": { "type": "customer", "id": id } })
}

fn links_of(kind: &str, id: &str) -> String {
    format!("/entities/{kind}/{id}/integrations")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value:#} is no text")).to_owned()
}

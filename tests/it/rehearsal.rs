//! Recorded calls and what is done with them: replays, rehearsed upgrades and canaries, through the
//! real binary and real components. The versions differ in a word of their code, which a test
//! exchanges in the built component.

mod canary;
mod cassettes;
mod kept;
mod upgrade;

use gatehouse_domain::manifest::Manifest;
use gatehouse_runtime::{Inspection, package};
use serde_json::{Value, json};

use crate::harness::client::Answer;
use crate::harness::story::{self, payment, upload_bytes};
use crate::harness::{Client, Server, Upstream, artefacts};

/// A word that the gateway sends with each payment.
const SENT: (&str, &str) = ("automatic_payment_methods[enabled]", "automatic_payment_methods[disable]");
/// The path that it sends payments to, and one that its manifest does not allow.
const PATH: (&str, &str) = ("/v1/payment_intents", "/v1/payment_intentz");

/// A version of the gateway in whose code a word is exchanged for another of the same length.
fn build(version: &str, word: Option<(&str, &str)>, change: impl FnOnce(&mut Manifest)) -> Vec<u8> {
    let mut bytes = std::fs::read(artefacts::plugin("stripe")).unwrap();
    let mut manifest = Inspection::of(&bytes).unwrap().manifest;
    if let Some((from, to)) = word {
        let (from, to) = (from.as_bytes(), to.as_bytes());
        assert_eq!(from.len(), to.len());
        let places: Vec<usize> =
            bytes.windows(from.len()).enumerate().filter(|(_, part)| *part == from).map(|(at, _)| at).collect();
        assert!(!places.is_empty(), "the component does not hold the word");
        places.into_iter().for_each(|at| bytes[at..at + to.len()].copy_from_slice(to));
    }
    manifest.version = version.parse().unwrap();
    change(&mut manifest);
    package(&bytes, &manifest, &[], &Value::Null).unwrap()
}

/// A tenant with an integration of version 1.0.0.
struct Shop {
    server: Server,
    upstream: Upstream,
    tenant: Client,
    integration: String,
}

impl Shop {
    async fn open() -> Self {
        let upstream = Upstream::start().await;
        let server = Server::start(std::slice::from_ref(&upstream.origin));
        upload_bytes(&server, build("1.0.0", None, |_| {})).await;
        let tenant = story::new_tenant(&server, "Acme").await;
        story::enable(&tenant).await;
        let integration = text(&story::create(&tenant, &upstream.origin).await, "id");
        Self { server, upstream, tenant, integration }
    }

    async fn publish(&self, version: &str, word: Option<(&str, &str)>) {
        upload_bytes(&self.server, build(version, word, |_| {})).await;
    }

    /// Has calls recorded: `off`, `sample` or `all`.
    async fn record(&self, which: &str) {
        let path = format!("/integrations/{}", self.integration);
        let view = self.tenant.put(&path, json!({ "recording": which })).await.expect(200);
        assert_eq!(view["recording"], which);
    }

    /// Takes a payment and answers the execution's id.
    async fn pay(&self, description: &str) -> String {
        text(
            &self
                .call(json!({ "capability": "PROCESS_PAYMENT", "parameters": payment(description) }))
                .await
                .expect(200),
            "execution",
        )
    }

    async fn call(&self, ask: Value) -> Answer {
        self.tenant.post(&format!("/integrations/{}/execute", self.integration), ask).await
    }

    /// The record of an execution.
    async fn execution(&self, id: &str) -> Value {
        self.tenant.get(&format!("/executions/{id}")).await.expect(200)
    }

    /// The cassette of an execution, once it is kept.
    async fn cassette(&self, execution: &str) -> Value {
        story::cassette(&self.tenant, execution).await
    }

    /// A payment whose call was recorded.
    async fn recorded(&self, description: &str) -> String {
        let execution = self.pay(description).await;
        self.cassette(&execution).await;
        execution
    }

    async fn rehearse(&self, execution: &str, version: &str) -> Value {
        let path = format!("/executions/{execution}/rehearse");
        self.tenant.post(&path, json!({ "version": version })).await.expect(200)
    }

    async fn upgrade(&self, ask: Value) -> Answer {
        self.tenant.post("/plugins/tenant/stripe/upgrade", ask).await
    }

    /// The version that the integration is pinned to.
    async fn version(&self) -> String {
        let view = self.tenant.get(&format!("/integrations/{}", self.integration)).await.expect(200);
        view["plugin"]["version"].as_str().unwrap().to_owned()
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value:#}")).to_owned()
}

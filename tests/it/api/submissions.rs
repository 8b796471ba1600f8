//! Uploaded versions that somebody has to approve: what is seen of them before, what is decided, and
//! that nothing else can be done.

use gatehouse_domain::manifest::Manifest;
use gatehouse_runtime::{Inspection, package};
use serde_json::{Value, json};

use super::trust::gateway;
use crate::harness::client::Answer;
use crate::harness::{Client, Server};

mod command;
mod moves;
mod path;
mod races;

/// The setting of a deployment that has uploads reviewed.
const REQUIRED: (&str, &str) = ("GATEHOUSE_PLUGINS__REVIEW", "required");

/// A server that has uploads reviewed, and an operator's key that may upload and not approve.
struct Desk {
    server: Server,
    author: Client,
}

impl Desk {
    async fn open() -> Self {
        Self::at(Server::start_with(&[(REQUIRED.0, REQUIRED.1.to_owned())])).await
    }

    async fn at(server: Server) -> Self {
        let key = json!({ "name": "author", "permissions": ["plugins:read", "plugins:write"] });
        let key = server.operator().post("/keys", key).await.expect(201);
        let author = server.client().with_key(key["token"].as_str().unwrap());
        Self { server, author }
    }

    /// The same after the server was killed and started again.
    fn killed(self) -> Self {
        let server = self.server.kill_and_restart();
        Self { author: self.author.moved_to(&server), server }
    }

    /// Uploads as the author.
    async fn submit(&self, component: Vec<u8>) -> Answer {
        send(&self.author, component).await
    }

    /// Uploads a version as the author, and answers the digest of its bytes.
    async fn submitted(&self, component: Vec<u8>) -> String {
        let made = self.submit(component).await.expect(201);
        assert_eq!(made["submission"]["state"], "in_review", "{made:#}");
        made["submission"]["digest"].as_str().unwrap().to_owned()
    }

    /// Does something to the review of `small`.
    async fn does(&self, by: &Client, version: &str, what: &str, body: Value) -> Answer {
        by.post(&format!("/plugins/small/versions/{version}/{what}"), body).await
    }

    async fn approve(&self, version: &str, digest: &str) -> Answer {
        self.does(&self.server.operator(), version, "approve", json!({ "digest": digest })).await
    }

    async fn reject(&self, version: &str, reason: &str) -> Answer {
        self.does(&self.server.operator(), version, "reject", json!({ "reason": reason })).await
    }

    /// Where the review of a version of `small` stands.
    async fn state(&self, version: &str) -> String {
        let shown = self.author.get(&format!("/plugins/small/versions/{version}")).await.expect(200);
        shown["submission"]["state"].as_str().unwrap_or("none").to_owned()
    }

    /// The versions whose review stands there.
    async fn queue(&self, by: &Client, state: &str) -> Vec<String> {
        let found = by.get(&format!("/plugins/submissions?state={state}")).await.expect(200);
        let items = found["items"].as_array().unwrap().iter();
        items.map(|item| item["plugin"]["version"].as_str().unwrap().to_owned()).collect()
    }
}

async fn send(by: &Client, component: Vec<u8>) -> Answer {
    by.post_bytes("/plugins", component, &[("content-type", "application/wasm")]).await
}

/// A version of the small gateway with another manifest.
fn build(version: &str, change: impl FnOnce(&mut Manifest)) -> Vec<u8> {
    let bytes = gateway(version, "acme");
    let mut manifest = Inspection::of(&bytes).unwrap().manifest;
    change(&mut manifest);
    package(&bytes, &manifest, &[], &Value::Null).unwrap()
}

/// A setting more.
fn adds(manifest: &mut Manifest) {
    let nickname = json!({ "type": "string", "maxLength": 20 });
    manifest.settings = json!({ "type": "object", "properties": { "nickname": nickname } });
}

/// The same version in other bytes.
fn otherwise(manifest: &mut Manifest) {
    "Two functions, nearly.".clone_into(&mut manifest.description);
}

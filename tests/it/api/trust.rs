//! Whom a deployment believes: signatures, publishers and their keys, policies, and versions that
//! are held back as they trap.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::manifest::Manifest;
use gatehouse_runtime::package;
use serde_json::{Value, json};

use crate::harness::client::Answer;
use crate::harness::{Client, Server, story};

mod keys;
mod policy;
mod quarantine;
mod tampering;

/// A gateway whose one capability traps for 0, spins for 1 and otherwise answers the number.
pub(super) fn gateway(version: &str, publisher: &str) -> Vec<u8> {
    let component = r#"(component
        (core module $m (memory (export "memory") 1)
            (func (export "run") (param i32) (result i32)
                (if (i32.eqz (local.get 0)) (then unreachable))
                (if (i32.eq (local.get 0) (i32.const 1)) (then (loop (br 0))))
                local.get 0))
        (core instance $i (instantiate $m))
        (func $run (param "n" u32) (result u32) (canon lift (core func $i "run")))
        (instance $probe (export "run" (func $run)))
        (export "test:small/probe@1.0.0" (instance $probe)))"#;
    let manifest = format!(
        r#"
        id = "small"
        version = "{version}"
        provider = "small"
        name = "Small"
        description = "One function."
        publisher = "{publisher}"
        license = "Apache-2.0"
        category = "tests"
        contract = "0.1.0"
        [egress]
        base_url = "https://api.example.com"
        allow = [{{ host = "api.example.com", methods = ["GET"], paths = ["/**"] }}]
        [capabilities.RUN]
        effect = "read"
        "#
    );
    let manifest = Manifest::from_toml(&manifest).unwrap();
    package(&wat::parse_str(component).unwrap(), &manifest, &[], &Value::Null).unwrap()
}

/// A plugin author with a key in a file beside a server's data.
pub(super) struct Author<'s> {
    server: &'s Server,
    pub(super) id: &'static str,
    key: String,
    pub(super) public_key: String,
    pub(super) key_id: String,
}

impl<'s> Author<'s> {
    pub(super) fn new(server: &'s Server, id: &'static str, key: &str) -> Self {
        let made = done(server.command(&["plugin", "keygen", "--out", key, "--json"]));
        let made: Value = serde_json::from_str(&made).unwrap();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Self { server, id, key: key.to_owned(), public_key: text("public_key"), key_id: text("key") }
    }

    /// The signature file of a component.
    pub(super) fn sign(&self, component: &[u8]) -> String {
        let file = self.server.place("to-sign.wasm");
        std::fs::write(&file, component).unwrap();
        done(self.server.command(&["plugin", "sign", "to-sign.wasm", "--key", &self.key, "--publisher", self.id]));
        std::fs::read_to_string(self.server.place("to-sign.wasm.sig")).unwrap()
    }

    /// The document by which the author's key signs for another's.
    pub(super) fn next(&self, other: &Self) -> String {
        let new = format!("{}.pub", other.key);
        let options = ["plugin", "next-key", "--key", &self.key, "--new", &new, "--publisher", self.id];
        done(self.server.command(&options));
        std::fs::read_to_string(self.server.place("next-key.txt")).unwrap()
    }

    /// Has an operator enter the author.
    pub(super) async fn enter(&self) {
        let new = json!({ "id": self.id, "name": "Acme Inc.", "public_key": self.public_key });
        self.server.operator().post("/publishers", new).await.expect(201);
    }
}

/// A command's answer, where it was done.
pub(super) fn done(output: std::process::Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Uploads a component, with its signature file where there is one.
pub(super) async fn upload(server: &Server, component: Vec<u8>, signature: Option<&str>) -> Answer {
    let encoded = signature.map(|text| STANDARD.encode(text));
    let headers: Vec<(&str, &str)> = encoded.iter().map(|text| ("gatehouse-signature", text.as_str())).collect();
    server.operator().post_bytes("/plugins", component, &headers).await
}

/// A tenant that has the gateway enabled, with an integration of it.
pub(super) struct User {
    pub(super) client: Client,
    pub(super) integration: String,
}

impl User {
    pub(super) async fn new(server: &Server, version: &str) -> Self {
        let client = story::new_tenant(server, "Acme").await;
        let sheet = client.get(&format!("/plugins/small/permissions?version={version}")).await.expect(200);
        let toggle = json!({ "enabled": true, "version": version, "consent": sheet["digest"] });
        client.post("/plugins/tenant/small/toggle", toggle).await.expect(200);
        let new = json!({ "provider": "small", "name": "Small", "credentials": {} });
        let made = client.post("/integrations", new).await.expect(201);
        Self { client, integration: made["id"].as_str().unwrap().to_owned() }
    }

    pub(super) async fn call(&self, number: u32) -> Answer {
        let ask = json!({ "capability": "RUN", "parameters": { "n": number } });
        self.client.post(&format!("/integrations/{}/execute", self.integration), ask).await
    }

    pub(super) async fn works(&self) {
        assert_eq!(self.call(7).await.expect(200)["result"], json!(7));
    }

    pub(super) fn moved_to(&self, server: &Server) -> Self {
        Self { client: self.client.moved_to(server), integration: self.integration.clone() }
    }

    /// The install as the tenant sees it.
    pub(super) async fn install(&self) -> Value {
        self.client.get("/plugins/tenant/list").await.expect(200)["items"][0].clone()
    }
}

/// What is said of the signature of the newest version.
pub(super) async fn signature(server: &Server) -> Value {
    server.operator().get("/plugins/small").await.expect(200)["signature"].clone()
}

/// Changes one byte of a file.
pub(super) fn flip(file: &Path, at: usize) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[at] ^= 1;
    std::fs::write(file, bytes).unwrap();
}

/// The settings of a deployment that takes signed plugins only.
pub(super) fn signed_only() -> (&'static str, String) {
    ("GATEHOUSE_PLUGINS__POLICY", "signed".to_owned())
}

//! A Gatehouse server with one tenant, one plugin and one integration, ready to be called.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::upstream;
use crate::artefacts;
use crate::machine::Side;
use crate::process::Process;

/// The provider's key of the integration.
pub(crate) const SECRET_KEY: &str = "sk_test_00000000benchmarks";
/// What the provider's webhooks are signed with.
pub(crate) const WEBHOOK_SECRET: &str = "whsec_00000000benchmarksbenchmarks";
/// The operator's key.
pub(crate) const OPERATOR: &str = "gh_live_000000000BenchOperator_0000000BenchOperatorSecretThatGuardsNothing1PjHea";

/// A server that can be called.
pub(crate) struct Story {
    pub(crate) process: Process,
    pub(crate) integration: String,
    /// The tenant's key.
    pub(crate) token: String,
    /// The path at which the provider's webhooks arrive.
    pub(crate) hook: String,
    folder: TempDir,
    upstream: String,
}

/// What is called.
pub(crate) struct Call {
    pub(crate) capability: &'static str,
    pub(crate) parameters: Value,
}

impl Call {
    /// A write and a read.
    pub(crate) fn all() -> [Self; 2] {
        [
            Self { capability: "PROCESS_PAYMENT", parameters: upstream::payment() },
            Self { capability: "GET_PAYMENT", parameters: json!({ "id": "pi_0001" }) },
        ]
    }
}

impl Story {
    /// Starts from nothing, with the data in a new folder within `place`.
    pub(crate) fn begin(place: &Path, upstream: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("gatehouse-bench-").tempdir_in(place).unwrap();
        let process = start(folder.path(), upstream);
        let thread = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (view, token) = thread.block_on(set_up(&process.origin, upstream));
        let text = |name: &str| view[name].as_str().unwrap().to_owned();
        let hook = text("webhook_url").replace(&process.origin, "");
        Self { process, integration: text("id"), token, hook, folder, upstream: upstream.to_owned() }
    }

    /// Stops the server in good order and starts it again on the same data.
    pub(crate) fn restart(self) -> Self {
        self.process.stop();
        let process = start(self.folder.path(), &self.upstream);
        Self { process, ..self }
    }

    /// Kills the server and starts it again on the same data.
    pub(crate) fn crash_and_restart(self) -> Self {
        drop(self.process);
        let process = start(self.folder.path(), &self.upstream);
        Self { process, ..self }
    }
}

/// Starts a server with its data in a folder.
pub(crate) fn start(folder: &Path, upstream: &str) -> Process {
    let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
    let mut command = Command::new(artefacts::binary());
    command
        .arg("serve")
        .current_dir(folder)
        .env("GATEHOUSE_LISTEN", "127.0.0.1:0")
        .env("GATEHOUSE_DATA_DIR", folder.join("data"))
        .env("GATEHOUSE_ROOT_KEY_FILE", folder.join("keys/root.key"))
        .env("GATEHOUSE_BOOTSTRAP_KEY", OPERATOR)
        .env("GATEHOUSE_EGRESS__ALLOW", format!("[{upstream:?}]"))
        .stderr(log);
    Process::start(Side::Server, &mut command)
}

/// The tenant's path from nothing to an integration; answers it and the tenant's key.
async fn set_up(origin: &str, upstream: &str) -> (Value, String) {
    // Loopback is plain HTTP; the provider is only there because the client asks for one.
    rustls::crypto::ring::default_provider().install_default().ok();
    let http = Client::builder().no_proxy().build().unwrap();
    let path = |path: &str| format!("{origin}/api/v1{path}");
    let post = |to: &str, token: &str, body: Value| {
        let request = http.post(path(to)).bearer_auth(token).header("content-type", "application/json");
        answer(request.body(body.to_string()))
    };
    let tenant = post("/tenants", OPERATOR, json!({ "name": "Acme" })).await;
    let key = post("/keys", OPERATOR, json!({ "tenant": tenant["id"], "name": "bench" })).await;
    let token = key["token"].as_str().unwrap();
    let upload = http.post(path("/plugins")).bearer_auth(OPERATOR).header("content-type", "application/wasm");
    answer(upload.body(artefacts::gateway("stripe"))).await;
    let sheet = answer(http.get(path("/plugins/stripe/permissions")).bearer_auth(token)).await;
    let toggle = json!({ "enabled": true, "consent": sheet["digest"] });
    post("/plugins/tenant/stripe/toggle", token, toggle).await;
    let integration = json!({
        "provider": "stripe",
        "name": "Primary",
        "credentials": { "secret_key": SECRET_KEY, "webhook_secret": WEBHOOK_SECRET },
        "settings": { "base_url": upstream },
    });
    let integration = post("/integrations", token, integration).await;
    (integration, token.to_owned())
}

/// Sends a request that has to succeed, and reads its answer.
pub(crate) async fn answer(request: RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    let (status, url) = (response.status(), response.url().clone());
    let text = response.text().await.unwrap();
    assert!(status.is_success(), "{url}: {status}: {text}");
    serde_json::from_str(&text).unwrap()
}

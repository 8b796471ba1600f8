//! Gateways in JavaScript and Python, built with compilers that no one here wrote: each scaffold is checked as one in
//! Rust is, published to a real server and called there.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::installed;
use crate::author::{done, gatehouse, json as parsed, said};
use crate::harness::canary::SECRET_KEY;
use crate::harness::server::OPERATOR;
use crate::harness::story::new_tenant;
use crate::harness::{Client, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_in_javascript_is_one_like_any_other() {
    let Some(starter) = installed("componentize-js") else { return };
    let modules = starter.parent().unwrap().parent().unwrap().join("javascript/node_modules");
    walk("js", |folder| std::os::unix::fs::symlink(&modules, folder.join("node_modules")).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_in_python_is_one_like_any_other() {
    let Some(starter) = installed("componentize-py") else { return };
    walk("python", |folder| {
        fs::create_dir_all(folder.join(".venv/bin")).unwrap();
        std::os::unix::fs::symlink(&starter, folder.join(".venv/bin/componentize-py")).unwrap();
    })
    .await;
}

/// Begins, checks, publishes, enables and calls.
async fn walk(language: &str, install: impl FnOnce(&Path)) {
    let home = tempfile::tempdir().unwrap();
    done(home.path(), &["plugin", "new", "Acme", "--kind", "payments", "--lang", language]);
    let folder = home.path().join("acme");
    install(&folder);
    let server = Server::start(&[]);
    let mut publish = gatehouse(&folder, &["plugin", "publish", "--json", "--url", &server.base]);
    let output = tokio::task::block_in_place(|| publish.env("GATEHOUSE_KEY", OPERATOR).output().unwrap());
    assert!(output.status.success(), "{}", said(&output));
    let published = parsed(std::str::from_utf8(&output.stdout).unwrap());
    assert_eq!(published["plugin"]["id"], "acme", "{published:#}");
    let tenant = new_tenant(&server, "Acme").await;
    let view = integration(&tenant).await;
    let path = format!("/integrations/{}/execute", view["id"].as_str().unwrap());
    let parameters = json!({
        "amount": { "minor_units": 1999, "currency": "EUR" }, "description": "Äpfel", "success_url": "https://a.example/",
    });
    let asked = json!({ "capability": "CREATE_PAYMENT_LINK", "parameters": parameters });
    // Its own code ran and asked for a request; there is no such host.
    let answer = tenant.post(&path, asked).await.expect(200);
    assert_eq!(answer["error"]["kind"], "unavailable", "{answer:#}");
    assert!(answer["error"]["message"].as_str().unwrap().contains("no connection to the provider"), "{answer:#}");
}

async fn integration(tenant: &Client) -> Value {
    let sheet = tenant.get("/plugins/acme/permissions").await.expect(200);
    let toggle = json!({ "enabled": true, "consent": sheet["digest"] });
    tenant.post("/plugins/tenant/acme/toggle", toggle).await.expect(200);
    let new = json!({ "provider": "acme", "name": "Primary", "credentials": { "api_key": SECRET_KEY } });
    tenant.post("/integrations", new).await.expect(201)
}

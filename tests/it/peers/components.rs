//! Gateways in JavaScript and Python, built with compilers that no one here wrote: each scaffold is built, uploaded
//! to a real server and called there.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::installed;
use crate::author::done;
use crate::harness::canary::SECRET_KEY;
use crate::harness::story::{enable_plugin, new_tenant, upload_bytes};
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
        // A file and no link: the starter looks for the rest beside itself.
        let own = folder.join(".venv/bin/componentize-py");
        fs::write(&own, format!("#!/bin/sh\nexec \"{}\" \"$@\"\n", starter.display())).unwrap();
        fs::set_permissions(&own, fs::Permissions::from_mode(0o755)).unwrap();
    })
    .await;
}

/// Begins, builds, uploads, enables and calls.
async fn walk(language: &str, install: impl FnOnce(&Path)) {
    let _alone = super::QUIET.write().await;
    let home = tempfile::tempdir().unwrap();
    done(home.path(), &["plugin", "new", "Acme", "--kind", "payments", "--lang", language]);
    let folder = home.path().join("acme");
    install(&folder);
    tokio::task::block_in_place(|| done(&folder, &["plugin", "build", "--out", "acme.wasm"]));
    let origin = provider().await;
    let server = Server::start(std::slice::from_ref(&origin));
    upload_bytes(&server, fs::read(folder.join("acme.wasm")).unwrap()).await;
    let tenant = new_tenant(&server, "Acme").await;
    let view = integration(&tenant, &origin).await;
    let path = format!("/integrations/{}/execute", view["id"].as_str().unwrap());
    let parameters = json!({
        "amount": { "minor_units": 1999, "currency": "EUR" }, "description": "Äpfel", "success_url": "https://a.example/",
    });
    let asked = json!({ "capability": "CREATE_PAYMENT_LINK", "parameters": parameters });
    let answer = tenant.post(&path, asked).await.expect(200);
    assert_eq!(answer["outcome"], "succeeded", "{answer:#}");
    assert_eq!(answer["result"]["amount"]["minor_units"], 1999, "{answer:#}");
    assert_eq!(answer["result"]["url"], "https://pay.example/Äpfel", "{answer:#}");
}

/// A provider that makes a link of what it is sent.
async fn provider() -> String {
    let link = |Json(sent): Json<Value>| async move {
        let url = format!("https://pay.example/{}", sent["description"].as_str().unwrap());
        (StatusCode::CREATED, Json(json!({ "id": "lnk_1", "url": url, "total": sent["amount"], "currency": "EUR" })))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/v1/links", post(link))).await });
    origin
}

async fn integration(tenant: &Client, origin: &str) -> Value {
    enable_plugin(tenant, "acme").await;
    let (credentials, settings) = (json!({ "api_key": SECRET_KEY }), json!({ "base_url": origin }));
    let new = json!({ "provider": "acme", "name": "Primary", "credentials": credentials, "settings": settings });
    tenant.post("/integrations", new).await.expect(201)
}

//! Requests that are signed, and the host that an environment chooses.

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use serde_json::{Value, json};

use crate::harness::story::{enable_plugin, new_tenant, upload_bytes};
use crate::harness::{Server, artefacts};

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

/// A provider that takes every request which shows the right key and region, and calls every account live.
async fn provider() -> String {
    async fn account(headers: HeaderMap) -> axum::response::Response {
        let shown = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let begin = format!("AWS4-HMAC-SHA256 Credential={KEY}/");
        let good = shown.starts_with(&begin) && shown.contains("/eu-central-1/ses/aws4_request, SignedHeaders=host;");
        let body = json!({ "SendQuota": {}, "ProductionAccessEnabled": good, "SendingEnabled": good });
        axum::response::IntoResponse::into_response(axum::Json(body))
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/v2/email/account", get(account));
    tokio::spawn(async move { axum::serve(listener, router).await });
    origin
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_answers_at_the_sandboxs_host_is_not_live() {
    let origin = provider().await;
    let server = Server::start(std::slice::from_ref(&origin));
    let tenant = new_tenant(&server, "Acme").await;
    let sandbox = "email.{region}.amazonaws.com";
    let changed = artefacts::plugin_with("aws-ses", |manifest| {
        manifest.egress.sandbox_base_url = Some(format!("https://{sandbox}"));
    });
    upload_bytes(&server, changed).await;
    enable_plugin(&tenant, "aws-ses").await;
    for (environment, live) in [("live", true), ("sandbox", false)] {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let new = json!({ "provider": "aws-ses", "name": environment, "environment": environment,
            "credentials": { "access_key_id": KEY, "secret_access_key": secret },
            "settings": { "base_url": origin, "region": "eu-central-1" } });
        let made: Value = tenant.post("/integrations", new).await.expect(201);
        let path = format!("/integrations/{}", made["id"].as_str().unwrap());
        let tested = tenant.post(&format!("{path}/test"), json!({})).await.expect(200);
        assert_eq!((&tested["ok"], &tested["account"]["live"]), (&json!(true), &json!(live)), "{tested:#}");
        assert_eq!(tenant.get(&path).await.expect(200)["account"]["live"], live);
    }
}

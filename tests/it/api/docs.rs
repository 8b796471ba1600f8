//! The API describes itself, and the description is served without reaching outside.

use crate::harness::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_openapi_document_names_every_permission() {
    let server = Server::start(&[]);
    let document = server.client().get("/openapi.json").await.expect(200);
    assert_eq!(document["openapi"], "3.1.0");
    let execute = &document["paths"]["/api/v1/integrations/{integration}/execute"]["post"];
    assert_eq!(execute["x-permission"], "integrations:execute", "{execute:#}");
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path}");
            assert!(operation["responses"]["default"].is_object(), "{method} {path}");
        }
    }
    check_references(&document, &document);
}

/// Every `$ref` must lead somewhere.
fn check_references(document: &serde_json::Value, part: &serde_json::Value) {
    match part {
        serde_json::Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(|value| value.as_str()) {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            }
            fields.values().for_each(|value| check_references(document, value));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|value| check_references(document, value)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_interface_is_served_from_the_binary() {
    let server = Server::start(&[]);
    let http = crate::harness::client::http();
    for (path, text) in [("/api/docs/", "swagger-ui"), ("/api/docs/swagger-initializer.js", "/api/v1/openapi.json")] {
        let response = http.get(format!("{}{path}", server.base)).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let body = response.text().await.unwrap();
        assert!(body.contains(text), "{path}: {body}");
        assert!(!body.contains("//cdn") && !body.contains("unpkg"), "{path} reaches outside");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_and_unknown_paths() {
    let server = Server::start(&[]);
    assert_eq!(server.client().get("/health").await.expect(200)["ok"], true);
    server.client().get("/health/ready").await.expect(200);
    server.client().get("/health/live").await.expect(204);
    server.client().get("/nothing/here").await.expect_problem(404, "/nothing/here");
    server.client().delete("/health").await.expect_problem(405, "DELETE");
    let numbered = server.client().get("/health").await;
    assert!(numbered.headers["x-request-id"].to_str().unwrap().starts_with("req_"));
}

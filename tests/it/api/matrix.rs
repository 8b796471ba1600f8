//! Every route asks for its permission: the matrix is read from the API's own description.

use reqwest::Method;
use serde_json::json;

use crate::harness::Server;
use crate::harness::story::new_tenant;

/// Routes that anybody may use, and why.
const PUBLIC: &[(&str, &str)] = &[
    ("/api/v1/health", "says nothing of any tenant"),
    ("/api/v1/health/live", "says nothing of any tenant"),
    ("/api/v1/health/ready", "says nothing of any tenant"),
    ("/api/v1/openapi.json", "is the same for everybody"),
    ("/api/v1/webhooks/{endpoint}", "is protected by the provider's signature"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_route_answers_without_its_permission() {
    let server = Server::start(&[]);
    let tenant = new_tenant(&server, "Acme").await;
    let document = server.client().get("/openapi.json").await.expect(200);
    let mut guarded = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let Some(permission) = operation["x-permission"].as_str() else {
                assert!(PUBLIC.iter().any(|(public, _)| public == path), "{method} {path} has no permission");
                continue;
            };
            let called = path.strip_prefix("/api/v1").unwrap().replace(['{', '}'], "");
            let keyless = server.client().send(method.clone(), &called, &[], Vec::new()).await;
            keyless.expect_problem(401, "key");
            let powerless = key_without(&server, &tenant, permission).await;
            powerless.send(method.clone(), &called, &[], Vec::new()).await.expect_problem(403, permission);
            guarded += 1;
        }
    }
    assert!(guarded >= 25, "only {guarded} guarded routes");
}

/// A tenant's key that may do everything a tenant may, but for one thing.
async fn key_without(server: &Server, tenant: &crate::harness::Client, permission: &str) -> crate::harness::Client {
    let all = ["integrations:read", "integrations:execute", "keys:read", "plugins:read", "executions:read"];
    let held: Vec<&str> = all.into_iter().filter(|held| *held != permission).collect();
    let key = tenant.post("/keys", json!({ "name": "powerless", "permissions": held })).await.expect(201);
    server.client().with_key(key["token"].as_str().unwrap())
}

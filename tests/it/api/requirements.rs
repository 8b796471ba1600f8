//! Every endpoint of the requirement documents, asked for under the route that the API's own
//! documentation places it at. What the documents ask for stands here as facts.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::client::Answer;
use crate::harness::contract::{DOCUMENT, template};
use crate::harness::story::payment;
use crate::harness::{Client, Story};

/// The endpoints that the documents ask for.
const ASKED: &[&str] = &[
    "POST /internal/connections",
    "GET /internal/connections",
    "GET /internal/connections/{connection_code}",
    "PUT /internal/connections/{connection_code}",
    "DELETE /internal/connections/{connection_code}",
    "POST /internal/connections/{connection_code}/capabilities",
    "GET /internal/connections/{connection_code}/capabilities",
    "GET /internal/connections/{connection_code}/capabilities/{capability_code}",
    "PUT /internal/connections/{connection_code}/capabilities/{capability_code}",
    "DELETE /internal/connections/{connection_code}/capabilities/{capability_code}",
    "POST /integrations",
    "GET /integrations",
    "GET /integrations/{integration_id}",
    "PUT /integrations/{integration_id}",
    "DELETE /integrations/{integration_id}",
    "POST /entities/{entity_type}/{entity_id}/integrations",
    "GET /entities/{entity_type}/{entity_id}/integrations",
    "DELETE /entities/{entity_type}/{entity_id}/integrations/{integration_id}",
    "GET /integrations/{integration_id}/capabilities",
    "POST /integrations/{integration_id}/execute",
    "GET /integrations/{slug}",
    "GET /integrations/connected",
    "POST /integrations/{slug}/connect",
    "DELETE /integrations/{slug}/disconnect",
    "POST /integrations/{slug}/test",
    "GET /integrations/{slug}/status",
    "GET /integrations/{slug}/oauth/url",
    "GET /integrations/{slug}/oauth/callback",
    "GET /integrations/{slug}/settings",
    "PUT /integrations/{slug}/settings",
    "GET /integrations/{slug}/mappings",
    "PUT /integrations/{slug}/mappings",
    "POST /integrations/{slug}/sync",
    "POST /integrations/{slug}/sync/{entity}",
    "GET /integrations/{slug}/sync/status",
    "GET /integrations/{slug}/sync/logs",
    "POST /webhooks/{slug}/{tenant}",
    "POST /integrations/email/test",
    "POST /integrations/{slug}/sync-products",
    "POST /integrations/{slug}/sync-orders",
    "POST /integrations/webhooks",
    "GET /integrations/webhooks",
    "GET /integrations/webhooks/:id",
    "PUT /integrations/webhooks/:id",
    "DELETE /integrations/webhooks/:id",
    "POST /plugins",
    "GET /plugins/available",
    "GET /plugins/:key",
    "PUT /plugins/:key",
    "DELETE /plugins/:key",
    "GET /plugins/tenant/list",
    "POST /plugins/tenant/:key/configure",
    "GET /plugins/tenant/:key/config",
    "POST /plugins/tenant/:key/toggle",
    "GET /plugins/tenant/enabled",
    "GET /health",
    "GET /health/ready",
    "GET /health/live",
    "GET /metrics",
    "list(organizationId, provider?)",
    "get(integrationId)",
    "getByProvider(organizationId, provider)",
    "create(...)",
    "update(integrationId, ...)",
    "testConnection(integrationId)",
    "getDecryptedCredentials(integrationId)",
    "deleteIntegration(integrationId)",
    "updateSyncStats(integrationId, ...)",
    "IntegrationExecutionService.execute",
    "GetAvailableProviders",
    "selectProvider",
    "CreatePaymentLink",
];

/// Routes that are tested in a file of their own, as they take more than a request, and what that
/// file asks for.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("GET /integrations/{integration}/oauth/url", "tests/it/oauth/flow.rs", "/oauth/url"),
    ("GET /integrations/{provider}/oauth/callback", "tests/it/oauth/callbacks.rs", "/oauth/callback"),
    ("GET /oauth/cb/{context}", "tests/it/oauth/callbacks.rs", "/oauth/cb/"),
    ("POST /integrations/{integration}/sync", "tests/it/sync/pull.rs", "/sync\""),
    ("POST /integrations/{integration}/sync/{entity}", "tests/it/sync/guard.rs", "/sync/items"),
    ("GET /integrations/{integration}/sync/status", "tests/it/sync/pull.rs", "/sync/status"),
    ("GET /integrations/{integration}/sync/logs", "tests/it/sync/pull.rs", "/sync/logs"),
    ("POST /webhooks/{provider}/{tenant}", "tests/it/api/hooks/upkeep.rs", "webhooks/{provider}/{tenant}"),
];

/// The rows of the documentation's tables, by column.
fn rows() -> Vec<Vec<&'static str>> {
    let text = DOCUMENT["info"]["description"].as_str().unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// The names in backticks of a column.
fn names(column: &'static str) -> impl Iterator<Item = &'static str> {
    column.split('`').skip(1).step_by(2)
}

#[test]
fn every_endpoint_that_was_asked_for_has_its_row() {
    let rows = rows();
    let told: BTreeSet<&str> = rows.iter().filter_map(|row| names(row[0]).next()).collect();
    for asked in ASKED {
        assert!(told.contains(asked), "requirements.md does not say where {asked} went");
    }
    for row in rows {
        assert!(row.len() == 3, "{row:?}");
        assert!(!row[1].contains("(not yet)"), "{row:?}");
        for name in names(row[1]) {
            let known = if name.contains(" /") { is_there(name) } else { is_field(name) };
            assert!(known, "requirements.md names `{name}`, which there is not: {row:?}");
        }
    }
}

/// Whether a route is in the table.
fn is_there(name: &str) -> bool {
    let (method, path) = name.split_once(' ').unwrap();
    DOCUMENT["paths"][format!("/api/v1{path}")][method.to_ascii_lowercase()].is_object()
}

/// Whether a record has a field: `Provider.code`.
fn is_field(name: &str) -> bool {
    let (record, field) = name.split_once('.').unwrap();
    DOCUMENT["components"]["schemas"][record]["properties"][field].is_object()
}

/// Asks, and notes which routes have answered well.
struct Walk<'a> {
    client: &'a Client,
    seen: &'a mut BTreeSet<String>,
}

impl Walk<'_> {
    async fn ask(&mut self, method: Method, path: &str, body: Value, status: u16) -> Value {
        let route =
            format!("{method} {}", template(path.split('?').next().unwrap()).unwrap().trim_start_matches("/api/v1"));
        let answer: Answer = match (method, body) {
            (Method::GET, _) => self.client.get(path).await,
            (Method::DELETE, _) => self.client.delete(path).await,
            (Method::PUT, body) => self.client.put(path, body).await,
            (_, body) => self.client.post(path, body).await,
        };
        self.seen.insert(route);
        answer.expect(status)
    }

    async fn get(&mut self, path: &str) -> Value {
        self.ask(Method::GET, path, Value::Null, 200).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_endpoint_that_was_asked_for_answers() {
    let story = Story::begin().await;
    let mut seen = BTreeSet::new();
    of_operators(&story, &mut seen).await;
    of_plugins(&story, &mut seen).await;
    of_integrations(&story, &mut seen).await;
    of_links_and_calls(&story, &mut seen).await;
    of_subscriptions(&story, &mut seen).await;
    let rows = rows();
    let routes = rows.iter().flat_map(|row| names(row[1])).filter(|name| name.contains(" /") && is_there(name));
    for route in routes.filter(|route| !ELSEWHERE.iter().any(|(known, ..)| known == route)) {
        let beside = ["GET /oauth/cb/{context}", "GET /policies", "GET /audit", "GET /events"];
        assert!(seen.contains(route) || beside.contains(&route), "nothing here asks for {route}");
    }
    // What is tested elsewhere is asked for there.
    for (route, file, path) in ELSEWHERE {
        let text = std::fs::read_to_string(crate::harness::artefacts::root().join(file)).unwrap();
        assert!(text.contains(path), "{file} does not ask for {route}");
    }
}

async fn of_operators(story: &Story, seen: &mut BTreeSet<String>) {
    let operator = story.server.operator();
    let mut walk = Walk { client: &operator, seen };
    let new = json!({
        "connection_code": "ledger", "display_name": "Ledger", "description": "Books.",
        "logo_url": "https://ledger.example/logo.svg", "status": "beta",
    });
    let made = walk.ask(Method::POST, "/providers", new, 201).await;
    assert_eq!((&made["code"], &made["status"]), (&json!("ledger"), &json!("beta")));
    assert!(walk.get("/providers").await["items"].as_array().unwrap().iter().any(|item| item["code"] == "ledger"));
    assert_eq!(walk.get("/providers/ledger").await["display_name"], "Ledger");
    let changed = walk.ask(Method::PUT, "/providers/ledger", json!({ "status": "active" }), 200).await;
    assert_eq!((&changed["status"], &changed["description"]), (&json!("active"), &json!("Books.")));
    let schema = json!({ "type": "object", "required": ["year"] });
    let new = json!({ "capability_code": "CLOSE_YEAR", "description": "Closes.", "parameters_schema": schema });
    let place = "/providers/ledger/capabilities";
    assert_eq!(walk.ask(Method::POST, place, new, 201).await["capability"], "CLOSE_YEAR");
    assert_eq!(walk.get(place).await["items"][0]["capability"], "CLOSE_YEAR");
    let one = "/providers/ledger/capabilities/CLOSE_YEAR";
    assert_eq!(walk.get(one).await["description"], "Closes.");
    assert_eq!(walk.ask(Method::PUT, one, json!({ "description": "Shuts." }), 200).await["description"], "Shuts.");
    walk.ask(Method::DELETE, one, Value::Null, 204).await;
    operator.get(one).await.expect_problem(404, "CLOSE_YEAR");
    walk.ask(Method::DELETE, "/providers/ledger", Value::Null, 204).await;
    assert!(walk.get("/providers/ledger").await["deleted_at"].is_string());
    walk.get("/health").await;
    walk.get("/health/ready").await;
    walk.ask(Method::GET, "/health/live", Value::Null, 204).await;
    walk.ask(Method::GET, "/metrics", Value::Null, 200).await;
}

async fn of_plugins(story: &Story, seen: &mut BTreeSet<String>) {
    // The story uploaded one; what is uploaded again is the same.
    crate::harness::story::upload(&story.server).await;
    seen.insert("POST /plugins".to_owned());
    let mut walk = Walk { client: &story.tenant, seen };
    assert_eq!(walk.get("/plugins/available").await["items"][0]["plugin"]["id"], "stripe");
    assert_eq!(walk.get("/plugins/stripe").await["provider"], "stripe");
    assert_eq!(walk.get("/plugins/tenant/list").await["items"][0]["plugin"]["id"], "stripe");
    assert_eq!(walk.get("/plugins/tenant/enabled").await["items"].as_array().unwrap().len(), 1);
    let off = walk.ask(Method::POST, "/plugins/tenant/stripe/toggle", json!({ "enabled": false }), 200).await;
    assert_eq!(off["enabled"], false);
    assert_eq!(walk.get("/plugins/tenant/enabled").await["items"], json!([]));
    let on = walk.ask(Method::POST, "/plugins/tenant/stripe/toggle", json!({ "enabled": true }), 200).await;
    assert_eq!(on["enabled"], true);
    let set = json!({ "config": { "account": "acct_1" } });
    assert_eq!(walk.ask(Method::POST, "/plugins/tenant/stripe/configure", set, 200).await["missing"], json!([]));
    assert_eq!(walk.get("/plugins/tenant/stripe/config").await["config"]["account"], "acct_1");
    walk.ask(Method::POST, "/plugins/tenant/stripe/configure", json!({ "config": {} }), 200).await;
    let operator = story.server.operator();
    let mut walk = Walk { client: &operator, seen: walk.seen };
    assert_eq!(walk.ask(Method::PUT, "/plugins/stripe", json!({ "name": "Cards" }), 200).await["name"], "Cards");
    walk.ask(Method::DELETE, "/plugins/stripe", Value::Null, 409).await;
    walk.ask(Method::DELETE, "/plugins/stripe?force=true", Value::Null, 204).await;
    operator.post("/plugins/stripe/restore", json!({})).await.expect(200);
}

async fn of_integrations(story: &Story, seen: &mut BTreeSet<String>) {
    let mut walk = Walk { client: &story.tenant, seen };
    let new = json!({
        "connection_code": "stripe", "name": "EU", "credentials": { "secret_key": crate::harness::canary::SECRET_KEY },
        "settings": { "base_url": story.upstream.origin }, "metadata": { "region": "eu" },
    });
    let made = walk.ask(Method::POST, "/integrations", new, 201).await;
    let one = format!("/integrations/{}", made["id"].as_str().unwrap());
    assert_eq!(walk.get("/integrations?connection_code=stripe&q=EU").await["items"][0]["id"], made["id"]);
    assert_eq!(walk.get(&one).await["metadata"]["region"], "eu");
    assert_eq!(walk.ask(Method::PUT, &one, json!({ "name": "Europe" }), 200).await["name"], "Europe");
    assert_eq!(walk.ask(Method::POST, &format!("{one}/test"), json!({}), 200).await["ok"], true);
    let connected = walk.ask(Method::POST, &format!("{one}/connect"), json!({}), 200).await;
    assert_eq!(connected["integration"]["status"], "active");
    assert!(
        walk.get("/integrations/connected").await["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|item| item["id"] == made["id"])
    );
    assert_eq!(walk.get(&format!("{one}/status")).await["integration"], made["id"]);
    let settings = walk.get(&format!("{one}/settings")).await;
    assert!(settings["schema"].is_object());
    walk.ask(Method::PUT, &format!("{one}/settings"), settings["settings"].clone(), 200).await;
    let served = walk.get(&format!("{one}/capabilities")).await;
    assert!(served["items"].as_array().unwrap().iter().any(|item| item["code"] == "PROCESS_PAYMENT"));
    let mapping = json!({ "rules": [], "unmapped": "keep" });
    let saved = walk.ask(Method::PUT, &format!("{one}/mappings/GET_PAYMENT"), mapping, 200).await;
    assert_eq!(saved["version"], 1);
    assert_eq!(walk.get(&format!("{one}/mappings")).await["items"][0]["entity"], "GET_PAYMENT");
    let gone = walk.ask(Method::DELETE, &format!("{one}/disconnect"), Value::Null, 200).await;
    assert_eq!(gone["credential_hints"], json!({}));
    walk.ask(Method::DELETE, &one, Value::Null, 204).await;
    story.tenant.get(&one).await.expect_problem(404, "integration");
}

async fn of_links_and_calls(story: &Story, seen: &mut BTreeSet<String>) {
    let mut walk = Walk { client: &story.tenant, seen };
    let test = format!("/integrations/{}/test", story.integration);
    walk.ask(Method::POST, &test, json!({}), 200).await;
    let place = "/entities/customer/c-1/integrations";
    let link = json!({ "integration_id": story.integration, "purpose": "payments", "is_default": true });
    assert_eq!(walk.ask(Method::POST, place, link, 201).await["is_default"], true);
    assert_eq!(walk.get(place).await["items"][0]["integration"], json!(story.integration));
    let ask = json!({ "capability_code": "PROCESS_PAYMENT", "parameters": payment("asked for") });
    let path = format!("/integrations/{}/execute", story.integration);
    assert_eq!(walk.ask(Method::POST, &path, ask.clone(), 200).await["outcome"], "succeeded");
    let mut intent = ask;
    intent["entity"] = json!({ "type": "customer", "id": "c-1" });
    intent["purpose"] = json!("payments");
    assert_eq!(walk.ask(Method::POST, "/execute", intent, 200).await["outcome"], "succeeded");
    let one = format!("{place}/{}?purpose=payments", story.integration);
    walk.ask(Method::DELETE, &one, Value::Null, 204).await;
    assert_eq!(walk.get(place).await["items"], json!([]));
}

async fn of_subscriptions(story: &Story, seen: &mut BTreeSet<String>) {
    let mut walk = Walk { client: &story.tenant, seen };
    let new = |events: &str| json!({ "url": format!("{}/hooks", story.upstream.origin), "events": [events] });
    let made = walk.ask(Method::POST, "/subscriptions", new("sync.*"), 201).await;
    let one = format!("/subscriptions/{}", made["id"].as_str().unwrap());
    assert_eq!(walk.get("/subscriptions").await["items"][0]["id"], made["id"]);
    assert_eq!(walk.get(&one).await["events"], json!(["sync.*"]));
    assert_eq!(walk.ask(Method::PUT, &one, new("batch.*"), 200).await["events"], json!(["batch.*"]));
    walk.ask(Method::DELETE, &one, Value::Null, 204).await;
    story.tenant.get(&one).await.expect_problem(404, "subscription");
}

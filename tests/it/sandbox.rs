//! The server's own sandbox: a tenant without any account makes an integration there and tries
//! whatever a plugin can do. What it made is there to be read, refunded and listed, and is told of
//! by signed webhooks; what another made is not.

use gatehouse_runtime::Inspection;
use serde_json::{Value, json};

use crate::harness::artefacts::{plugin, root};
use crate::harness::client::Answer;
use crate::harness::story::{enable_plugin, new_tenant, upload_bytes};
use crate::harness::{Client, Server, eventually};

/// A server with a sandbox on an address of its own.
fn start(address: &str) -> Server {
    Server::start_with(&[("GATEHOUSE_SANDBOX__LISTEN", format!("{address}:8421"))])
}

async fn enabled(server: &Server, tenant: &Client, name: &str) -> Inspection {
    let component = std::fs::read(plugin(name)).unwrap();
    let inspection = Inspection::of(&component).unwrap();
    upload_bytes(server, component).await;
    enable_plugin(tenant, &inspection.manifest.id).await;
    inspection
}

async fn lent(tenant: &Client, provider: &str) -> Value {
    let ask = json!({ "provider": provider, "name": "To try", "environment": "sandbox" });
    tenant.post("/integrations", ask).await.expect(201)
}

async fn call(tenant: &Client, integration: &Value, capability: &str, parameters: Value) -> Answer {
    let path = format!("/integrations/{}/execute", integration["id"].as_str().unwrap());
    tenant.post(&path, json!({ "capability": capability, "parameters": parameters })).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_made_in_the_sandbox_is_there() {
    let server = start("127.84.0.1");
    let tenant = new_tenant(&server, "Acme").await;
    enabled(&server, &tenant, "stripe").await;
    let integration = lent(&tenant, "stripe").await;
    let tested = tenant.post(&format!("/integrations/{}/test", integration["id"].as_str().unwrap()), json!({})).await;
    let tested = tested.expect(200);
    assert_eq!((&tested["ok"], &tested["account"]["live"]), (&true.into(), &false.into()), "{tested}");

    let pay = |minor: i64| {
        json!({ "amount": { "minor_units": minor, "currency": "EUR" }, "payment_method": "pm_card", "capture": true,
            "description": "Zwei Karten", "reference": format!("order-{minor}") })
    };
    let mut made = Vec::new();
    for minor in [2_500, 7_000] {
        let done = call(&tenant, &integration, "PROCESS_PAYMENT", pay(minor)).await.expect(200);
        assert_eq!(done["result"]["amount"]["minor_units"], minor, "{done}");
        made.push(done["result"]["id"].as_str().unwrap().to_owned());
    }
    assert_ne!(made[0], made[1], "two payments have one id");
    for (id, minor) in made.iter().zip([2_500, 7_000]) {
        let read = call(&tenant, &integration, "GET_PAYMENT", json!({ "id": id })).await.expect(200);
        let result = &read["result"];
        assert_eq!((&result["id"], &result["amount"]["minor_units"]), (&json!(id), &json!(minor)), "{read}");
    }
    let part = json!({ "payment": made[0], "amount": { "minor_units": 1_200, "currency": "EUR" } });
    let refunded = call(&tenant, &integration, "REFUND_PAYMENT", part).await.expect(200);
    assert_eq!(refunded["result"]["amount"]["minor_units"], 1_200, "{refunded}");
    assert_eq!(refunded["result"]["payment"], json!(made[0]), "{refunded}");
    call(&tenant, &integration, "GET_PAYMENT", json!({ "id": "pi_3NobodyMadeThisOne00000" }))
        .await
        .expect_problem(422, "");

    let path = format!("/integrations/{}/events", integration["id"].as_str().unwrap());
    eventually("the event of a payment", async || {
        let events = tenant.get(&path).await.expect(200);
        events.to_string().contains(&made[1]).then_some(())
    })
    .await;
    let other = lent(&tenant, "stripe").await;
    call(&tenant, &other, "GET_PAYMENT", json!({ "id": made[1] })).await.expect_problem(422, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_integrations_and_own_credentials_stay_away_from_it() {
    let server = start("127.84.0.2");
    let tenant = new_tenant(&server, "Acme").await;
    enabled(&server, &tenant, "stripe").await;
    let live = json!({ "provider": "stripe", "name": "Live" });
    tenant.post("/integrations", live).await.expect_problem(422, "secret_key");
    let own = json!({ "provider": "stripe", "name": "Own", "environment": "sandbox",
        "credentials": { "secret_key": "sk_test_51OwnKeyOfThisTenant00" } });
    let own = tenant.post("/integrations", own).await.expect(201);
    assert_eq!(own["settings"], json!({}), "{own}");
    let without = Server::start(&[]);
    let tenant = new_tenant(&without, "Acme").await;
    enabled(&without, &tenant, "stripe").await;
    let ask = json!({ "provider": "stripe", "name": "To try", "environment": "sandbox" });
    tenant.post("/integrations", ask).await.expect_problem(422, "secret_key");
}

/// What can not be tried out of hand, with what is said then: the order of that example is without a payment in
/// the example of another capability. A payment that was made in the sandbox can be refunded.
const NEEDS_MORE: [(&str, &str); 1] = [("REFUND_PAYMENT", "no money was taken")];

/// Every gateway of the catalogue, each of its capabilities with the example of its fixtures.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_capability_can_be_tried() {
    let server = start("127.84.0.3");
    let tenant = new_tenant(&server, "Acme").await;
    let folders = std::fs::read_dir(root().join("plugins")).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = folders
        .filter(|folder| folder.join("plugin.toml").is_file())
        .map(|folder| folder.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let (mut tried, mut refused) = (0, Vec::new());
    for name in &names {
        let inspection = enabled(&server, &tenant, name).await;
        if inspection.manifest.helper {
            continue;
        }
        for capability in &inspection.capabilities {
            // What a capability before it cancelled could not be refunded.
            let integration = lent(&tenant, &inspection.manifest.provider).await;
            let fixtures = inspection.fixtures.as_ref().unwrap();
            let example = &fixtures[&capability.function]["example"];
            assert!(example.is_object(), "{name}: {} has no example", capability.function);
            let input = if example["input"].is_null() { json!({}) } else { example["input"].clone() };
            let answer = call(&tenant, &integration, &capability.code, input).await;
            tried += 1;
            let known = |(code, why): &(&str, &str)| {
                name == "paypal" && capability.code == *code && answer.body.to_string().contains(why)
            };
            if answer.status != 200 && !NEEDS_MORE.iter().any(known) {
                refused.push(format!("{name} {}: {} {}", capability.code, answer.status, answer.body));
            }
        }
    }
    assert!(refused.is_empty(), "{} of {tried} were refused:\n{}", refused.len(), refused.join("\n"));
    assert!(tried > 60, "only {tried} were tried");
}

/// A gateway whose every request does something has no test, and that is no fault of the integration.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_without_a_test_says_so() {
    let server = start("127.84.0.4");
    let tenant = new_tenant(&server, "Acme").await;
    enabled(&server, &tenant, "zapier").await;
    let integration = lent(&tenant, "zapier").await;
    let path = format!("/integrations/{}", integration["id"].as_str().unwrap());
    tenant.post(&format!("{path}/test"), json!({})).await.expect_problem(409, "has no connection test");
    assert_eq!(tenant.get(&path).await.expect(200)["status"], integration["status"]);
}

//! Providers and what operators say of their capabilities.

use serde_json::{Value, json};

use crate::harness::story::{create, payment};
use crate::harness::{Server, Story};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_can_be_declared_before_any_plugin_serves_it() {
    let server = Server::start(&[]);
    let operator = server.operator();
    let new = json!({
        "connection_code": "salesforce", "display_name": "Salesforce", "description": "Contacts and deals.",
        "logo_url": "https://example.com/logo.svg", "status": "beta",
    });
    let made = operator.post("/providers", new.clone()).await.expect(201);
    assert_eq!((&made["code"], &made["status"], &made["plugins"]), (&json!("salesforce"), &json!("beta"), &json!([])));
    operator.post("/providers", new.clone()).await.expect_problem(409, "salesforce");
    let check = async |change: fn(&mut Value), path: &str| {
        let mut wrong = new.clone();
        wrong["connection_code"] = json!("other");
        change(&mut wrong);
        operator.post("/providers", wrong).await.expect_problem(422, path);
    };
    check(|new| new["connection_code"] = json!("Sales Force"), "$.code").await;
    check(|new| new["display_name"] = json!(" "), "$.name").await;
    check(|new| new["logo_url"] = json!("http://example.com/logo.svg"), "$.logo_url").await;
    check(|new| new["status"] = json!("sleepy"), "$.status").await;
    check(|new| new["colour"] = json!("red"), "$.colour").await;

    let path = "/providers/salesforce";
    let changed = operator.put(path, json!({ "status": "deprecated" })).await.expect(200);
    assert_eq!((&changed["status"], &changed["display_name"]), (&json!("deprecated"), &json!("Salesforce")));
    for code in ["SYNC_CONTACTS", "SYNC_OPPORTUNITIES"] {
        let schema = json!({ "type": "object", "properties": { "since": { "type": "string" } } });
        let new = json!({ "capability_code": code, "description": "Reads.", "parameters_schema": schema });
        let made = operator.post(&format!("{path}/capabilities"), new).await.expect(201);
        assert_eq!((&made["capability"], &made["parameters_schema"]), (&json!(code), &schema));
    }
    let listed = operator.get(&format!("{path}/capabilities")).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    operator.delete(&format!("{path}/capabilities/SYNC_CONTACTS")).await.expect(204);
    operator.get(&format!("{path}/capabilities/SYNC_CONTACTS")).await.expect_problem(404, "SYNC_CONTACTS");
    operator.delete(&format!("{path}/capabilities/SYNC_CONTACTS")).await.expect_problem(404, "SYNC_CONTACTS");

    operator.delete(path).await.expect(204);
    operator.delete(path).await.expect_problem(404, "salesforce");
    assert_eq!(operator.get("/providers").await.expect(200)["items"], json!([]));
    assert!(operator.get(path).await.expect(200)["deleted_at"].is_string(), "it is deleted softly");
    let again = operator.post("/providers", new).await.expect(201);
    assert_eq!(again["deleted_at"], Value::Null);
    operator.get("/providers/nobody").await.expect_problem(404, "nobody");
    operator.put("/providers/nobody", json!({})).await.expect_problem(404, "nobody");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_deleted_is_not_offered_and_goes_on() {
    let story = Story::begin().await;
    let operator = story.server.operator();
    let listed = operator.get("/providers").await.expect(200);
    assert_eq!((&listed["items"][0]["code"], &listed["items"][0]["plugins"]), (&json!("stripe"), &json!(["stripe"])));
    operator.delete("/providers/stripe").await.expect(204);
    let new = json!({ "provider": "stripe", "name": "x", "credentials": {}, "settings": {} });
    story.tenant.post("/integrations", new).await.expect_problem(409, "no longer offered");
    story.execute("PROCESS_PAYMENT", payment("ok")).await.expect(200);
    story.tenant.delete("/providers/stripe").await.expect_problem(403, "providers:write");
    operator.post("/providers", json!({ "code": "stripe", "display_name": "Stripe again" })).await.expect(201);
    create(&story.tenant, &story.upstream.origin).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_takes_away_from_a_capability_and_never_adds() {
    let story = Story::begin().await;
    let operator = story.server.operator();
    let capabilities = "/providers/stripe/capabilities";
    let path = format!("{capabilities}/PROCESS_PAYMENT");
    let of_component = operator.get(&path).await.expect(200);
    let narrow = json!({ "properties": { "amount": { "properties": { "minor_units": { "maximum": 1000 } } } } });
    let wrong = json!({ "capability": "PROCESS_PAYMENT", "parameters_schema": { "type": "sleepy" } });
    operator.post(capabilities, wrong).await.expect_problem(422, "$.parameters_schema");
    let says = json!({ "capability": "PROCESS_PAYMENT", "description": "Small sums.", "parameters_schema": narrow });
    operator.post(capabilities, says).await.expect(201);
    let shown = story.tenant.get(&format!("/integrations/{}/capabilities", story.integration)).await.expect(200);
    let shown = shown["items"].as_array().unwrap();
    let shown = shown.iter().find(|one| one["code"] == "PROCESS_PAYMENT").unwrap();
    assert_eq!(shown["description"], "Small sums.");
    assert_eq!(shown["parameters_schema"]["allOf"], json!([of_component["parameters_schema"], narrow]));

    let refused = story.execute("PROCESS_PAYMENT", payment("ok")).await;
    refused.expect_problem(422, "$.parameters.amount.minor_units");
    let mut small = payment("ok");
    small["amount"]["minor_units"] = json!(1000);
    story.execute("PROCESS_PAYMENT", small.clone()).await.expect(200);
    assert_eq!(story.upstream.payments(), 1);

    operator.put(&path, json!({ "enabled": false })).await.expect(200);
    story.execute("PROCESS_PAYMENT", small.clone()).await.expect_problem(409, "switched off");
    let left = story.tenant.get(&format!("/integrations/{}/capabilities", story.integration)).await.expect(200);
    assert!(left["items"].as_array().unwrap().iter().all(|one| one["code"] != "PROCESS_PAYMENT"), "{left}");
    operator.put(&path, json!({ "enabled": true, "parameters_schema": {} })).await.expect(200);
    story.execute("PROCESS_PAYMENT", payment("ok")).await.expect(200);
    operator.delete(&path).await.expect(204);
    assert_eq!(operator.get(&path).await.expect(200), of_component, "the component's own word is left");
    let nothing = json!({ "capability": "process_payment" });
    operator.post(capabilities, nothing).await.expect_problem(422, "$.capability");
}

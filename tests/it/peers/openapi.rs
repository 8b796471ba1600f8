//! Every request that the gateway makes fits the provider's own OpenAPI document, as Prism
//! reads it. One request that must be refused shows that the check can fail.
//!
//! `CREATE_PAYMENT_LINK` is not among them: Prism does not read lists of objects in a form. The
//! gateway's own tests check that request against the document's schema.

use serde_json::{Value, json};

use super::{Peer, specs};
use crate::harness::canary::SECRET_KEY;
use crate::harness::story::{create, enable, new_tenant, upload};
use crate::harness::{Client, Server};

async fn execute(tenant: &Client, capability: &str, parameters: Value) -> Value {
    let ask = json!({ "capability": capability, "parameters": parameters });
    let answer = tenant.post("/integrations/stripe/execute", ask).await;
    let record = match answer.body["execution"].as_str() {
        Some(id) => tenant.get(&format!("/executions/{id}")).await.expect(200),
        None => panic!("{capability}: {:#}", answer.body),
    };
    record["calls"].clone()
}

/// Asks the mock by hand, without a field that the document requires.
async fn refused_without_currency(origin: &str) -> u16 {
    let http = crate::harness::client::http();
    let request = http.post(format!("{origin}/v1/payment_intents")).bearer_auth(SECRET_KEY);
    let request = request.header("content-type", "application/x-www-form-urlencoded").body("amount=1999");
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_fits_the_providers_document() {
    let Some(specs) = specs() else { return };
    let document = specs.join("stripe-unexpanded.json").display().to_string();
    let start = |port: u16| {
        let port = port.to_string();
        ["mock", "-h", "127.0.0.1", "-p", &port, &document].map(str::to_owned).to_vec()
    };
    let Some(prism) = Peer::start("prism", start).await else { return };
    assert_eq!(refused_without_currency(&prism.origin).await, 422, "the check does not check");

    let server = Server::start(std::slice::from_ref(&prism.origin));
    let tenant = new_tenant(&server, "Acme").await;
    upload(&server).await;
    enable(&tenant).await;
    create(&tenant, &prism.origin).await;
    let money = json!({ "minor_units": 1999, "currency": "EUR" });
    let cases = [
        (
            "PROCESS_PAYMENT",
            json!({
                "amount": money, "customer": "cus_1", "payment_method": "pm_1", "reference": "order-1",
                "description": "a book", "payer_email": "ada@example.com",
                "return_url": "https://shop.example/back", "capture": false, "metadata": [["a", "b"]],
            }),
        ),
        ("PROCESS_PAYMENT", json!({ "amount": money })),
        ("GET_PAYMENT", json!({ "id": "pi_1" })),
        ("CAPTURE_PAYMENT", json!({ "payment": "pi_1", "amount": money })),
        ("CANCEL_PAYMENT", json!({ "id": "pi_1" })),
        ("GET_REFUND", json!({ "id": "re_1" })),
        (
            "REFUND_PAYMENT",
            json!({ "payment": "pi_1", "amount": money, "reason": "duplicate", "reference": "refund-1" }),
        ),
        ("REFUND_PAYMENT", json!({ "payment": "pi_1" })),
        (
            "CREATE_CUSTOMER_PROFILE",
            json!({
                "name": "Ada", "email": "ada@example.com", "phone": "+4412345", "description": "first", "reference": "c-1",
                "metadata": [["a", "b"]],
            }),
        ),
        (
            "SYNC_TRANSACTIONS",
            json!({ "limit": 10, "cursor": "txn_1", "created_from_ms": 1, "created_until_ms": 2_000 }),
        ),
    ];
    for (capability, parameters) in cases {
        let calls = execute(&tenant, capability, parameters).await;
        assert!(!calls.as_array().unwrap().is_empty(), "{capability} asked nothing");
        for call in calls.as_array().unwrap() {
            assert_eq!(call["status"], 200, "{capability}: {call:#}");
        }
    }
    tenant.post("/integrations/stripe/test", json!({})).await.expect(200);
}

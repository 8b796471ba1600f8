//! The whole story against localstripe: a stateful server that checks what it is sent and
//! signs its webhooks as the provider does.

use serde_json::{Value, json};

use super::Peer;
use crate::harness::canary::{SECRET_KEY, WEBHOOK_SECRET};
use crate::harness::story::{create_with, enable, new_tenant, upload};
use crate::harness::{Client, Server, eventually};

/// A tenant whose integration talks to the peer.
struct Shop {
    server: Server,
    tenant: Client,
    webhook_url: String,
    peer: Peer,
    http: reqwest::Client,
}

impl Shop {
    async fn open() -> Option<Self> {
        let peer =
            Peer::start("localstripe", |port| vec!["--from-scratch".to_owned(), "--port".to_owned(), port.to_string()])
                .await?;
        let server = Server::start(std::slice::from_ref(&peer.origin));
        let tenant = new_tenant(&server, "Acme").await;
        upload(&server).await;
        enable(&tenant).await;
        // The peer speaks an older surface of the API, in which the kinds of methods are named.
        let settings = json!({ "base_url": peer.origin, "payment_method_types": ["card"] });
        let view = create_with(&tenant, settings).await;
        let webhook_url = view["webhook_url"].as_str().unwrap().to_owned();
        let http = crate::harness::client::http();
        Some(Self { server, tenant, webhook_url, peer, http })
    }

    async fn execute(&self, capability: &str, parameters: Value) -> crate::harness::client::Answer {
        let ask = json!({ "capability": capability, "parameters": parameters });
        self.tenant.post("/integrations/stripe/execute", ask).await
    }

    /// What only the peer's own API can do, such as making up a card.
    async fn ask_peer(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.http.post(format!("{}{path}", self.peer.origin)).bearer_auth(SECRET_KEY);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.text().await.unwrap());
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null)
    }

    async fn card(&self, number: &str, customer: &str) -> String {
        let card = [
            ("type", "card"),
            ("card[number]", number),
            ("card[exp_month]", "12"),
            ("card[exp_year]", "2040"),
            ("card[cvc]", "123"),
        ];
        let method = self.ask_peer("/v1/payment_methods", &card).await["id"].as_str().unwrap().to_owned();
        self.ask_peer(&format!("/v1/payment_methods/{method}/attach"), &[("customer", customer)]).await;
        method
    }

    async fn customer(&self) -> String {
        let ask = json!({ "name": "Ada Lovelace", "email": "ada@example.com", "reference": "customer-1" });
        let made = self.execute("CREATE_CUSTOMER_PROFILE", ask).await.expect(200);
        assert_eq!(made["result"]["email"], "ada@example.com");
        made["result"]["id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_is_charged_and_refunded() {
    let Some(shop) = Shop::open().await else { return };
    let customer = shop.customer().await;
    let card = shop.card("4242424242424242", &customer).await;
    let ask = json!({
        "amount": { "minor_units": 1999, "currency": "EUR" },
        "customer": customer, "payment_method": card, "reference": "order-1",
    });
    let paid = shop.execute("PROCESS_PAYMENT", ask).await.expect(200);
    let payment = paid["result"].clone();
    assert_eq!((&payment["status"], &payment["reference"]), (&json!("succeeded"), &json!("order-1")), "{payment:#}");

    let read = shop.execute("GET_PAYMENT", json!({ "id": payment["id"] })).await.expect(200);
    assert_eq!(read["result"]["amount"], payment["amount"]);
    assert_eq!(read["result"]["captured_minor_units"], 1999);

    let part = json!({ "payment": payment["id"], "amount": { "minor_units": 500, "currency": "EUR" } });
    let refund = shop.execute("REFUND_PAYMENT", part).await.expect(200);
    assert_eq!(refund["result"]["amount"]["minor_units"], 500);
    let page = shop.execute("SYNC_TRANSACTIONS", json!({ "limit": 10 })).await.expect(200);
    assert!(page["result"]["items"].is_array(), "{page:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_refusals_are_understood() {
    let Some(shop) = Shop::open().await else { return };
    let customer = shop.customer().await;
    let card = shop.card("4000000000000341", &customer).await;
    let ask =
        json!({ "amount": { "minor_units": 1999, "currency": "EUR" }, "customer": customer, "payment_method": card });
    let declined = shop.execute("PROCESS_PAYMENT", ask).await.expect_problem(402, "declined");
    assert_eq!(declined["error"]["kind"], "declined");
    let missing = shop.execute("GET_PAYMENT", json!({ "id": "pi_nothing" })).await;
    assert_eq!(missing.expect_problem(422, "not_found")["error"]["http_status"], 404);
    let ask = json!({ "amount": { "minor_units": 1999, "currency": "EUR" }, "customer": "cus_nobody" });
    shop.execute("PROCESS_PAYMENT", ask).await.expect_problem(422, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_signed_webhooks_become_events() {
    let Some(shop) = Shop::open().await else { return };
    let hook = [("url", shop.webhook_url.as_str()), ("secret", WEBHOOK_SECRET)];
    shop.ask_peer("/_config/webhooks/gatehouse", &hook).await;
    let customer = shop.customer().await;
    let found = eventually("the peer's event", async || {
        let list = shop.tenant.get("/integrations/stripe/events").await.expect(200);
        list["items"].as_array().unwrap().iter().find(|event| event["subject"] == customer.as_str()).cloned()
    })
    .await;
    assert_eq!(found["told"]["kind"], "customer.created");
    let deliveries = shop.tenant.get("/integrations/stripe/deliveries").await.expect(200);
    assert!(!deliveries.to_string().contains("quarantined"), "{deliveries:#}");
    assert!(!shop.server.output().contains(WEBHOOK_SECRET));
}

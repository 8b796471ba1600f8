//! The unknown-outcome ledger against a provider that loses answers: each payment has exactly
//! one effect or none, our records say which, and no kill changes that.

mod by_hand;
mod component;
mod kills;
mod payments;
mod replay;

use std::collections::BTreeMap;
use std::time::Duration;

use gatehouse_domain::manifest::{CapabilityRules, Idempotency};
use serde_json::{Value, json};

use crate::harness::faulty::Rules;
use crate::harness::story::{create_named, enable, new_tenant, payment, upload_bytes};
use crate::harness::{Client, Faulty, Server, artefacts};

/// How long a test waits for the last outcome.
const PATIENCE: Duration = Duration::from_secs(90);

/// A tenant with several integrations, so that many payments can run at once.
struct Shop {
    server: Server,
    provider: Faulty,
    tenant: Client,
    integrations: Vec<String>,
}

/// The rules that the gateway's manifest has for payments in a test.
fn rules(remembers_keys: bool) -> CapabilityRules {
    let idempotency = Idempotency::Header { name: "Idempotency-Key".to_owned() };
    CapabilityRules {
        idempotency: if remembers_keys { idempotency } else { Idempotency::None },
        window_hours: remembers_keys.then_some(24),
        // Longer than the provider may take to do what was sent.
        absent_after_seconds: Some(5),
        ..CapabilityRules::default()
    }
}

impl Shop {
    async fn open(provider: Faulty, payments: CapabilityRules) -> Self {
        let server = Server::start_with(&[
            ("GATEHOUSE_EGRESS__ALLOW", format!("[{:?}]", provider.origin)),
            ("GATEHOUSE_LIMITS__WALL_MS", "1500".to_owned()),
            ("GATEHOUSE_LIMITS__EGRESS_MS", "1000".to_owned()),
            ("GATEHOUSE_LEDGER__FIRST_RETRY_MS", "100".to_owned()),
            // Half of all calls fail on purpose: a breaker that held them back would leave nothing to find out.
            ("GATEHOUSE_RESILIENCE__FAILURES_IN_A_ROW", "100000".to_owned()),
            ("GATEHOUSE_RESILIENCE__FAILURE_CALLS", "100000".to_owned()),
            ("GATEHOUSE_RESILIENCE__PER_INTEGRATION", "64".to_owned()),
            ("GATEHOUSE_RESILIENCE__TRIES", "1".to_owned()),
            ("GATEHOUSE_LEDGER__MAX_RETRY_MS", "1000".to_owned()),
        ]);
        let tenant = new_tenant(&server, "Acme").await;
        let wasm = artefacts::plugin_with("stripe", |manifest| {
            manifest.capabilities.insert("PROCESS_PAYMENT".to_owned(), payments);
        });
        upload_bytes(&server, wasm).await;
        enable(&tenant).await;
        let mut integrations = Vec::new();
        for number in 1..=4 {
            let settings = json!({ "base_url": provider.origin });
            let view = create_named(&tenant, &format!("Till {number}"), settings).await;
            integrations.push(view["id"].as_str().unwrap().to_owned());
        }
        Self { server, provider, tenant, integrations }
    }

    /// Pays, again where the server had no place for it, and answers with the status; 0 where it was gone.
    async fn pay(&self, name: &str, till: usize) -> u16 {
        let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment(name) }).to_string().into_bytes();
        let path = format!("/integrations/{}/execute", self.integrations[till % self.integrations.len()]);
        let json = [("content-type", "application/json")];
        let end = std::time::Instant::now() + PATIENCE;
        loop {
            let answer = self.tenant.try_send(reqwest::Method::POST, &path, &json, ask.clone()).await;
            let Ok(answer) = answer else { return 0 };
            let turned_away = answer.body["type"] == "urn:gatehouse:problem:overloaded";
            if !turned_away || std::time::Instant::now() > end {
                return answer.status;
            }
        }
    }

    /// The executions of a list, by what the payment was called.
    async fn executions(&self, filter: &str) -> BTreeMap<String, Value> {
        let (mut found, mut cursor) = (BTreeMap::new(), String::new());
        loop {
            let page = self.tenant.get(&format!("/executions?limit=200{filter}{cursor}")).await.expect(200);
            for record in page["items"].as_array().unwrap() {
                let name = record["parameters"]["description"].as_str().unwrap().to_owned();
                assert!(found.insert(name, record.clone()).is_none(), "two records of one payment: {record:#}");
            }
            let Some(next) = page["next"].as_str() else { return found };
            cursor = format!("&cursor={next}");
        }
    }

    /// Waits until no outcome is unknown, and answers with every record.
    async fn settled(&self) -> BTreeMap<String, Value> {
        let end = std::time::Instant::now() + PATIENCE;
        loop {
            let open = self.executions("&outcome=unknown").await;
            let records = self.executions("").await;
            if open.is_empty() && records.values().all(|record| record["outcome"] != "running") {
                return records;
            }
            let first = open.values().next();
            assert!(std::time::Instant::now() < end, "{} outcomes are still unknown, such as {first:#?}", open.len());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Holds our records against the provider's books: what succeeded was done once and under the
    /// id that we tell, what failed was not done, and nothing was done that we do not know of.
    fn check(&self, records: &BTreeMap<String, Value>) {
        let mut effects = self.provider.books().effects();
        for (name, record) in records {
            let done = effects.remove(name).unwrap_or_default();
            match record["outcome"].as_str().unwrap() {
                "succeeded" => assert_eq!(done, [record["result"]["id"].as_str().unwrap()], "{record:#}"),
                "failed" => assert_eq!(done, Vec::<String>::new(), "{record:#}"),
                _ => panic!("{record:#}"),
            }
            assert!(record["unresolved"].is_null(), "{record:#}");
        }
        assert_eq!(effects, BTreeMap::new(), "done, and in no record");
    }
}

/// A provider without faults of its own.
fn flawless(remembers_keys: bool) -> Rules {
    Rules { seed: 0, faults: 0, remembers_keys }
}

fn count(records: &BTreeMap<String, Value>, path: &str, value: &str) -> usize {
    records.values().filter(|record| record.pointer(path).is_some_and(|found| found == value)).count()
}

//! What nobody but a person can tell: it stays unknown, is listed, and is settled once.

use gatehouse_domain::manifest::CapabilityRules;
use serde_json::{Value, json};

use super::{Shop, flawless, rules};
use crate::harness::faulty::Step;
use crate::harness::{Faulty, eventually};

impl Shop {
    /// A shop whose provider does not remember keys, and whose gateway's manifest does not say
    /// when an absence is to be believed.
    async fn in_the_dark() -> Self {
        Self::open(Faulty::start(flawless(false)).await, CapabilityRules::default()).await
    }

    /// Pays, acts while the provider is at `step`, and has the provider drop it there.
    async fn lose_at(&self, step: Step, name: &str, meanwhile: impl AsyncFn()) {
        self.provider.hold_at(step);
        let dropping = async {
            eventually("the payment at the step", async || (self.provider.held() == 1).then_some(())).await;
            meanwhile().await;
            self.provider.let_go(false);
        };
        assert_eq!(tokio::join!(self.pay(name, 0), dropping).0, 504);
    }

    async fn unknown(&self, name: &str) -> Value {
        self.executions("&outcome=unknown").await.remove(name).unwrap()
    }

    /// The record of an unknown payment after several attempts.
    async fn asked_often(&self, name: &str) -> Value {
        eventually("several attempts", async || {
            let record = self.unknown(name).await;
            (record["unresolved"]["attempts"].as_u64() > Some(3)).then_some(record)
        })
        .await
    }

    async fn decide(&self, record: &Value, says: Value) -> crate::harness::client::Answer {
        self.tenant.post(&format!("/executions/{}/resolve", record["id"].as_str().unwrap()), says).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absence_is_never_believed_where_the_manifest_does_not_say_when() {
    let shop = Shop::in_the_dark().await;
    shop.lose_at(Step::Read, "never arrived", async || ()).await;
    let record = shop.asked_often("never arrived").await;
    assert_eq!(record["unresolved"]["absences"], 0, "{record:#}");
    assert!(record["unresolved"]["last_note"].as_str().unwrap().contains("not be believed"), "{record:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_settles_it_once_and_for_all() {
    let shop = Shop::in_the_dark().await;
    shop.lose_at(Step::Read, "one", async || ()).await;
    shop.lose_at(Step::Read, "two", async || ()).await;

    let one = shop.unknown("one").await;
    let refuse = async |says: Value, path: &str| {
        let problem = shop.decide(&one, says).await.expect_problem(422, path);
        assert_eq!(problem["errors"][0]["path"], path, "{problem:#}");
    };
    refuse(json!({ "outcome": "unknown", "note": "x" }), "$.outcome").await;
    refuse(json!({ "outcome": "running", "note": "x" }), "$.outcome").await;
    refuse(json!({ "outcome": "failed", "note": "   " }), "$.note").await;
    refuse(json!({ "outcome": "failed", "note": "x".repeat(1_001) }), "$.note").await;
    refuse(json!({ "outcome": "failed", "note": "x", "result": {} }), "$.result").await;
    refuse(json!({ "outcome": "succeeded", "note": "x", "result": { "colour": 1 } }), "$.result.colour").await;

    let failed = shop.decide(&one, json!({ "outcome": "failed", "note": " not in the dashboard " })).await.expect(200);
    assert_eq!((&failed["outcome"], &failed["resolution"]["how"]), (&json!("failed"), &json!("manual")));
    assert_eq!(failed["resolution"]["note"], "not in the dashboard");
    assert!(failed["resolution"]["by"].as_str().unwrap().starts_with("key_") && failed["unresolved"].is_null());
    shop.decide(&one, json!({ "outcome": "succeeded", "note": "no" })).await.expect_problem(409, "not unknown");

    let two = shop.unknown("two").await;
    let result = json!({
        "id": "pi_9", "status": "succeeded", "amount": { "minor_units": 1999, "currency": "EUR" },
        "captured_minor_units": 1999, "created_at_ms": 1,
    });
    let says = json!({ "outcome": "succeeded", "note": "it is in the dashboard", "result": result });
    let done = shop.decide(&two, says).await.expect(200);
    assert_eq!(done["result"], result, "{done:#}");
    assert!(shop.executions("&outcome=unknown").await.is_empty());

    let audit = shop.tenant.get("/audit?limit=200").await.expect(200);
    let entries = audit["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == "execution.resolved");
    let targets: Vec<&Value> = entries.map(|entry| &entry["target"]).collect();
    assert!(targets.len() == 2 && targets.contains(&&one["id"]) && targets.contains(&&two["id"]), "{audit:#}");
    shop.tenant.get("/executions?outcome=failed").await.expect_problem(422, "outcome");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_account_is_never_asked_to_do_it_and_its_word_is_not_taken() {
    let shop = Shop::open(Faulty::start(flawless(true)).await, rules(true)).await;
    let path = format!("/integrations/{}", shop.integrations[0]);
    let other = json!({ "credentials": { "secret_key": "sk_test_000000000000000000000000" } });
    let exchange = async || drop(shop.tenant.put(&path, other.clone()).await.expect(200));
    shop.lose_at(Step::Done, "done", exchange).await;
    let record = shop.settled().await.remove("done").unwrap();
    // What is found under our reference is ours, whoever asks.
    assert_eq!((&record["outcome"], &record["resolution"]["how"]), (&json!("succeeded"), &json!("look_up")));

    shop.lose_at(Step::Read, "not done", exchange).await;
    let record = shop.asked_often("not done").await;
    assert_eq!((&record["unresolved"]["repeats"], &record["unresolved"]["absences"]), (&json!(0), &json!(0)));
    assert!(!shop.provider.books().effects().contains_key("not done"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parameters_that_held_a_secret_are_not_sent_again() {
    let shop = Shop::open(Faulty::start(flawless(true)).await, rules(true)).await;
    let name = format!("with {}", crate::harness::canary::SECRET_KEY);
    shop.lose_at(Step::Done, &name, async || ()).await;
    let record = shop.settled().await.remove("with [redacted]").unwrap();
    assert_eq!((&record["exact_parameters"], &record["resolution"]["how"]), (&json!(false), &json!("look_up")));
    assert_eq!(shop.provider.books().effects()[&name], [record["result"]["id"].as_str().unwrap()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_can_be_asked_about_any_more_waits_for_a_person() {
    let shop = Shop::in_the_dark().await;
    let path = format!("/integrations/{}", shop.integrations[0]);
    shop.lose_at(Step::Done, "orphan", async || drop(shop.tenant.delete(&path).await.expect(204))).await;
    let record = eventually("the end of asking", async || {
        let record = shop.unknown("orphan").await;
        record["unresolved"]["by_hand"].is_string().then_some(record)
    })
    .await;
    assert!(record["unresolved"]["by_hand"].as_str().unwrap().contains("was deleted"), "{record:#}");
    assert!(record["unresolved"]["next_attempt_at"].is_null());
    let feed = shop.tenant.get("/events?limit=200").await.expect(200);
    let told = |kind: &str| {
        feed["items"].as_array().unwrap().iter().any(|event| event["kind"] == kind && event["subject"] == record["id"])
    };
    assert!(told("execution.unknown") && told("execution.unresolved") && !told("execution.resolved"), "{feed:#}");
    let settled =
        shop.decide(&record, json!({ "outcome": "succeeded", "note": "seen in the dashboard" })).await.expect(200);
    assert_eq!(settled["result"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asking_again_with_the_callers_key_gives_the_outcome_that_was_found_out() {
    let shop = Shop::open(Faulty::start(flawless(true)).await, rules(true)).await;
    let path = format!("/integrations/{}/execute", shop.integrations[0]);
    let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": crate::harness::story::payment("keyed") });
    let pay = async || shop.tenant.post_with(&path, ask.clone(), &[("idempotency-key", "order-7")]).await;
    shop.provider.hold_at(Step::Done);
    let dropping = async {
        eventually("the payment", async || (shop.provider.held() == 1).then_some(())).await;
        shop.provider.let_go(false);
    };
    let (lost, ()) = tokio::join!(pay(), dropping);
    let lost = lost.expect_problem(504, "not known yet");
    let records = shop.settled().await;
    let found = pay().await.expect(200);
    assert_eq!((&found["execution"], &found["outcome"]), (&lost["execution"], &json!("succeeded")));
    shop.check(&records);
}

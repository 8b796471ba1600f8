//! Canaries: a broken version rolls itself back and costs no call, a good one takes over by itself,
//! and neither forgets where it was.

use serde_json::{Value, json};

use super::{PATH, Shop};
use crate::harness::eventually;
use crate::harness::story::payment;

/// More calls than a canary of any of the tests needs.
const ENOUGH: usize = 400;

impl Shop {
    async fn canary(&self) -> Value {
        self.tenant.get("/plugins/tenant/stripe/upgrade").await.expect(200)
    }

    async fn events(&self, kind: &str) -> Vec<Value> {
        let feed = self.tenant.get("/events?limit=200").await.expect(200);
        feed["items"].as_array().unwrap().iter().filter(|event| event["kind"] == kind).cloned().collect()
    }

    /// Takes payments until the canary is over, each of which has to succeed. Answers how many, and
    /// the versions that served.
    async fn pay_until_over(&self) -> (usize, Vec<String>) {
        let mut versions = Vec::new();
        for paid in 0..ENOUGH {
            if self.canary().await["state"] != "running" {
                return (paid, versions);
            }
            let execution = self.execution(&self.pay("a book").await).await;
            assert_eq!(execution["outcome"], "succeeded", "{execution:#}");
            versions.push(execution["plugin"]["version"].as_str().unwrap().to_owned());
        }
        panic!("the canary is not over after {ENOUGH} calls: {:#}", self.canary().await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_version_rolls_itself_back_and_costs_no_call() {
    let shop = Shop::open().await;
    shop.publish("1.1.0", Some(PATH)).await;
    let begun = shop.upgrade(json!({ "canary": { "percent": 50 } })).await.expect(200);
    assert_eq!((&begun["canary"]["state"], &begun["moved"]), (&json!("running"), &json!([])), "{begun:#}");
    assert_eq!(begun["canary"]["rules"], json!({ "percent": 50, "minutes": 10, "calls": 20, "max_error_rate": 0.05 }));
    assert_eq!(begun["install"]["plugin"]["version"], "1.0.0");
    let (paid, versions) = shop.pay_until_over().await;
    assert!(versions.iter().all(|version| version == "1.0.0"), "what failed there was made here: {versions:?}");
    assert_eq!(shop.upstream.payments(), paid, "each was made once");
    let over = shop.canary().await;
    assert_eq!(over["state"], "rolled_back");
    assert!(over["new"]["failures"].as_u64().unwrap() >= 3 && over["old"]["failures"] == 0, "{over:#}");
    assert!(over["reason"].as_str().unwrap().contains("calls failed on 1.1.0, against 0 of"), "{over:#}");
    assert_eq!(shop.version().await, "1.0.0");
    let told = shop.events("plugin.canary_rolled_back").await;
    assert_eq!((told.len(), &told[0]["data"]["reason"]), (1, &over["reason"]));
    let audit = shop.tenant.get("/audit?limit=200").await.expect(200).to_string();
    assert!(audit.contains("plugin.canary_started") && audit.contains("plugin.canary_rolled_back"));
    // It is over for good, and another may be begun.
    shop.tenant.post("/plugins/tenant/stripe/upgrade/abort", json!({})).await.expect_problem(409, "is over");
    shop.pay("a book").await;
    assert_eq!(shop.canary().await, over, "nothing is counted any more");
    shop.upgrade(json!({ "accept_differences": true, "canary": { "percent": 1 } })).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_version_takes_over_by_itself() {
    let shop = Shop::open().await;
    shop.publish("1.1.0", None).await;
    let rules = json!({ "percent": 50, "minutes": 0, "calls": 5 });
    shop.upgrade(json!({ "canary": rules })).await.expect(200);
    // A card that is declined says nothing of the version.
    for _ in 0..6 {
        let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("decline") });
        let answer = shop.call(ask).await.body;
        assert_eq!(answer["outcome"], "failed", "{answer:#}");
    }
    let (_, versions) = shop.pay_until_over().await;
    let over = shop.canary().await;
    assert_eq!((&over["state"], &over["new"]["failures"]), (&json!("promoted"), &json!(0)), "{over:#}");
    assert!(over["new"]["calls"].as_u64().unwrap() >= 5 && versions.len() <= ENOUGH);
    assert_eq!(shop.version().await, "1.1.0");
    for kind in ["plugin.canary_started", "plugin.canary_promoted", "plugin.upgraded"] {
        assert_eq!(shop.events(kind).await.len(), 1, "{kind}");
    }
    let back = shop.tenant.post("/plugins/tenant/stripe/rollback", json!({})).await.expect(200);
    assert_eq!(back["to"]["version"], "1.0.0", "it is undone as any upgrade is");
    assert_eq!(shop.tenant.get("/audit/verify").await.expect(200)["broken"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_canary_outlives_a_crash_and_is_ended_by_hand() {
    let mut shop = Shop::open().await;
    shop.publish("1.1.0", None).await;
    shop.upgrade(json!({ "canary": { "percent": 100, "minutes": 60, "calls": 2 } })).await.expect(200);
    let served = shop.execution(&shop.pay("a book").await).await;
    assert_eq!(served["plugin"]["version"], "1.1.0");
    // The same key is the same version, and the same execution.
    shop.server = shop.server.stop_and_restart();
    shop.tenant = shop.tenant.moved_to(&shop.server);
    assert_eq!(shop.canary().await["state"], "running");
    eventually("the version to serve again", async || {
        let served = shop.execution(&shop.pay("a book").await).await;
        (served["plugin"]["version"] == "1.1.0").then_some(())
    })
    .await;
    shop.upgrade(json!({})).await.expect_problem(409, "a canary of stripe@1.1.0 is under way");
    shop.tenant.post("/plugins/tenant/stripe/rollback", json!({})).await.expect_problem(409, "is under way");
    let over = shop.tenant.post("/plugins/tenant/stripe/upgrade/abort", json!({})).await.expect(200);
    assert_eq!((&over["state"], &over["reason"]), (&json!("aborted"), &json!("a person ended it")));
    let served = shop.execution(&shop.pay("a book").await).await;
    assert_eq!(served["plugin"]["version"], "1.0.0");

    shop.upgrade(json!({ "canary": { "percent": 1, "minutes": 60 } })).await.expect(200);
    let over = shop.tenant.post("/plugins/tenant/stripe/upgrade/promote", json!({})).await.expect(200);
    assert_eq!((&over["state"], shop.version().await.as_str()), (&json!("promoted"), "1.1.0"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_canary_that_is_killed_forgets_no_failure_and_is_not_promoted() {
    let mut shop = Shop::open().await;
    shop.publish("1.1.0", Some(PATH)).await;
    // Five failures in a row show it to be worse, and four do not; without them it would be good enough.
    let rules = json!({ "percent": 100, "minutes": 0, "calls": 1, "max_error_rate": 0.6 });
    shop.upgrade(json!({ "canary": rules })).await.expect(200);
    for failures in [2, 4] {
        shop.pay("a book").await;
        shop.pay("a book").await;
        // At once: what was answered is counted on the disk.
        shop.server = shop.server.kill_and_restart();
        shop.tenant = shop.tenant.moved_to(&shop.server);
        let kept = shop.canary().await;
        let counts = json!({ "calls": failures, "failures": failures });
        assert_eq!((&kept["state"], &kept["new"]), (&json!("running"), &counts), "{kept:#}");
    }
    shop.pay("a book").await;
    let is_over = async || Some(shop.canary().await).filter(|canary| canary["state"] != "running");
    let over = eventually("the end of the canary", is_over).await;
    let counts = json!({ "calls": 5, "failures": 5 });
    assert_eq!((&over["state"], &over["new"]), (&json!("rolled_back"), &counts), "{over:#}");
    assert_eq!((shop.version().await.as_str(), shop.upstream.payments()), ("1.0.0", 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_canary_is_asked_for_within_its_bounds_and_needs_what_an_upgrade_needs() {
    let shop = Shop::open().await;
    shop.tenant.get("/plugins/tenant/stripe/upgrade").await.expect_problem(404, "there is no canary");
    shop.recorded("a book").await;
    let ask = async |canary: Value| shop.upgrade(json!({ "canary": canary })).await;
    ask(json!({ "percent": 10 })).await.expect_problem(409, "no integration would go to stripe@1.0.0");
    shop.publish("1.1.0", Some(PATH)).await;
    ask(json!({ "percent": 0 })).await.expect_problem(422, "can not be run so");
    ask(json!({ "percent": 10, "hours": 1 })).await.expect_problem(422, "hours");
    ask(json!({ "percent": 10 })).await.expect_problem(409, "accept_differences");
    shop.tenant.get("/plugins/tenant/stripe/upgrade").await.expect_problem(404, "there is no canary");
}

//! Batches: every call has one result, whatever fails and whenever the server dies.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{sent, told};
use crate::harness::story::{new_tenant, payment};
use crate::harness::{Client, Story, eventually};

/// How long a batch may take, on a machine that is busy with much else.
const PATIENCE: Duration = Duration::from_secs(90);

/// A batch once it has ended.
async fn finished(client: &Client, batch: &Value) -> Value {
    let path = format!("/batches/{}", batch["id"].as_str().unwrap());
    let end = Instant::now() + PATIENCE;
    loop {
        let batch = client.get(&path).await.expect(200);
        if !batch["finished_at"].is_null() {
            return batch;
        }
        assert!(Instant::now() < end, "it does not end: {batch:#}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// All calls of a batch, read a page at a time.
async fn lines(client: &Client, batch: &Value) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/batches/{}/items?limit=70{cursor}", batch["id"].as_str().unwrap());
        let page = client.get(&path).await.expect(200);
        found.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { return found };
        cursor = format!("&cursor={next}");
    }
}

impl Story {
    fn line(&self, wish: &str) -> Value {
        json!({
            "capability": "PROCESS_PAYMENT", "integration": self.integration, "parameters": payment(wish),
            "reference": wish,
        })
    }

    async fn batch(&self, wishes: &[&str], more: Value) -> Value {
        let items: Vec<Value> = wishes.iter().map(|wish| self.line(wish)).collect();
        let mut batch = json!({ "items": items });
        batch.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.tenant.post("/batches", batch).await.expect(202)
    }
}

/// Half of a batch of 300 goes wrong in some way, the provider is down for a while, and the server
/// is killed twice in the middle. Each call has one record, and the provider has done exactly what
/// the records say.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_of_three_hundred_outlives_trouble_and_kills() {
    let settings = [
        ("GATEHOUSE_RESILIENCE__FAILURES_IN_A_ROW", "100000"),
        ("GATEHOUSE_RESILIENCE__FAILURE_CALLS", "100000"),
        ("GATEHOUSE_LEDGER__FIRST_RETRY_MS", "100"),
        ("GATEHOUSE_LEDGER__MAX_RETRY_MS", "500"),
        ("GATEHOUSE_RESILIENCE__PER_INTEGRATION", "16"),
    ];
    let mut story = Story::begin_with(&settings).await;
    let wish = |number: usize| match number % 10 {
        3 => "decline".to_owned(),
        7 => "lose".to_owned(),
        _ => format!("line-{number}"),
    };
    let mut items: Vec<Value> = (0..300).map(|number| story.line(&wish(number))).collect();
    items.iter_mut().enumerate().for_each(|(number, item)| item["reference"] = json!(number.to_string()));
    let batch = story.tenant.post("/batches", json!({ "items": items })).await.expect(202);
    assert_eq!((&batch["total"], &batch["counts"]["queued"]), (&json!(300), &json!(300)));
    for at in [60, 160] {
        let far = async || (story.upstream.requests().len() > at).then_some(());
        eventually("a part of the batch", far).await;
        story.upstream.be_in_trouble(503, &[], 8);
        story = story.restarted();
    }
    let batch = finished(&story.tenant, &batch).await;
    // What a kill cut off is found out; what the provider never answers stays unknown.
    let known = async || {
        let lines = lines(&story.tenant, &batch).await;
        let open = lines.iter().enumerate().filter(|(_, line)| line["outcome"] == "unknown");
        let (mut done, mut only_lost) = (lines.iter().filter(|line| line["outcome"] == "succeeded").count(), true);
        for (number, _) in open {
            done += 1;
            only_lost &= wish(number) == "lose";
        }
        (only_lost && done == story.upstream.payments()).then_some(lines)
    };
    let lines = eventually("the outcomes that can be found out", known).await;
    let batch = story.tenant.get(&format!("/batches/{}", batch["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(lines.len(), 300);
    let mut outcomes = BTreeMap::<String, usize>::new();
    for (number, line) in lines.iter().enumerate() {
        assert_eq!((&line["index"], &line["reference"]), (&json!(number), &json!(number.to_string())));
        let outcome = line["outcome"].as_str().unwrap();
        *outcomes.entry(outcome.to_owned()).or_default() += 1;
        let wish = wish(number);
        match outcome {
            "succeeded" => assert!(wish.starts_with("line"), "{line:#}"),
            "unknown" => assert_eq!(wish, "lose", "{line:#}"),
            "failed" if wish == "decline" => assert_eq!(line["error"]["kind"], "declined", "{line:#}"),
            // The provider was down each time it was asked.
            "failed" => assert_eq!(line["error"]["kind"], "unavailable", "{line:#}"),
            _ => panic!("{line:#}"),
        }
    }
    println!("{outcomes:?}");
    for (outcome, count) in &outcomes {
        assert_eq!(batch["counts"][outcome], *count, "{batch:#}");
    }
    for kind in ["succeeded", "failed", "unknown"] {
        assert!(outcomes.contains_key(kind), "none is {kind}: {outcomes:?}");
    }
    let records = story.tenant.get("/executions?limit=200").await.expect(200);
    assert!(records["next"].is_string());
    let told = told(&story.tenant, "batch.finished").await;
    assert_eq!((told.len(), &told[0]["subject"]), (1, &batch["id"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sequential_batch_keeps_its_order_and_stops_where_it_is_told_to() {
    let story = Story::begin().await;
    let wishes = ["a", "b", "decline", "c", "d"];
    let batch = story.batch(&wishes, json!({ "mode": "sequential", "stop_on_error": true })).await;
    let batch = finished(&story.tenant, &batch).await;
    let counts = json!({ "queued": 0, "running": 0, "succeeded": 2, "failed": 1, "unknown": 0, "cancelled": 2 });
    assert_eq!(batch["counts"], counts);
    let outcomes: Vec<Value> = lines(&story.tenant, &batch).await.iter().map(|line| line["outcome"].clone()).collect();
    assert_eq!(outcomes, ["succeeded", "succeeded", "failed", "cancelled", "cancelled"]);
    let batch = story.batch(&["e", "decline", "f", "g"], json!({ "mode": "sequential" })).await;
    let batch = finished(&story.tenant, &batch).await;
    assert_eq!((&batch["counts"]["succeeded"], &batch["counts"]["failed"]), (&json!(3), &json!(1)));
    let paid: Vec<String> = story
        .upstream
        .requests()
        .iter()
        .filter_map(|seen| seen.body.split("description=").nth(1)?.split('&').next().map(str::to_owned))
        .collect();
    assert_eq!(paid, ["a", "b", "decline", "e", "decline", "f", "g"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_is_taken_back_begins_nothing_more() {
    let story = Story::begin().await;
    let wishes: Vec<String> = (0..200).map(|number| format!("back-{number}")).collect();
    let wishes: Vec<&str> = wishes.iter().map(String::as_str).collect();
    let batch = story.batch(&wishes, json!({})).await;
    let path = format!("/batches/{}/cancel", batch["id"].as_str().unwrap());
    let other = new_tenant(&story.server, "Other").await;
    other.post(&path, json!({})).await.expect_problem(404, "no batch");
    let cancelled = story.tenant.post(&path, json!({})).await.expect(200);
    assert!(cancelled["cancelled_at"].is_string());
    let sent_by_then = story.upstream.requests().len();
    let batch = finished(&story.tenant, &batch).await;
    // Those that were under way may still have arrived.
    assert!(story.upstream.requests().len() <= sent_by_then + 8);
    let lines = lines(&story.tenant, &batch).await;
    let of = |outcome: &str| lines.iter().filter(|line| line["outcome"] == outcome).count();
    assert!(of("cancelled") > 100, "{:#}", batch["counts"]);
    assert_eq!(of("cancelled") + of("succeeded") + of("unknown"), 200);
    for line in lines.iter().filter(|line| line["outcome"] == "cancelled") {
        assert_eq!(sent(&story, line["reference"].as_str().unwrap()), 0, "{line:#}");
    }
    story.tenant.post(&path, json!({})).await.expect(200);
    let told = told(&story.tenant, "batch.finished").await;
    assert_eq!((told.len(), &told[0]["data"]["cancelled"]), (1, &json!(true)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_does_not_fit_is_refused_whole() {
    let story = Story::begin().await;
    let check = async |batch: Value, status: u16, text: &str| {
        story.tenant.post("/batches", batch).await.expect_problem(status, text);
    };
    check(json!({ "items": [] }), 422, "1 to 1000").await;
    let many: Vec<Value> = (0..1_001).map(|_| json!({ "capability": "X" })).collect();
    check(json!({ "items": many }), 422, "1 to 1000").await;
    check(json!({ "items": [{ "capability": "" }] }), 422, "$.items[0].capability").await;
    check(json!({ "items": [{ "capability": "X" }], "mode": "backwards" }), 422, "$.mode").await;
    check(json!({ "items": [{ "capability": "X", "colour": "red" }] }), 422, "$.items[0]").await;
    check(json!({ "items": [{ "capability": "X", "reference": "r".repeat(256) }] }), 422, "$.items[0].reference").await;
    check(json!({ "items": [{ "capability": "X", "integration": "nobody" }] }), 404, "nobody").await;
    let mut wrong = story.line("x");
    wrong["parameters"]["amount"]["minor_units"] = json!("12");
    check(json!({ "items": [story.line("y"), wrong] }), 422, "$.items[1].parameters.amount.minor_units").await;
    let entity = json!({ "capability": "X", "entity": { "type": "", "id": "1" } });
    check(json!({ "items": [entity] }), 422, "$.items[0].entity_type").await;
    assert_eq!(story.tenant.get("/batches").await.expect(200)["items"], json!([]));
    assert_eq!(story.upstream.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restricted_key_reaches_no_further_in_a_batch() {
    let story = Story::begin().await;
    let key = json!({ "name": "reads", "role": "tenant-owner", "capabilities": ["GET_PAYMENT"] });
    let made = story.tenant.post("/keys", key).await.expect(201);
    let narrow = story.server.client().with_key(made["token"].as_str().unwrap());
    let batch = json!({ "items": [story.line("x")] });
    narrow.post("/batches", batch).await.expect_problem(403, "GET_PAYMENT");
    let wide = story.batch(&["y"], json!({})).await;
    let wide = finished(&story.tenant, &wide).await;
    narrow.get(&format!("/batches/{}", wide["id"].as_str().unwrap())).await.expect_problem(404, "no batch");
    assert_eq!(narrow.get("/batches").await.expect(200)["items"], json!([]));
    let read =
        json!({ "capability": "GET_PAYMENT", "integration": story.integration, "parameters": { "id": "pi_0001" } });
    let own = narrow.post("/batches", json!({ "items": [read] })).await.expect(202);
    assert_eq!(finished(&narrow, &own).await["counts"]["succeeded"], 1);
    // Chosen at the moment of the call, where nobody was named: nothing says who shall serve it.
    let chosen = json!({ "capability": "GET_PAYMENT", "parameters": { "id": "pi_0001" } });
    let chosen = story.tenant.post("/batches", json!({ "items": [chosen] })).await.expect(202);
    let chosen = finished(&story.tenant, &chosen).await;
    let line = &lines(&story.tenant, &chosen).await[0];
    assert_eq!(line["outcome"], "failed");
    assert!(line["refused"]["message"].as_str().unwrap().contains("nothing says who shall serve"), "{line:#}");
}

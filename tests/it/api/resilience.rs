//! A provider that fails is left alone, asked again where that does no harm, and found again
//! when it is well. Its integration's status says so all the while.

use serde_json::{Value, json};

use crate::harness::story::payment;
use crate::harness::{Story, eventually};
use crate::observe::metrics::scrape;

/// A circuit that opens and closes fast.
const QUICK: &[(&str, &str)] = &[
    ("GATEHOUSE_RESILIENCE__FAILURES_IN_A_ROW", "3"),
    ("GATEHOUSE_RESILIENCE__OPEN_MS", "200"),
    ("GATEHOUSE_RESILIENCE__OPEN_MAX_MS", "200"),
    ("GATEHOUSE_RESILIENCE__TRIES", "1"),
];

async fn get_payment(story: &Story) -> crate::harness::client::Answer {
    story.execute("GET_PAYMENT", json!({ "id": "pi_0001" })).await
}

async fn status(story: &Story) -> Value {
    story.tenant.get(&format!("/integrations/{}/status", story.integration)).await.expect(200)
}

async fn record(story: &Story, execution: &Value) -> Value {
    story.tenant.get(&format!("/executions/{}", execution.as_str().unwrap())).await.expect(200)
}

/// The kinds of our own events so far.
async fn events(story: &Story) -> Vec<String> {
    let feed = story.tenant.get("/events").await.expect(200);
    feed["items"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_circuit_opens_is_shown_and_closes_when_the_provider_is_well() {
    let story = Story::begin_with(QUICK).await;
    story.execute("PROCESS_PAYMENT", payment("a book")).await.expect(200);
    story.tenant.post(&format!("/integrations/{}/test", story.integration), json!({})).await.expect(200);
    let well = status(&story).await;
    assert_eq!((&well["circuit"]["state"], &well["status"]), (&json!("closed"), &json!("active")), "{well:#}");
    assert_eq!((&well["blocked"], &well["allowed"]), (&Value::Null, &json!(4)));

    story.upstream.be_in_trouble(503, &[], usize::MAX);
    for _ in 0..3 {
        get_payment(&story).await.expect_problem(503, "provider-unavailable");
    }
    let asked = story.upstream.requests().len();
    let refused = eventually("a refusal by the open circuit", async || {
        let answer = get_payment(&story).await;
        (answer.body["type"] == "urn:gatehouse:problem:circuit-open").then_some(answer)
    });
    let refused = refused.await;
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert_eq!(wait, 1, "200 ms are rounded up to a second");
    let problem = refused.expect_problem(503, "left alone");
    assert!(problem["execution"].is_null(), "nothing was begun: {problem:#}");
    // Between two openings probes may have asked; in all it was hardly asked any more.
    assert!(story.upstream.requests().len() <= asked + 3, "{asked}");

    let ill = status(&story).await;
    assert_eq!(ill["status"], "degraded", "{ill:#}");
    assert!(matches!(ill["circuit"]["state"].as_str(), Some("open" | "half_open")), "{ill:#}");
    let text = scrape(&story.server).await;
    let provider = |name: &str| text.lines().any(|line| line.starts_with(name) && line.contains("provider=\"stripe\""));
    assert!(provider("gatehouse_circuits_not_closed{"), "{text}");
    assert!(provider("gatehouse_circuit_transitions_total{"), "{text}");
    assert_eq!(ill["last_failure"]["what"], "GET: status 503");
    assert!(ill["health"]["last_error"].as_str().unwrap().contains("fails too often"), "{ill:#}");
    assert_eq!(events(&story).await.last().map(String::as_str), Some("integration.degraded"));

    story.upstream.recover();
    eventually("the circuit closing", async || {
        get_payment(&story).await;
        (status(&story).await["circuit"]["state"] == "closed").then_some(())
    })
    .await;
    get_payment(&story).await.expect(200);
    let again = status(&story).await;
    assert_eq!((&again["status"], &again["blocked"]), (&json!("active"), &Value::Null), "{again:#}");
    let told = events(&story).await;
    assert_eq!(told.iter().filter(|kind| *kind == "integration.degraded").count(), 1, "{told:?}");
    assert_eq!(told.last().map(String::as_str), Some("integration.recovered"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_does_not_outlive_the_circuit_that_a_restart_forgot() {
    let mut story = Story::begin_with(&[QUICK, &[("GATEHOUSE_RESILIENCE__OPEN_MAX_MS", "3600000")]].concat()).await;
    story.execute("PROCESS_PAYMENT", payment("a book")).await.expect(200);
    story.tenant.post(&format!("/integrations/{}/test", story.integration), json!({})).await.expect(200);
    story.upstream.be_in_trouble(500, &[], usize::MAX);
    for _ in 0..3 {
        get_payment(&story).await;
    }
    assert_eq!(status(&story).await["status"], "degraded");
    story.upstream.recover();
    story.server = story.server.kill_and_restart();
    story.tenant = story.tenant.moved_to(&story.server);
    assert_eq!(status(&story).await["status"], "degraded");
    get_payment(&story).await.expect(200);
    assert_eq!(status(&story).await["status"], "active");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_made_again_where_nothing_was_done_and_only_there() {
    let story = Story::begin().await;
    story.execute("PROCESS_PAYMENT", payment("a book")).await.expect(200);
    let check = async |status: u16, times: usize, capability: &str, expect: (u16, u64)| {
        story.upstream.be_in_trouble(status, &[], times);
        let parameters =
            if capability == "GET_PAYMENT" { json!({ "id": "pi_0001" }) } else { payment("made once more") };
        let answer = story.execute(capability, parameters).await;
        story.upstream.recover();
        let record = record(&story, &answer.body["execution"]).await;
        let tries = record["tries"].as_u64().unwrap();
        assert_eq!((answer.status, tries), expect, "{capability} after {times} times {status}: {record:#}");
        assert_eq!(record["calls"].as_array().unwrap().len() as u64, tries);
        record
    };
    check(503, 2, "GET_PAYMENT", (200, 3)).await;
    check(502, 1, "GET_PAYMENT", (200, 2)).await;
    check(503, 9, "GET_PAYMENT", (503, 3)).await;
    check(500, 1, "GET_PAYMENT", (503, 1)).await;
    check(404, 1, "GET_PAYMENT", (422, 1)).await;

    let made = story.upstream.payments();
    let paid = check(429, 1, "PROCESS_PAYMENT", (200, 2)).await;
    assert_eq!(story.upstream.payments(), made + 1);
    assert_eq!((&paid["calls"][0]["status"], &paid["calls"][1]["status"]), (&json!(429), &json!(200)));
    let seen = story.upstream.requests();
    let [.., first, second] = seen.as_slice() else { panic!("two requests") };
    assert_eq!(first.headers["idempotency-key"], second.headers["idempotency-key"]);
    for status in [500, 502, 503, 504] {
        let record = check(status, 1, "PROCESS_PAYMENT", (504, 1)).await;
        assert_eq!(record["outcome"], "unknown", "a write that was answered with {status} may have happened");
    }
    check(402, 1, "PROCESS_PAYMENT", (402, 1)).await;
    assert_eq!(story.upstream.payments(), made + 1);
    let retries = status(&story).await["retries"].clone();
    assert_eq!((&retries["used"], &retries["allowed"]), (&json!(6), &json!(102)), "{retries:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retry_after_parks_the_integration_over_a_restart() {
    let mut story = Story::begin_with(&[("GATEHOUSE_LOG__LEVEL", "debug")]).await;
    story.upstream.be_in_trouble(429, &[("retry-after", "900")], 1);
    let limited =
        story.execute("PROCESS_PAYMENT", payment("a book")).await.expect_problem(429, "provider-rate-limited");
    let record = record(&story, &limited["execution"]).await;
    assert_eq!(record["tries"], 1, "the pause would be longer than the request");
    assert_eq!(record["calls"][0]["rate"]["retry_after_ms"], 900_000);
    eventually("keeping the budget", async || story.server.output().contains("rate budgets were kept").then_some(()))
        .await;
    for restarted in [false, true] {
        if restarted {
            story.server = story.server.kill_and_restart();
            story.tenant = story.tenant.moved_to(&story.server);
        }
        let asked = story.upstream.requests().len();
        let refused = story.execute("PROCESS_PAYMENT", payment("a book")).await;
        let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=900).contains(&wait), "{wait}");
        let problem = refused.expect_problem(429, "takes no more requests");
        assert_eq!(problem["type"], "urn:gatehouse:problem:rate-limited");
        assert_eq!(story.upstream.requests().len(), asked, "it was not asked");
        let status = status(&story).await;
        assert_eq!(status["blocked"], "rate_limited", "{status:#}");
        assert!(status["parked_until"].is_string(), "{status:#}");
    }
    // Another credential may be another account.
    let path = format!("/integrations/{}", story.integration);
    let credentials = json!({ "credentials": { "secret_key": crate::harness::canary::SECRET_KEY } });
    story.tenant.put(&path, credentials).await.expect(200);
    story.execute("PROCESS_PAYMENT", payment("a book")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_beyond_the_places_are_turned_away_after_their_wait() {
    let settings = [("GATEHOUSE_RESILIENCE__PER_INTEGRATION", "1"), ("GATEHOUSE_RESILIENCE__WAIT_MS", "50")];
    let story = Story::begin_with(&settings).await;
    let path = format!("/integrations/{}/execute", story.integration);
    let ask = |wish: &str| json!({ "capability": "PROCESS_PAYMENT", "parameters": payment(wish) });
    let slow = story.tenant.post_with(&path, ask("slow"), &[("gatehouse-timeout-ms", "1500")]);
    let others = async {
        eventually("the slow call", async || (!story.upstream.requests().is_empty()).then_some(())).await;
        assert_eq!(status(&story).await["blocked"], "full");
        let refused = story.tenant.post(&path, ask("a book")).await;
        assert_eq!(refused.headers["retry-after"], "1");
        let problem = refused.expect_problem(503, "as many calls run as may");
        assert_eq!(problem["type"], "urn:gatehouse:problem:overloaded");
    };
    let (slow, ()) = futures_util::future::join(slow, others).await;
    // The caller's time was over long before the provider's; the write may still happen.
    let lost = slow.expect_problem(504, "unknown");
    assert_eq!(lost["outcome"], "unknown", "{lost:#}");
    story.tenant.post(&path, ask("a book")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timeout_has_to_be_one() {
    let story = Story::begin().await;
    let path = format!("/integrations/{}/execute", story.integration);
    let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("a book") });
    let refused = [
        ("soon", "`soon` is not a number"),
        ("-1", "`-1`"),
        ("0", "too short"),
        ("199", "too short"),
        ("600001", "600001 is too long for a call; send 200 to 600000"),
        ("99999999999999999999", "is not a number"),
    ];
    for (value, expect) in refused {
        let answer = story.tenant.post_with(&path, ask.clone(), &[("gatehouse-timeout-ms", value)]).await;
        let problem = answer.expect_problem(422, expect);
        assert_eq!(problem["errors"][0]["path"], "Gatehouse-Timeout-Ms", "{problem:#}");
    }
    assert_eq!(story.upstream.requests().len(), 0);
    // Longer than a call may take on this server: it takes no longer.
    for value in ["5000", "600000"] {
        story.tenant.post_with(&path, ask.clone(), &[("gatehouse-timeout-ms", value)]).await.expect(200);
    }
}

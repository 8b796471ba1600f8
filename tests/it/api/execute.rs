//! Calls of capabilities: what comes back, what is recorded, and what never leaves.

use serde_json::{Value, json};

use crate::harness::story::payment;
use crate::harness::{Story, canary};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_runs_in_the_gateway_and_is_recorded() {
    let story = Story::begin().await;
    let done = story.execute("PROCESS_PAYMENT", payment("a book")).await.expect(200);
    assert_eq!(done["outcome"], "succeeded");
    assert_eq!(done["result"]["status"], "succeeded");
    assert_eq!(done["result"]["amount"], json!({ "minor_units": 1999, "currency": "EUR" }));

    let seen = story.upstream.requests();
    let sent = seen.last().unwrap();
    assert_eq!((sent.method.as_str(), sent.path.as_str()), ("POST", "/v1/payment_intents"));
    assert_eq!(sent.headers["authorization"], format!("Bearer {}", canary::SECRET_KEY));
    assert!(sent.headers.contains_key("idempotency-key") && sent.headers.contains_key("stripe-version"));
    assert!(sent.body.contains("amount=1999") && sent.body.contains("currency=eur"), "{}", sent.body);

    let path = format!("/executions/{}", done["execution"].as_str().unwrap());
    let record = story.tenant.get(&path).await.expect(200);
    assert_eq!(record["capability"], "PROCESS_PAYMENT");
    assert_eq!(record["plugin"]["id"], "stripe");
    assert_eq!(record["result"], done["result"]);
    assert_eq!(record["calls"][0]["method"], "POST");
    assert_eq!(record["calls"][0]["status"], 200);
    for part in ["actor", "request", "cost", "duration_us", "started_at", "finished_at"] {
        assert!(!record[part].is_null(), "the record lacks {part}: {record:#}");
    }
    let list = story.tenant.get(&format!("/executions?integration={}", story.integration)).await.expect(200);
    assert_eq!(list["items"][0]["id"], done["execution"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_requirements_own_names_are_accepted() {
    let story = Story::begin().await;
    let path = format!("/integrations/{}/execute", story.integration);
    let ask = json!({ "capability_code": "PROCESS_PAYMENT", "parameters": payment("a book") });
    story.tenant.post(&path, ask).await.expect(200);
    let by_provider = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("another") });
    story.tenant.post("/integrations/stripe/execute", by_provider).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parameters_that_do_not_fit_never_leave() {
    let story = Story::begin().await;
    let check = async |parameters: Value, path: &str| {
        let problem = story.execute("PROCESS_PAYMENT", parameters).await.expect_problem(422, path);
        assert_eq!(problem["errors"][0]["path"], path, "{problem:#}");
    };
    check(json!({}), "$.amount").await;
    check(json!({ "amount": { "minor_units": "1999", "currency": "EUR" } }), "$.amount.minor_units").await;
    check(json!({ "amount": { "minor_units": 1.5, "currency": "EUR" } }), "$.amount.minor_units").await;
    check(json!({ "amount": { "minor_units": 1, "currency": "EUR", "cents": 1 } }), "$.amount.cents").await;
    check(json!({ "amount": { "minor_units": 1, "currency": "EUR" }, "colour": "red" }), "$.colour").await;
    check(json!({ "amount": { "minor_units": 1, "currency": "EUR" }, "metadata": [["a"]] }), "$.metadata[0]").await;
    assert_eq!(story.upstream.requests().len(), 0);
    story.execute("FLY", json!({})).await.expect_problem(422, "PROCESS_PAYMENT");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decline_is_an_answer_and_a_lost_answer_is_unknown() {
    let story = Story::begin().await;
    let declined = story.execute("PROCESS_PAYMENT", payment("decline")).await.expect_problem(402, "declined");
    assert_eq!(declined["error"]["kind"], "declined");
    assert_eq!(declined["error"]["provider_code"], "insufficient_funds");
    assert_eq!(declined["outcome"], "failed");

    for wish in ["lose", "crash"] {
        let made = story.upstream.payments();
        let lost = story.execute("PROCESS_PAYMENT", payment(wish)).await.expect_problem(504, "unknown");
        assert_eq!(lost["outcome"], "unknown", "{lost:#}");
        assert_eq!(story.upstream.payments(), made + 1, "the provider did it");
        let record =
            story.tenant.get(&format!("/executions/{}", lost["execution"].as_str().unwrap())).await.expect(200);
        assert_eq!(record["outcome"], "unknown");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_that_the_provider_echoes_goes_no_further() {
    let story = Story::begin().await;
    // The client and the server's files are searched for the secret when the story ends.
    let echoed = story.execute("PROCESS_PAYMENT", payment("echo")).await.expect(200);
    assert!(echoed["result"]["description"].as_str().unwrap().contains("[redacted]"), "{echoed:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_far_too_large_is_cut_off() {
    let story = Story::begin().await;
    let problem = story.execute("PROCESS_PAYMENT", payment("huge")).await.expect_problem(504, "unknown");
    assert_eq!(problem["outcome"], "unknown", "the provider has seen the write");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asking_twice_with_one_key_pays_once() {
    let story = Story::begin().await;
    let path = format!("/integrations/{}/execute", story.integration);
    let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("once") });
    let key = [("idempotency-key", "order-1")];
    let first = story.tenant.post_with(&path, ask.clone(), &key).await.expect(200);
    let again = story.tenant.post_with(&path, ask, &key).await.expect(200);
    assert_eq!(first, again);
    assert_eq!(story.upstream.payments(), 1);
    let other = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("twice") });
    story.tenant.post_with(&path, other, &key).await.expect_problem(422, "Idempotency-Key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_at_once_with_one_key_pay_once() {
    let story = Story::begin().await;
    let path = format!("/integrations/{}/execute", story.integration);
    let asks = (0..20).map(|_| {
        let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("race") });
        story.tenant.post_with(&path, ask, &[("idempotency-key", "race-1")])
    });
    let answers = futures_util::future::join_all(asks).await;
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 409)), "{answers:?}");
    assert_eq!(story.upstream.payments(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_really_asks_the_provider() {
    let story = Story::begin().await;
    let path = format!("/integrations/{}", story.integration);
    let tested = story.tenant.post(&format!("{path}/test"), json!({})).await.expect(200);
    assert_eq!((&tested["ok"], &tested["account"]["id"]), (&json!(true), &json!("acct_1")), "{tested:#}");
    assert_eq!(story.upstream.requests().last().unwrap().path, "/v1/account");
    assert_eq!(tested["account"]["live"], false);
    assert_eq!(story.tenant.get(&path).await.expect(200)["status"], "active");

    let wrong = json!({ "credentials": { "secret_key": "sk_test_000000000000000000000000" } });
    story.tenant.put(&path, wrong).await.expect(200);
    let tested = story.tenant.post(&format!("{path}/test"), json!({})).await.expect(200);
    assert_eq!((&tested["ok"], &tested["status"]), (&json!(false), &json!("error")), "{tested:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn capabilities_come_from_the_component() {
    let story = Story::begin().await;
    let path = format!("/integrations/{}/capabilities", story.integration);
    let list = story.tenant.get(&path).await.expect(200);
    let items = list["items"].as_array().unwrap();
    let mut codes: Vec<&str> = items.iter().map(|item| item["code"].as_str().unwrap()).collect();
    codes.sort_unstable();
    let expected = [
        "CANCEL_PAYMENT",
        "CAPTURE_PAYMENT",
        "CREATE_CUSTOMER_PROFILE",
        "CREATE_PAYMENT_LINK",
        "GET_PAYMENT",
        "GET_REFUND",
        "PROCESS_PAYMENT",
        "REFUND_PAYMENT",
        "SYNC_TRANSACTIONS",
    ];
    assert_eq!(codes, expected);
    for item in items {
        assert!(!item["description"].as_str().unwrap().is_empty(), "{item:#}");
        jsonschema::draft202012::new(&item["parameters_schema"]).unwrap();
        jsonschema::draft202012::new(&item["result_schema"]).unwrap();
    }
    let pay = items.iter().find(|item| item["code"] == "PROCESS_PAYMENT").unwrap();
    let schema = jsonschema::draft202012::new(&pay["parameters_schema"]).unwrap();
    assert!(schema.is_valid(&payment("a book")));
    assert!(!schema.is_valid(&json!({ "amount": { "minor_units": 1, "currency": "EUR" }, "colour": "red" })));
}

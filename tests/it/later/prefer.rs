//! `Prefer: respond-async`: what is answered, how a result is waited for, and what is kept meanwhile.

use std::time::Instant;

use serde_json::{Value, json};

use super::{ASYNC, ended, sent, told};
use crate::harness::faulty::{Rules, Step};
use crate::harness::story::{new_tenant, payment};
use crate::harness::{Faulty, Server, Story, canary, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_accepted_made_and_told_of() {
    let story = Story::begin().await;
    let accepted = story.pay_later("a book", &[]).await;
    let header = |name: &str| accepted.headers[name].to_str().unwrap().to_owned();
    assert_eq!((header("preference-applied"), header("retry-after")), ("respond-async".to_owned(), "1".to_owned()));
    let location = header("location");
    let accepted = accepted.expect(202);
    assert_eq!(accepted["outcome"], "queued");
    assert_eq!(location, format!("/api/v1/executions/{}", accepted["execution"].as_str().unwrap()));

    let record = ended(&story.tenant, &accepted["execution"]).await;
    assert_eq!((&record["outcome"], &record["result"]["status"]), (&json!("succeeded"), &json!("succeeded")));
    assert_eq!(record["capability"], "PROCESS_PAYMENT");
    for part in ["accepted_at", "job"] {
        assert!(record["deferred"][part].is_string(), "the record lacks {part}: {record:#}");
    }
    assert_eq!((story.upstream.payments(), sent(&story, "a+book")), (1, 1));
    let told = told(&story.tenant, "execution.finished").await;
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0]["subject"], &told[0]["data"]["outcome"]), (&record["id"], &json!("succeeded")));
    let list = story.tenant.get(&format!("/executions?integration={}", story.integration)).await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_at_once_is_not_accepted() {
    let story = Story::begin().await;
    let path = format!("/integrations/{}/execute", story.integration);
    let check = async |path: &str, ask: Value, status: u16, text: &str| {
        story.tenant.post_with(path, ask, &[ASYNC]).await.expect_problem(status, text);
    };
    check(&path, json!({ "capability": "PROCESS_PAYMENT" }), 422, "$.amount").await;
    check(&path, json!({ "capability": "FLY" }), 422, "PROCESS_PAYMENT").await;
    check("/integrations/int_019a5e2f00000000000000000000abcd/execute", json!({ "capability": "FLY" }), 404, "no")
        .await;
    let intent = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("x") });
    check("/execute", intent, 409, "nothing says who shall serve").await;
    for bad in ["respond-async, wait=soon", "wait=-1"] {
        let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("x") });
        story.tenant.post_with(&path, ask, &[("prefer", bad)]).await.expect_problem(422, "is not a number of seconds");
    }
    assert_eq!(story.tenant.get("/executions").await.expect(200)["items"], json!([]));
    assert_eq!(story.upstream.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_may_wait_for_a_while() {
    let story = Story::begin().await;
    let done = story.pay_later("in time", &[("prefer", "wait=20")]).await.expect(200);
    assert_eq!((&done["outcome"], &done["result"]["status"]), (&json!("succeeded"), &json!("succeeded")));
    story.pay_later("decline", &[("prefer", "wait=20")]).await.expect_problem(402, "declined");
    let asked = Instant::now();
    let late = story.pay_later("slow", &[("prefer", "wait=1")]).await.expect(202);
    assert!(asked.elapsed().as_millis() >= 900, "it did not wait");
    // Begun by then, unless the machine has much else to do.
    assert!(matches!(late["outcome"].as_str(), Some("queued" | "running")), "{late:#}");
    let path = format!("/executions/{}", late["execution"].as_str().unwrap());
    let now = story.tenant.get(&path).await;
    assert_eq!(now.headers["retry-after"], "1");
    for bad in ["31", "-1", "ten", "1.5", ""] {
        story.tenant.get(&format!("{path}?wait={bad}")).await.expect_problem(422, "from 0 to 30");
    }
}

/// A provider that holds its answer, and a tenant that asks it: the result is there for whoever
/// waits as soon as it is there at all, long before the time is over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_is_woken() {
    let provider = Faulty::start(Rules { seed: 0, faults: 0, remembers_keys: true }).await;
    let server = Server::start(std::slice::from_ref(&provider.origin));
    let tenant = new_tenant(&server, "Acme").await;
    crate::harness::story::upload(&server).await;
    crate::harness::story::enable(&tenant).await;
    let view = crate::harness::story::create(&tenant, &provider.origin).await;
    let path = format!("/integrations/{}/execute", view["id"].as_str().unwrap());
    provider.hold_at(Step::Done);
    let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("held") });
    let accepted = tenant.post_with(&path, ask, &[ASYNC]).await.expect(202);
    eventually("the payment at the provider", async || (provider.held() == 1).then_some(())).await;
    let record = format!("/executions/{}?wait=30", accepted["execution"].as_str().unwrap());
    let waiters: Vec<_> = (0..20)
        .map(|_| {
            let (tenant, record) = (tenant.clone(), record.clone());
            tokio::spawn(async move { tenant.get(&record).await.expect(200) })
        })
        .collect();
    let asked = Instant::now();
    provider.let_go(true);
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap()["outcome"], "succeeded");
    }
    assert!(asked.elapsed().as_secs() < 15, "they waited to the end of their time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_gives_one_record() {
    let story = Story::begin().await;
    let key = [("idempotency-key", "order-1")];
    let first = story.pay_later("once", &key).await.expect(202);
    let asks = (0..10).map(|_| story.pay_later("once", &key));
    for answer in futures_util::future::join_all(asks).await {
        assert!(matches!(answer.status, 200 | 202), "{answer:?}");
        assert_eq!(answer.body["execution"], first["execution"]);
    }
    ended(&story.tenant, &first["execution"]).await;
    let path = format!("/integrations/{}/execute", story.integration);
    let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("once") });
    let waited = story.tenant.post_with(&path, ask, &key).await.expect(200);
    assert_eq!(waited["execution"], first["execution"], "a caller that waits gets the same");
    story.pay_later("other", &key).await.expect_problem(422, "Idempotency-Key");
    // Twenty at once with a key that nobody has used.
    let asks = (0..20).map(|_| story.pay_later("race", &[("idempotency-key", "race-1")]));
    let answers = futures_util::future::join_all(asks).await;
    let one = answers[0].body["execution"].clone();
    assert!(answers.iter().all(|answer| answer.body["execution"] == one && answer.status < 300), "{answers:?}");
    ended(&story.tenant, &one).await;
    assert_eq!(story.upstream.payments(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_call_carries_is_sealed_while_it_waits() {
    let story = Story::begin().await;
    let secret = "4000-0566-5566-5556-of-the-card";
    // A provider that is down for good: the calls before it opens the circuit, the one after waits.
    story.upstream.be_in_trouble(503, &[], usize::MAX);
    for _ in 0..12 {
        story.execute("PROCESS_PAYMENT", payment("before")).await;
    }
    let path = format!("/integrations/{}/execute", story.integration);
    let ask = json!({ "capability": "GET_PAYMENT", "parameters": { "id": format!("{secret}{}", canary::SECRET_KEY) } });
    let accepted = story.tenant.post_with(&path, ask, &[ASYNC]).await.expect(202);
    let path = format!("/executions/{}", accepted["execution"].as_str().unwrap());
    let waits = async || {
        let record = story.tenant.get(&path).await.expect(200);
        record["deferred"]["waits_for"].as_str().map(|why| (why.to_owned(), record.clone()))
    };
    let (why, record) = eventually("a call that waits", waits).await;
    assert!(why.contains("can not be called now"), "{why}");
    assert_eq!((&record["outcome"], &record["exact_parameters"]), (&json!("queued"), &json!(false)), "{record:#}");
    // The end of the story searches all files for the credential that stood in the parameters.
    let cancelled = story.tenant.post(&format!("{path}/cancel"), json!({})).await.expect(200);
    assert_eq!(cancelled["outcome"], "cancelled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_revoked_stops_what_it_asked_for() {
    let story = Story::begin_with(&[("GATEHOUSE_RESILIENCE__OPEN_MS", "1000")]).await;
    story.upstream.be_in_trouble(503, &[], usize::MAX);
    for _ in 0..12 {
        story.execute("PROCESS_PAYMENT", payment("before")).await;
    }
    let key = story.tenant.post("/keys", json!({ "name": "short" })).await.expect(201);
    let other = story.server.client().with_key(key["token"].as_str().unwrap());
    let path = format!("/integrations/{}/execute", story.integration);
    let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("too late") });
    let accepted = other.post_with(&path, ask, &[ASYNC]).await.expect(202);
    story.tenant.delete(&format!("/keys/{}", key["id"].as_str().unwrap())).await.expect(200);
    story.upstream.recover();
    let record = ended(&story.tenant, &accepted["execution"]).await;
    assert_eq!(record["outcome"], "failed");
    assert!(record["fault"]["message"].as_str().unwrap().contains("no longer works"), "{record:#}");
    assert_eq!(sent(&story, "too+late"), 0);
}

/// The key that seals what waits is exchanged and destroyed, and what waits is made all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_outlives_an_exchange_of_the_tenants_key() {
    let story = Story::begin_with(&[("GATEHOUSE_RESILIENCE__OPEN_MS", "1000")]).await;
    story.upstream.be_in_trouble(503, &[], usize::MAX);
    for _ in 0..12 {
        story.execute("PROCESS_PAYMENT", payment("before")).await;
    }
    let accepted = story.pay_later("after all", &[]).await.expect(202);
    let tenant = story.tenant.get("/keys").await.expect(200)["items"][0]["tenant"].as_str().unwrap().to_owned();
    let (path, operator) = (format!("/tenants/{tenant}/rotate-key"), story.server.operator());
    let begun = operator.post(&path, json!({})).await;
    assert!(begun.status < 300, "{begun:?}");
    let destroyed = async || (operator.get(&path).await.expect(200)["versions"] == json!([2])).then_some(());
    eventually("the end of the old key", destroyed).await;
    story.upstream.recover();
    let record = ended(&story.tenant, &accepted["execution"]).await;
    assert_eq!((&record["outcome"], story.upstream.payments()), (&json!("succeeded"), 1), "{record:#}");
}

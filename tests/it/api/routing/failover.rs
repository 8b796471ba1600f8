//! The next one is tried only where the one before is known to have done nothing.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{World, customer, intent};
use crate::harness::eventually;

/// A provider that answers each connection once, so that nothing can be asked once it is gone.
async fn mortal() -> (String, JoinHandle<()>) {
    // An address of its own: nobody is given its port when it is gone.
    let listener = TcpListener::bind("127.77.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = Vec::new();
            while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
                if stream.read_buf(&mut asked).await.unwrap() == 0 {
                    break;
                }
            }
            let body =
                json!({ "id": "acct_1", "object": "account", "livemode": false, "available": [], "pending": [] });
            let body = body.to_string();
            let length = body.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        }
    });
    (origin, task)
}

/// Checks that a call which `one` could not serve was served by `two`, with a record of each.
async fn check_moved_on(world: &World, one: &str, two: &str, done: &Value) {
    let second = world.record(&done["execution"]).await;
    let first = world.record(&second["failover_of"]).await;
    let place = |record: &Value| {
        let names = ["integration", "outcome", "attempt"];
        (names.map(|name| record[name].clone()), record["decision"]["chosen"].clone())
    };
    assert_eq!(place(&first), ([json!(one), json!("failed"), json!(1)], json!(one)), "{first:#}");
    assert_eq!(place(&second), ([json!(two), json!("succeeded"), json!(2)], json!(two)), "{second:#}");
    assert_eq!(first["failover_of"], Value::Null);
    let told = (&done["attempt"], &done["failover_of"], &done["decision"]);
    assert_eq!(told, (&json!(2), &first["id"], &second["decision"]));
    let left = &second["decision"]["candidates"][0];
    assert_eq!((&left["integration"], &left["eligible"]), (&json!(one), &json!(false)), "{second:#}");
    let why = left["reason"].as_str().unwrap();
    assert!(why.contains(first["id"].as_str().unwrap()) && why.contains("nothing was done"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_and_a_lost_answer_are_never_carried_elsewhere() {
    let world = World::build().await;
    let one = world.active("one", &world.first.origin).await;
    let two = world.active("two", &world.second.origin).await;
    world.link("c1", &one, true).await;
    world.link("c1", &two, false).await;
    let (before, mut calls) = (world.second.requests().len(), 0);
    for (wish, status, outcome) in [("decline", 402, "failed"), ("lose", 504, "unknown"), ("crash", 504, "unknown")] {
        let answer = world.tenant.post("/execute", intent(wish, customer("c1"))).await;
        let problem = answer.expect_problem(status, outcome);
        let record = world.record(&problem["execution"]).await;
        assert_eq!((&record["attempt"], &record["integration"]), (&json!(1), &json!(one)), "{wish}: {record:#}");
        assert_eq!(record["decision"]["candidates"].as_array().unwrap().len(), 2, "{record:#}");
        calls += 1;
        assert_eq!(world.items("/executions").await.len(), calls, "{wish} was tried elsewhere");
        assert_eq!(world.second.requests().len(), before, "{wish} was carried to the next provider");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_takes_nothing_leaves_the_call_to_the_next() {
    let world = World::build().await;
    let one = world.active("one", &world.first.origin).await;
    let two = world.active("two", &world.second.origin).await;
    world.link("c1", &one, true).await;
    world.link("c1", &two, false).await;
    for integration in [&one, &two] {
        world.ask(json!({ "integration": integration })).await.expect(200);
    }
    let mut body = customer("c1");
    body["capability"] = json!("GET_PAYMENT");
    body["parameters"] = json!({ "id": "pi_0001" });
    let key = [("idempotency-key", "look-1")];
    world.first.be_in_trouble(503, &[], usize::MAX);
    let done = world.tenant.post_with("/execute", body.clone(), &key).await.expect(200);
    check_moved_on(&world, &one, &two, &done).await;

    // The key belongs to the whole of it, also when the first provider is well again.
    world.first.recover();
    let asked = world.first.requests().len() + world.second.requests().len();
    let again = world.tenant.post_with("/execute", body.clone(), &key).await.expect(200);
    assert_eq!(again["execution"], done["execution"]);
    assert_eq!(world.first.requests().len() + world.second.requests().len(), asked);

    // Where both take nothing, the last failure is the answer.
    world.first.be_in_trouble(503, &[], usize::MAX);
    world.second.be_in_trouble(503, &[], usize::MAX);
    let problem = world.tenant.post("/execute", body).await.expect_problem(503, "provider-unavailable");
    let last = world.record(&problem["execution"]).await;
    assert_eq!((&last["integration"], &last["outcome"]), (&json!(two), &json!("failed")), "{last:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_is_gone_leaves_the_call_to_the_next() {
    let (origin, task) = mortal().await;
    let world = World::build_with(std::slice::from_ref(&origin)).await;
    let gone = world.active("gone", &origin).await;
    let two = world.active("two", &world.second.origin).await;
    world.link("c1", &gone, true).await;
    world.link("c1", &two, false).await;
    task.abort();
    let address = origin.strip_prefix("http://").unwrap();
    eventually("the end of the provider", async || tokio::net::TcpStream::connect(address).await.err()).await;
    let done = world.ask(customer("c1")).await.expect(200);
    check_moved_on(&world, &gone, &two, &done).await;
    assert_eq!(world.second.payments(), 1);
}

/// Nobody waits here, so the record that was accepted has to tell the end, whoever served it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_accepted_call_keeps_its_record_when_it_moves_on() {
    let world = World::build().await;
    let one = world.active("one", &world.first.origin).await;
    let two = world.active("two", &world.second.origin).await;
    world.link("c1", &one, true).await;
    world.link("c1", &two, false).await;
    for integration in [&one, &two] {
        world.ask(json!({ "integration": integration })).await.expect(200);
    }
    let later = async || {
        let mut body = customer("c1");
        body["capability"] = json!("GET_PAYMENT");
        body["parameters"] = json!({ "id": "pi_0001" });
        let headers = [("prefer", "respond-async, wait=20")];
        world.tenant.post_with("/execute", body, &headers).await
    };
    world.first.be_in_trouble(503, &[], usize::MAX);
    let done = later().await.expect(200);
    check_moved_on(&world, &one, &two, &done).await;
    let record = world.record(&done["execution"]).await;
    assert!(record["deferred"]["accepted_at"].is_string(), "{record:#}");

    // Nobody is left: the record ends as the last attempt did, and each attempt has its own.
    world.second.be_in_trouble(503, &[], usize::MAX);
    let failed = later().await.expect_problem(503, "provider-unavailable");
    let record = world.record(&failed["execution"]).await;
    let place = (&record["outcome"], &record["attempt"], &record["integration"]);
    assert_eq!(place, (&json!("failed"), &json!(2), &json!(two)), "{record:#}");
    let before = world.record(&record["failover_of"]).await;
    assert_eq!((&before["integration"], &before["deferred"]), (&json!(one), &json!(null)), "{before:#}");
    for integration in [&one, &two] {
        let found = world.items(&format!("/executions?integration={integration}")).await;
        assert_eq!(found.len(), 3, "{found:#?}");
    }
}

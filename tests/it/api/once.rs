//! `Idempotency-Key` on what changes our own records: once, whatever happens in between.

use serde_json::{Value, json};

use crate::harness::story::new_tenant;
use crate::harness::{Client, Server, Story};

async fn make(operator: &Client, key: &str, name: &str) -> crate::harness::client::Answer {
    operator.post_with("/tenants", json!({ "name": name }), &[("idempotency-key", key)]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_answer_comes_again_and_nothing_is_made_twice() {
    let server = Server::start(&[]);
    let operator = server.operator();
    let first = make(&operator, "one", "Acme").await.expect(201);
    for _ in 0..3 {
        assert_eq!(make(&operator, "one", "Acme").await.expect(201), first);
    }
    make(&operator, "one", "Other").await.expect_problem(422, "Idempotency-Key");
    let second = make(&operator, "two", "Acme").await.expect(201);
    assert_ne!(second["id"], first["id"]);
    let tenants = operator.get("/tenants").await.expect(200);
    assert_eq!(tenants["items"].as_array().unwrap().len(), 2);
    make(&operator, "", "Acme").await.expect_problem(422, "Idempotency-Key");
    make(&operator, &"k".repeat(256), "Acme").await.expect_problem(422, "Idempotency-Key");

    let server = server.kill_and_restart();
    assert_eq!(make(&server.operator(), "one", "Acme").await.expect(201), first, "a restart does not forget");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tag_of_what_was_made_comes_again_as_well() {
    let server = Server::start(&[]);
    let new = || json!({ "code": "acme-pay", "display_name": "Acme Pay" });
    let make = async || server.operator().post_with("/providers", new(), &[("idempotency-key", "one")]).await;
    let (first, again) = (make().await, make().await);
    assert_eq!((first.status, again.status), (201, 201), "{}", again.body);
    assert_eq!(first.headers.get("idempotent-replayed"), None);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.headers["etag"], first.headers["etag"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_refused_may_come_again_put_right() {
    let server = Server::start(&[]);
    make(&server.operator(), "one", "  ").await.expect_problem(422, "$.name");
    make(&server.operator(), "one", "Acme").await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_make_one() {
    let server = Server::start(&[]);
    let asks = (0..32).map(|_| {
        let operator = server.operator();
        tokio::spawn(async move { make(&operator, "one", "Acme").await })
    });
    let mut made = Vec::new();
    for ask in asks.collect::<Vec<_>>() {
        let answer = ask.await.unwrap();
        match answer.status {
            201 => made.push(answer.expect(201)),
            _ => drop(answer.expect_problem(409, "still being carried out")),
        }
    }
    assert!(!made.is_empty() && made.iter().all(|one| *one == made[0]), "{made:?}");
    assert_eq!(server.operator().get("/tenants").await.expect(200)["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_two_tenants_are_two_keys_and_a_token_is_kept_sealed() {
    let story = Story::begin().await;
    let other = new_tenant(&story.server, "Other").await;
    let ask = async |client: &Client| -> Value {
        client.post_with("/keys", json!({ "name": "second" }), &[("idempotency-key", "one")]).await.expect(201)
    };
    let (mine, theirs) = (ask(&story.tenant).await, ask(&other).await);
    assert_ne!(mine["token"], theirs["token"]);
    assert_eq!(ask(&story.tenant).await, mine);
    let token = mine["token"].as_str().unwrap().to_owned();
    let stopped = story.server.kill();
    crate::harness::canary::check_folder_for(&token, &stopped.data());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_moment_leaves_one_or_none_and_then_one() {
    let mut server = Server::start(&[]);
    for round in 0..12u64 {
        let (name, key) = (format!("Tenant {round}"), format!("key {round}"));
        let asked = {
            let (operator, name, key) = (server.operator(), name.clone(), key.clone());
            tokio::spawn(async move {
                let body = json!({ "name": name }).to_string().into_bytes();
                let headers = [("idempotency-key", key.as_str()), ("content-type", "application/json")];
                operator.try_send(reqwest::Method::POST, "/tenants", &headers, body).await.is_ok()
            })
        };
        // The kill lands anywhere from before the request to after its answer.
        for _ in 0..round * 40 {
            tokio::task::yield_now().await;
        }
        server = server.kill_and_restart();
        asked.await.unwrap();
        make(&server.operator(), &key, &name).await.expect(201);
        let tenants = server.operator().get("/tenants?limit=200").await.expect(200);
        let count = tenants["items"].as_array().unwrap().iter().filter(|tenant| tenant["name"] == name).count();
        assert_eq!(count, 1, "round {round}");
    }
}

//! What may be asked for, and by whom.

use serde_json::{Value, json};

use super::{Stage, asked, id_of};
use crate::harness::Client;
use crate::harness::story::create;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_is_refused_with_its_place() {
    let stage = Stage::begin(&[50]).await;
    let url = stage.receiver.url("/x");
    let absent = "int_019a5e2f00000000000000000000abcd";
    let many: serde_json::Map<String, Value> = (0..17).map(|n| (format!("x-{n}"), json!("v"))).collect();
    for (fields, problem) in [
        (json!({ "events": [] }), "$.events"),
        (json!({ "events": ["integration.expird"] }), "integration.expired"),
        (json!({ "events": ["payment"] }), "names no events"),
        (json!({ "integrations": [absent] }), "$.integrations[0]"),
        (json!({ "providers": ["nobody"] }), "$.providers[0]"),
        (json!({ "rate_per_second": 0 }), "$.rate_per_second"),
        (json!({ "concurrency": 33 }), "$.concurrency"),
        (json!({ "description": "x".repeat(1_001) }), "$.description"),
        (json!({ "headers": { "authorization": "Bearer x" } }), "$.headers.authorization"),
        (json!({ "headers": { "x-note": "a\r\nhost: b" } }), "$.headers"),
        (json!({ "headers": { "transfer-encoding": "chunked" } }), "$.headers"),
        (json!({ "headers": { "webhook-id": "x" } }), "set by Gatehouse"),
        (json!({ "headers": many }), "$.headers"),
        (json!({ "signature": "v2" }), "$.signature"),
        (json!({ "secret": "whsec_x" }), "secret"),
    ] {
        stage.tenant().post("/subscriptions", asked(&url, fields)).await.expect_problem(422, problem);
    }
    for (url, problem) in [
        ("http://app.example.com/", "https://"),
        ("https://127.0.0.1/", "no address"),
        ("https://169.254.169.254/latest", "no address"),
        ("https://[::ffff:10.0.0.1]/", "no address"),
        ("http://2130706433/", "https://"),
        ("https://localhost/", "whole DNS name"),
        ("https://user:pass@app.example.com/", "user name"),
        ("https://app.example.com:6379/../x#y", "printable"),
        ("https://app.example.com:22/", "names the port"),
        ("ftp://app.example.com/", "https://"),
        ("app.example.com", "absolute"),
        (&stage.receiver.origin.replace("127.0.0.1", "127.0.0.2"), "https://"),
        (&format!("{}0", stage.receiver.origin), "URL"),
    ] {
        let body = stage.tenant().post("/subscriptions", asked(url, json!({}))).await.expect_problem(422, "$.url");
        assert!(body.to_string().contains(problem), "{url}: {body:#}");
    }
    assert_eq!(stage.tenant().get("/subscriptions").await.expect(200)["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_change_one_at_once_do_not_undo_each_other() {
    let stage = Stage::begin(&[50]).await;
    let made = stage.subscribe("/x", json!({ "rate_per_second": 5 })).await;
    let path = format!("/subscriptions/{}", id_of(&made));
    let read = stage.tenant().get(&path).await;
    let tag = read.headers["etag"].to_str().unwrap().to_owned();
    let change = async |rate: u32, tag: &str| {
        let body = asked(&stage.receiver.url("/x"), json!({ "rate_per_second": rate })).to_string().into_bytes();
        let headers = [("content-type", "application/json"), ("if-match", tag)];
        stage.tenant().send(reqwest::Method::PUT, &path, &headers, body).await
    };
    // That it fares well does not make it another version.
    stage.tenant().post(&format!("{path}/test"), json!({})).await.expect(202);
    stage.told("/x", 1).await;
    assert_eq!(change(6, &tag).await.expect(200)["rate_per_second"], 6);
    change(7, &tag).await.expect_problem(412, "changed meanwhile");
    stage
        .tenant()
        .send(reqwest::Method::DELETE, &path, &[("if-match", &tag)], Vec::new())
        .await
        .expect_problem(412, "changed");
    let other = json!({ "signature": "v1a" });
    stage.tenant().put(&path, asked(&stage.receiver.url("/x"), other)).await.expect_problem(422, "rotate-secret");
    // The secret and its answer are one with the key of the request.
    let body = asked(&stage.receiver.url("/once"), json!({}));
    let key = [("idempotency-key", "subscribe-once")];
    let first = stage.tenant().post_with("/subscriptions", body.clone(), &key).await.expect(201);
    assert_eq!(stage.tenant().post_with("/subscriptions", body, &key).await.expect(201), first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_narrowed_key_knows_of_what_is_for_its_integrations_alone() {
    let stage = Stage::begin(&[50]).await;
    let other = id_of(&create(stage.tenant(), &stage.story.upstream.origin).await);
    let own = stage.story.integration.clone();
    let key = async |fields: Value| -> Client {
        let mut key = json!({ "name": "narrow" });
        key.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let made = stage.tenant().post("/keys", key).await.expect(201);
        stage.story.server.client().with_key(made["token"].as_str().unwrap())
    };
    let narrow = key(json!({ "integrations": [own] })).await;
    let url = stage.receiver.url("/x");
    let subscribe = async |by: &Client, integrations: Value| {
        by.post("/subscriptions", asked(&url, json!({ "integrations": integrations }))).await
    };
    let all = id_of(&subscribe(stage.tenant(), json!([])).await.expect(201));
    let both = id_of(&subscribe(stage.tenant(), json!([own, other])).await.expect(201));
    let mine = id_of(&subscribe(&narrow, json!([own])).await.expect(201));
    subscribe(&narrow, json!([])).await.expect_problem(403, "integrations");
    subscribe(&narrow, json!([own, other])).await.expect_problem(422, "$.integrations[1]");
    let listed = narrow.get("/subscriptions").await.expect(200);
    let ids: Vec<&str> = listed["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [mine.as_str()]);
    for hidden in [&all, &both] {
        narrow.get(&format!("/subscriptions/{hidden}")).await.expect_problem(404, "subscription");
        narrow.delete(&format!("/subscriptions/{hidden}")).await.expect_problem(404, "subscription");
    }
    let path = format!("/subscriptions/{mine}");
    narrow
        .put(&path, asked(&url, json!({ "integrations": [own, other] })))
        .await
        .expect_problem(422, "$.integrations[1]");

    // Who may not see contents can not have them sent, nor see what a receiver echoed.
    let blind = key(json!({ "permissions": ["subscriptions:read", "subscriptions:write"] })).await;
    subscribe(&blind, json!([])).await.expect_problem(403, "payloads:read");
    stage.receiver.script("/x", &[crate::harness::Reply::Status(200, Vec::new(), "echo".to_owned())]);
    stage.tenant().post(&format!("{path}/test"), json!({})).await.expect(202);
    stage.counts(&mine, super::counts(1, 1, 0, 0)).await;
    let seen = async |by: &Client| super::deliveries(by, &mine, "").await[0]["attempts"][0]["excerpt"].clone();
    assert_eq!((seen(stage.tenant()).await, seen(&blind).await), (json!("echo"), json!("[redacted]")));
}

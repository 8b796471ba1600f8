//! How long recorded calls are kept, and under which key.

use serde_json::json;

use super::{Shop, text};
use crate::harness::{eventually, story};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cassettes_outlive_a_crash_and_an_exchange_of_the_tenants_key() {
    let mut shop = Shop::open().await;
    let execution = shop.recorded("a book").await;
    let before = shop.cassette(&execution).await;
    shop.server = shop.server.kill_and_restart();
    shop.tenant = shop.tenant.moved_to(&shop.server);
    assert_eq!(shop.cassette(&execution).await, before);
    let operator = shop.server.operator();
    let path = format!("/tenants/{}/rotate-key", text(&shop.execution(&execution).await, "tenant"));
    let first = operator.get(&path).await.expect(200);
    operator.post(&path, json!({})).await;
    eventually("the end of the exchange", async || {
        let now = operator.get(&path).await.expect(200);
        (now["version"] != first["version"] && now["rotation"].is_null()).then_some(())
    })
    .await;
    assert_eq!(shop.cassette(&execution).await, before, "what the old key had sealed opens under the new one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_are_kept_and_go_with_their_integration() {
    let shop = Shop::open().await;
    shop.record("all").await;
    let list = format!("/integrations/{}/cassettes", shop.integration);
    let mut last = String::new();
    for _ in 0..53 {
        last = shop.recorded("a book").await;
    }
    let kept = shop.tenant.get(&list).await.expect(200);
    let kept = kept["items"].as_array().unwrap();
    assert_eq!((kept.len(), &text(&kept[0], "id")[4..]), (50, &last[4..]));
    let again = story::create(&shop.tenant, &shop.upstream.origin).await;
    shop.tenant.delete(&format!("/integrations/{}?force=true", shop.integration)).await.expect(204);
    shop.tenant.get(&list).await.expect_problem(404, "there is no integration");
    shop.tenant.get(&format!("/executions/{last}/cassette")).await.expect_problem(404, "there is no cassette");
    let list = format!("/integrations/{}/cassettes", text(&again, "id"));
    assert_eq!(shop.tenant.get(&list).await.expect(200)["items"], json!([]));
}

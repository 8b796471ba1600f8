//! Keys that know of a part of their tenant only: elsewhere there is nothing, for them.

use serde_json::{Value, json};

use super::{key, text};
use crate::harness::canary::SECRET_KEY;
use crate::harness::story::{create, payment};
use crate::harness::{Client, Story};

async fn ids(client: &Client, path: &str) -> Vec<String> {
    let page = client.get(path).await.expect(200);
    page["items"].as_array().unwrap().iter().map(|item| text(item, "id")).collect()
}

async fn pay(client: &Client, integration: &str, capability: &str) -> crate::harness::client::Answer {
    let parameters = if capability == "PROCESS_PAYMENT" { payment("narrow") } else { json!({ "id": "pi_0001" }) };
    let ask = json!({ "capability": capability, "parameters": parameters });
    client.post(&format!("/integrations/{integration}/execute"), ask).await
}

/// A tenant with two integrations, each tested and called once.
async fn two() -> (Story, [String; 2], [String; 2]) {
    let story = Story::begin().await;
    let second = text(&create(&story.tenant, &story.upstream.origin).await, "id");
    let both = [story.integration.clone(), second];
    let mut calls = Vec::new();
    for id in &both {
        story.tenant.post(&format!("/integrations/{id}/test"), json!({})).await.expect(200);
        calls.push(text(&pay(&story.tenant, id, "PROCESS_PAYMENT").await.expect(200), "execution"));
    }
    (story, both, calls.try_into().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_for_one_integration_finds_no_other() {
    let (story, [first, second], [call_of_first, call]) = two().await;
    let narrow = json!({ "name": "n", "role": "tenant-owner", "integrations": [second] });
    let narrow = key(&story.server, &story.tenant, narrow).await;
    assert_eq!(ids(&narrow, "/integrations").await, [second.as_str()]);
    assert_eq!(ids(&narrow, "/integrations?limit=1").await, [second.as_str()], "one page, and not an empty one");
    assert_eq!(ids(&narrow, "/executions").await, [call.as_str()]);
    let events = narrow.get("/events").await.expect(200);
    assert!(events["items"].as_array().unwrap().iter().all(|event| event["integration"] == second.as_str()));
    assert_eq!(events["items"].as_array().unwrap().len(), 1, "{events:#}");
    narrow.get(&format!("/executions/{call}")).await.expect(200);
    // By the provider's code there is just one, for this key.
    assert_eq!(narrow.get("/integrations/stripe").await.expect(200)["id"], second.as_str());
    story.tenant.get("/integrations/stripe").await.expect_problem(409, "several");
    pay(&narrow, &second, "PROCESS_PAYMENT").await.expect(200);

    let event_of_first = text(&story.tenant.get("/events").await.expect(200)["items"][0], "id");
    for path in [
        format!("/integrations/{first}"),
        format!("/integrations/{first}/capabilities"),
        format!("/integrations/{first}/events"),
        format!("/integrations/{first}/deliveries"),
        format!("/executions/{call_of_first}"),
        format!("/executions?integration={first}"),
        format!("/events/{event_of_first}"),
    ] {
        narrow.get(&path).await.expect_problem(404, "there is no");
    }
    pay(&narrow, &first, "PROCESS_PAYMENT").await.expect_problem(404, "integration");
    narrow.delete(&format!("/integrations/{first}")).await.expect_problem(404, "integration");
    for (path, permission) in [("/keys", "keys:read"), ("/roles", "roles:read"), ("/audit", "audit:read")] {
        narrow.get(path).await.expect_problem(403, permission);
    }
    narrow
        .post("/plugins/tenant/stripe/toggle", json!({ "enabled": false }))
        .await
        .expect_problem(403, "plugins:enable");
    let new = json!({ "provider": "stripe", "name": "New", "credentials": { "secret_key": SECRET_KEY } });
    narrow.post("/integrations", new).await.expect_problem(403, "restricted to integrations");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_for_one_capability_calls_and_reads_no_other() {
    let (story, [first, _], [paid, _]) = two().await;
    let narrow = json!({ "name": "n", "role": "tenant-owner", "capabilities": ["GET_PAYMENT"] });
    let narrow = key(&story.server, &story.tenant, narrow).await;
    let looked = text(&pay(&narrow, &first, "GET_PAYMENT").await.expect(200), "execution");
    pay(&narrow, &first, "PROCESS_PAYMENT").await.expect_problem(403, "GET_PAYMENT");
    pay(&narrow, &first, "NO_SUCH_THING").await.expect_problem(403, "GET_PAYMENT");
    assert_eq!(ids(&narrow, "/executions").await, [looked.as_str()]);
    assert_eq!(ids(&narrow, &format!("/executions?integration={first}")).await, [looked.as_str()]);
    narrow.get(&format!("/executions/{paid}")).await.expect_problem(404, "execution");
    let listed = narrow.get(&format!("/integrations/{first}/capabilities")).await.expect(200);
    let codes: Vec<String> = listed["items"].as_array().unwrap().iter().map(|one| text(one, "code")).collect();
    assert_eq!(codes, ["GET_PAYMENT"]);
    narrow.get("/events").await.expect_problem(403, "events:read");
    narrow
        .put(&format!("/integrations/{first}"), json!({ "name": "x" }))
        .await
        .expect_problem(403, "integrations:update");
    narrow.delete(&format!("/integrations/{first}")).await.expect_problem(403, "integrations:delete");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_key_stays_in_the_sandbox() {
    let (story, [live, _], [paid, _]) = two().await;
    let test = json!({ "name": "t", "role": "tenant-owner", "environment": "test" });
    let made = story.tenant.post("/keys", test).await.expect(201);
    assert!(text(&made, "token").starts_with("gh_test_") && text(&made, "hint").starts_with("gh_test_"));
    let test = story.server.client().with_key(&text(&made, "token"));
    let new = |environment: &str| {
        json!({
            "provider": "stripe", "name": "New", "environment": environment,
            "credentials": { "secret_key": SECRET_KEY }, "settings": { "base_url": story.upstream.origin },
        })
    };
    assert_eq!(ids(&test, "/integrations").await, Vec::<String>::new());
    test.post("/integrations", new("live")).await.expect_problem(403, "sandbox");
    let sandbox = text(&test.post("/integrations", new("sandbox")).await.expect(201), "id");
    let done = text(&pay(&test, &sandbox, "PROCESS_PAYMENT").await.expect(200), "execution");
    assert_eq!(
        (ids(&test, "/integrations").await, ids(&test, "/executions").await),
        (vec![sandbox.clone()], vec![done])
    );
    assert_eq!(test.get("/integrations/stripe").await.expect(200)["id"], sandbox.as_str());
    pay(&test, &live, "PROCESS_PAYMENT").await.expect_problem(404, "integration");
    test.get(&format!("/executions/{paid}")).await.expect_problem(404, "execution");
    assert_eq!(test.get("/events").await.expect(200)["items"], json!([]));
    // A live key acts on both.
    pay(&story.tenant, &sandbox, "PROCESS_PAYMENT").await.expect(200);
    assert_eq!(ids(&story.tenant, "/integrations").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_list_is_read_on_until_a_page_is_full() {
    let story = Story::begin().await;
    let mut made = Vec::new();
    for _ in 0..12 {
        made.push(text(&create(&story.tenant, &story.upstream.origin).await, "id"));
    }
    let wanted: Vec<&String> = [2, 5, 6, 11].map(|index| &made[index]).to_vec();
    let narrow = json!({ "name": "n", "role": "developer", "integrations": wanted });
    let narrow = key(&story.server, &story.tenant, narrow).await;
    let mut found: Vec<String> = Vec::new();
    let mut path = "/integrations?limit=2".to_owned();
    for _ in 0..10 {
        let page: Value = narrow.get(&path).await.expect(200);
        let items: Vec<String> = page["items"].as_array().unwrap().iter().map(|item| text(item, "id")).collect();
        assert!(items.len() <= 2);
        found.extend(items);
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/integrations?limit=2&cursor={next}");
    }
    assert_eq!(found.iter().collect::<Vec<_>>(), wanted);
}

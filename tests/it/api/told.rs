//! What is told of a change: its entry in the audit trail and its event in the feed.

use serde_json::{Value, json};

use crate::harness::Story;
use crate::harness::story::new_tenant;

fn kinds(feed: &Value) -> Vec<String> {
    feed["items"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_the_feed_goes_on_where_it_was() {
    let story = Story::begin().await;
    let path = format!("/integrations/{}", story.integration);
    story.tenant.post(&format!("{path}/test"), json!({})).await.expect(200);
    let feed = story.tenant.get("/events").await.expect(200);
    assert_eq!(kinds(&feed), ["integration.connected"]);
    let event = &feed["items"][0];
    assert_eq!((&event["integration"], &event["data"]["to"]), (&json!(story.integration), &json!("active")));
    let one = story.tenant.get(&format!("/events/{}", event["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(&one, event);

    let later = format!("/events?cursor={}", feed["cursor"].as_str().unwrap());
    let nothing = story.tenant.get(&later).await.expect(200);
    assert_eq!((kinds(&nothing), &nothing["cursor"]), (vec![], &feed["cursor"]), "the cursor is still good");
    story.tenant.put(&path, json!({ "disabled": true })).await.expect(200);
    story.tenant.delete(&path).await.expect(204);
    let first = story.tenant.get(&format!("{later}&limit=1")).await.expect(200);
    assert_eq!((kinds(&first), &first["more"]), (vec!["integration.disabled".to_owned()], &json!(true)));
    let rest = format!("/events?cursor={}", first["cursor"].as_str().unwrap());
    assert_eq!(kinds(&story.tenant.get(&rest).await.expect(200)), ["integration.deleted"]);

    let other = new_tenant(&story.server, "Other").await;
    assert_eq!(kinds(&other.get("/events").await.expect(200)), Vec::<String>::new());
    other.get(&format!("/events/{}", event["id"].as_str().unwrap())).await.expect_problem(404, "event");
    story.tenant.get("/events?cursor=!").await.expect_problem(422, "cursor");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_stands_in_the_chain_of_its_tenant() {
    let story = Story::begin().await;
    let path = format!("/integrations/{}", story.integration);
    story.tenant.put(&path, json!({ "name": "Renamed" })).await.expect(200);
    story.tenant.delete(&path).await.expect(204);
    let trail = story.tenant.get("/audit").await.expect(200);
    let entries = trail["items"].as_array().unwrap();
    let actions: Vec<_> = entries.iter().rev().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert!(
        actions.ends_with(&["plugin.enabled", "integration.created", "integration.updated", "integration.deleted"]),
        "{actions:?}"
    );
    for pair in entries.windows(2) {
        assert_eq!(pair[0]["previous"], pair[1]["hash"]);
        assert_eq!(pair[0]["number"].as_u64().unwrap(), pair[1]["number"].as_u64().unwrap() + 1);
    }
    let updated = &entries[1];
    assert_eq!((&updated["target"], &updated["actor"]["kind"]), (&json!(story.integration), &json!("key")));
    assert_eq!(updated["before"], entries[2]["after"], "what it was before is what it was made as");
    let proof = story.tenant.get("/audit/verify").await.expect(200);
    assert_eq!((&proof["broken"], &proof["head"]), (&json!([]), &entries[0]["hash"]));
    assert_eq!(proof["entries"].as_u64().unwrap(), entries.len() as u64);
    let operators = story.server.operator().get("/audit/verify").await.expect(200);
    assert_eq!((&operators["broken"], &operators["tenant"]), (&json!([]), &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_one_tenant_at_once_make_one_chain() {
    let story = Story::begin().await;
    let changes = (0..24).map(|n| {
        let (tenant, origin) = (story.tenant.clone(), story.upstream.origin.clone());
        tokio::spawn(async move {
            let made = crate::harness::story::create(&tenant, &origin).await;
            let path = format!("/integrations/{}", made["id"].as_str().unwrap());
            tenant.put(&path, json!({ "name": format!("Number {n}") })).await.expect(200);
        })
    });
    for change in changes.collect::<Vec<_>>() {
        change.await.unwrap();
    }
    let server = story.server.kill_and_restart();
    let proof = story.tenant.moved_to(&server).get("/audit/verify").await.expect(200);
    assert_eq!(proof["broken"], json!([]));
    assert!(proof["entries"].as_u64().unwrap() >= 50, "{proof}");
}

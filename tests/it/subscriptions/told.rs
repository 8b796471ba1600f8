//! What a receiver is told: the event as it is shown, under headers that prove who sends it.

use serde_json::{Value, json};

use super::{Stage, counts, deliveries, id_of, look, signed_with};
use crate::api::webhooks::now;
use crate::harness::canary;
use crate::harness::eventually;
use crate::observe::metrics::{scrape, value};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_is_told_of_what_it_asked_for_and_can_prove_it() {
    let stage = Stage::begin(&[50]).await;
    let headers = json!({ "x-source": "gatehouse tests" });
    let made = stage.subscribe("/all", json!({ "headers": headers, "description": "books" })).await;
    let (id, secret) = (id_of(&made), made["secret"].as_str().unwrap().to_owned());
    let off = stage.subscribe("/off", json!({ "events": ["integration.disabled"] })).await;
    let none = stage.subscribe("/none", json!({ "events": ["payment.*", "execution.unknown"] })).await;
    let provider = stage.subscribe("/provider", json!({ "providers": ["stripe"] })).await;
    stage.happen(true).await;
    stage.happen(false).await;

    let told = stage.told("/all", 2).await;
    let feed = stage.tenant().get("/events").await.expect(200);
    let events = feed["items"].as_array().unwrap();
    assert_eq!(told.len(), events.len());
    for event in events {
        let one = told.iter().find(|told| told.id() == event["id"]).expect("every event");
        let body = one.json();
        assert_eq!((&body["type"], &body["data"]), (&event["kind"], event), "the event as it is shown");
        assert_eq!(body["timestamp"], event["occurred_at"]);
        let sent: i64 = one.headers["webhook-timestamp"].parse().unwrap();
        assert!((now() - sent).abs() < 60, "{sent}");
        assert_eq!(one.headers["content-type"], "application/json");
        assert!(one.headers["user-agent"].starts_with("gatehouse/"));
        assert_eq!(one.headers["x-source"], "gatehouse tests");
        assert_eq!(signed_with(one, &secret), 1);
        assert_eq!(signed_with(one, off["secret"].as_str().unwrap()), 0);
    }
    stage.counts(&id, counts(2, 2, 0, 0)).await;
    stage.counts(&id_of(&off), counts(1, 1, 0, 0)).await;
    stage.counts(&id_of(&provider), counts(2, 2, 0, 0)).await;
    stage.counts(&id_of(&none), counts(0, 0, 0, 0)).await;
    assert_eq!(stage.receiver.told("/off").len(), 1);

    let kept = deliveries(stage.tenant(), &id, "").await;
    assert_eq!(
        (kept.len(), &kept[0]["state"], &kept[0]["attempts"][0]["status"]),
        (2, &json!("delivered"), &json!(200))
    );
    let one = format!("/subscriptions/{id}/deliveries/{}", kept[0]["id"].as_str().unwrap());
    assert_eq!(stage.tenant().get(&one).await.expect(200), kept[0]);
    let view = look(stage.tenant(), &id).await;
    assert_eq!((&view["secret"], &view["description"]), (&Value::Null, &json!("books")));
    assert!(secret.ends_with(view["secret_hint"].as_str().unwrap().strip_prefix("whsec_…").unwrap()));

    eventually("the metrics of five deliveries", async || {
        let text = scrape(&stage.story.server).await;
        let counted = [
            r#"gatehouse_subscription_attempts_total{result="delivered"}"#,
            "gatehouse_subscription_attempt_duration_seconds_count",
            "gatehouse_subscription_delivery_delay_seconds_count",
        ];
        counted.iter().all(|series| value(&text, series) == 5.0).then_some(())
    })
    .await;
    let output = stage.story.server.output();
    assert!(!output.contains(&secret), "the secret was logged");
    let folder = stage.story.server.kill().data();
    canary::check_folder_for(&secret, &folder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_goes_to_one_subscription_alone_and_one_that_is_off_to_none() {
    let stage = Stage::begin(&[50]).await;
    let one = id_of(&stage.subscribe("/one", json!({})).await);
    let two = id_of(&stage.subscribe("/two", json!({})).await);
    let path = format!("/subscriptions/{one}");
    let made = stage.tenant().post(&format!("{path}/test"), json!({})).await.expect(202);
    let told = stage.told("/one", 1).await;
    assert_eq!((told[0].id(), &told[0].json()["type"]), (made["event"].as_str().unwrap(), &json!("subscription.test")));
    stage.counts(&one, counts(1, 1, 0, 0)).await;
    stage.counts(&two, counts(0, 0, 0, 0)).await;

    // While it is off nothing is taken for it; what comes after it is on again is.
    let fields = |enabled: bool| super::asked(&stage.receiver.url("/one"), json!({ "enabled": enabled }));
    stage.tenant().put(&path, fields(false)).await.expect(200);
    stage.tenant().post(&format!("{path}/test"), json!({})).await.expect_problem(409, "is off");
    stage.happen(true).await;
    stage.counts(&two, counts(1, 1, 0, 0)).await;
    stage.tenant().put(&path, fields(true)).await.expect(200);
    stage.happen(false).await;
    stage.counts(&one, counts(2, 2, 0, 0)).await;
    assert_eq!(stage.receiver.told("/one")[1].json()["type"], "integration.connected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_secrets_sign_while_they_overlap() {
    let stage = Stage::begin(&[50]).await;
    let made = stage.subscribe("/all", json!({})).await;
    let (id, first) = (id_of(&made), made["secret"].as_str().unwrap().to_owned());
    let rotate = format!("/subscriptions/{id}/rotate-secret");
    let test = format!("/subscriptions/{id}/test");
    let tell = async |times: usize| {
        stage.tenant().post(&test, json!({})).await.expect(202);
        stage.told("/all", times).await.pop().unwrap()
    };
    let rotated = stage.tenant().post(&rotate, json!({})).await.expect(200);
    let second = rotated["secret"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    assert_eq!(rotated["secret_version"], 2);
    let told = tell(1).await;
    assert_eq!((signed_with(&told, &first), signed_with(&told, &second)), (1, 1));
    let third = stage.tenant().post(&rotate, json!({ "overlap_hours": 0 })).await.expect(200);
    let third = third["secret"].as_str().unwrap();
    let told = tell(2).await;
    assert_eq!(
        (signed_with(&told, &second), signed_with(&told, third)),
        (0, 1),
        "without an overlap the old one is over"
    );
    let signed = stage.tenant().post(&rotate, json!({ "signature": "v1a" })).await.expect(200);
    assert_eq!((&signed["secret"], &signed["secret_hint"]), (&Value::Null, &Value::Null));
    assert!(signed["public_key"].as_str().unwrap().starts_with("whpk_"));
    let told = tell(3).await;
    let header = &told.headers["webhook-signature"];
    assert!(header.starts_with("v1a,") && signed_with(&told, third) == 1, "{header}");
    stage.tenant().post(&rotate, json!({ "overlap_hours": 169 })).await.expect_problem(422, "overlap_hours");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_deleted_is_told_nothing_more_and_leaves_nothing() {
    let stage = Stage::begin(&[50]).await;
    let id = id_of(&stage.subscribe("/gone", json!({})).await);
    let other = id_of(&stage.subscribe("/other", json!({})).await);
    stage.happen(true).await;
    stage.counts(&id, counts(1, 1, 0, 0)).await;
    let path = format!("/subscriptions/{id}");
    stage.tenant().delete(&path).await.expect(204);
    stage.tenant().get(&path).await.expect_problem(404, "subscription");
    stage.tenant().get(&format!("{path}/deliveries")).await.expect_problem(404, "subscription");
    stage.happen(false).await;
    stage.counts(&other, counts(2, 2, 0, 0)).await;
    assert_eq!(stage.receiver.told("/gone").len(), 1);
    let trail = stage.tenant().get("/audit?limit=200").await.expect(200).to_string();
    for action in ["subscription.created", "subscription.deleted"] {
        assert!(trail.contains(action), "no {action} in {trail}");
    }
    // A tenant that is erased takes its subscriptions along.
    let feed = stage.tenant().get("/events").await.expect(200);
    assert_eq!(feed["items"].as_array().unwrap().len(), 2);
    let operator = stage.story.server.operator();
    let tenants = operator.get("/tenants").await.expect(200);
    let tenant = tenants["items"][0]["id"].as_str().unwrap().to_owned();
    operator.delete(&format!("/tenants/{tenant}")).await.expect(200);
    eventually("the tenant's end", async || {
        let tenant = operator.get(&format!("/tenants/{tenant}")).await.expect(200);
        tenant["erased_at"].is_string().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signatures_go_on_when_the_tenants_key_is_exchanged() {
    let stage = Stage::begin(&[50]).await;
    let made = stage.subscribe("/all", json!({})).await;
    let (id, first) = (id_of(&made), made["secret"].as_str().unwrap().to_owned());
    // Two secrets, so that both are sealed again.
    let rotate = format!("/subscriptions/{id}/rotate-secret");
    let second = stage.tenant().post(&rotate, json!({})).await.expect(200)["secret"].as_str().unwrap().to_owned();
    let keys = stage.tenant().get("/keys").await.expect(200);
    let path = format!("/tenants/{}/rotate-key", keys["items"][0]["tenant"].as_str().unwrap());
    let operator = stage.story.server.operator();
    operator.post(&path, json!({})).await.expect(202);
    eventually("the end of the old key", async || {
        let state = operator.get(&path).await.expect(200);
        (state["rotation"].is_null() && state["versions"] == json!([2])).then_some(())
    })
    .await;
    stage.tenant().post(&format!("/subscriptions/{id}/test"), json!({})).await.expect(202);
    let told = stage.told("/all", 1).await.pop().unwrap();
    assert_eq!((signed_with(&told, &first), signed_with(&told, &second)), (1, 1));
    let third = stage.tenant().post(&rotate, json!({})).await.expect(200)["secret"].as_str().unwrap().to_owned();
    stage.tenant().post(&format!("/subscriptions/{id}/test"), json!({})).await.expect(202);
    let told = stage.told("/all", 2).await.pop().unwrap();
    assert_eq!((signed_with(&told, &second), signed_with(&told, &third)), (1, 1));
}

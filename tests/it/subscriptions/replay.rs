//! Sending again what was delivered or given up, one or many.

use serde_json::{Value, json};

use super::{Stage, counts, deliveries, id_of};
use crate::harness::Reply;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_are_sent_again_one_or_a_range() {
    let stage = Stage::begin(&[10]).await;
    stage.receiver.script("/down", &[Reply::status(500)]);
    let id = id_of(&stage.subscribe("/down", json!({ "events": ["integration.*"] })).await);
    for off in [true, false, true, false] {
        stage.happen(off).await;
    }
    stage.counts(&id, counts(4, 0, 0, 4)).await;
    let dead = deliveries(stage.tenant(), &id, "?state=dead").await;
    assert_eq!(dead.len(), 4);
    assert!(deliveries(stage.tenant(), &id, "?state=pending").await.is_empty());
    assert!(deliveries(stage.tenant(), &id, "?state=delivered").await.is_empty());

    stage.receiver.script("/down", &[Reply::status(200)]);
    let path = format!("/subscriptions/{id}");
    let one = format!("{path}/deliveries/{}/replay", dead[0]["id"].as_str().unwrap());
    stage.tenant().post(&one, json!({})).await.expect(202);
    stage.counts(&id, counts(4, 1, 0, 3)).await;
    let again = deliveries(stage.tenant(), &id, "?state=delivered").await;
    assert_eq!((again.len(), &again[0]["event"]), (1, &dead[0]["event"]));
    assert_eq!(again[0]["attempts"].as_array().unwrap().len(), 3, "what was tried before is still told");

    let replay = format!("{path}/replay");
    let moved = stage.tenant().post(&replay, json!({ "only_dead": true })).await.expect(202);
    assert_eq!((&moved["deliveries"], &moved["more"]), (&json!(3), &json!(false)));
    stage.counts(&id, counts(4, 4, 0, 0)).await;
    assert!(deliveries(stage.tenant(), &id, "?state=dead").await.is_empty());

    // A range holds its beginning and not its end.
    let all = deliveries(stage.tenant(), &id, "").await;
    let at = |index: usize| all[index]["created_at"].clone();
    let before = stage.receiver.told("/down").len();
    let moved = stage.tenant().post(&replay, json!({ "from": at(2), "to": at(0) })).await.expect(202);
    assert_eq!(moved["deliveries"], 2);
    let told = stage.told("/down", before + 2).await;
    let ids: Vec<_> = told[before..].iter().map(|told| Value::from(told.id())).collect();
    assert!(ids.contains(&all[1]["event"]) && ids.contains(&all[2]["event"]), "{ids:?}");
    stage.counts(&id, counts(4, 4, 0, 0)).await;

    for (range, problem) in [
        (json!({}), "$.from"),
        (json!({ "from": at(2) }), "$.from"),
        (json!({ "from": at(0), "to": at(2) }), "is not after"),
        (json!({ "from": at(0), "to": at(2), "colour": 1 }), "colour"),
    ] {
        stage.tenant().post(&replay, range).await.expect_problem(422, problem);
    }
    stage.tenant().get(&format!("{path}/deliveries?state=lost")).await.expect_problem(422, "?state");
    let absent = format!("{path}/deliveries/sdl_019a5e2f00000000000000000000abcd/replay");
    stage.tenant().post(&absent, json!({})).await.expect_problem(404, "delivery");
}

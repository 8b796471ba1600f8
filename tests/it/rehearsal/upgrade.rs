//! Upgrades that are rehearsed: what would do something else is seen before anything moves.

use serde_json::json;

use super::{PATH, SENT, Shop};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_does_something_else_is_caught_before_anything_moves() {
    let shop = Shop::open().await;
    let execution = shop.recorded("a book").await;
    shop.publish("1.1.0", Some(SENT)).await;
    let sent = shop.upstream.requests().len();
    let problem = shop.upgrade(json!({})).await.expect_problem(409, "accept_differences");
    let shown = problem["errors"].to_string();
    let place = format!("cassettes.cas_{}.requests[0].body.automatic_payment_methods[enabled]", &execution[4..]);
    assert!(shown.contains(&place) && shown.contains("PROCESS_PAYMENT"), "{problem:#}");
    assert!(!shown.contains("data"), "no value is told: {shown}");
    assert_eq!(shop.version().await, "1.0.0");
    let done = shop.upgrade(json!({ "accept_differences": true })).await.expect(200);
    assert_eq!((&done["rehearsal"]["replayed"], &done["rehearsal"]["changed"]), (&json!(1), &json!(1)));
    assert_eq!(done["rehearsal"]["differing"][0]["verdict"], "changed");
    assert_eq!(shop.version().await, "1.1.0");
    assert_eq!(shop.upstream.requests().len(), sent, "nothing was sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_fails_is_told_with_its_failure() {
    let shop = Shop::open().await;
    shop.recorded("a book").await;
    shop.publish("1.1.0", Some(PATH)).await;
    let problem = shop.upgrade(json!({})).await.expect_problem(409, "1 came to something else");
    let shown = problem["errors"].to_string();
    assert!(shown.contains("is a request that was not made before") && shown.contains("lacks a request"), "{shown}");
    assert!(shown.contains("is an error where there was a result"), "{shown}");
    assert_eq!(shop.version().await, "1.0.0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_does_the_same_goes_through_with_its_report() {
    let shop = Shop::open().await;
    shop.record("all").await;
    for _ in 0..3 {
        shop.recorded("a book").await;
    }
    shop.publish("1.1.0", None).await;
    let done = shop.upgrade(json!({})).await.expect(200);
    let rehearsal = &done["rehearsal"];
    assert_eq!((&rehearsal["replayed"], &rehearsal["identical"]), (&json!(3), &json!(3)), "{rehearsal:#}");
    assert_eq!((&rehearsal["left_out"], &rehearsal["differing"]), (&json!(0), &json!([])));
    assert_eq!(shop.upgrade(json!({})).await.expect(200)["rehearsal"], json!(null), "nothing moved");
    let back = shop.tenant.post("/plugins/tenant/stripe/rollback", json!({})).await.expect(200);
    assert_eq!(back["rehearsal"], json!(null));
}

//! Webhooks in: verified over the raw bytes, durable before the answer, parsed once.

use ring::hmac;
use serde_json::{Value, json};

use crate::harness::canary::{SECRET_KEY, WEBHOOK_SECRET};
use crate::harness::client::Answer;
use crate::harness::{Story, eventually};

const BODY: &[u8] = br#"{
  "id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "created": 1700000000, "livemode": false,
  "data": { "object": { "id": "pi_1", "object": "payment_intent", "status": "succeeded", "amount": 1999,
    "amount_received": 1999, "currency": "eur", "created": 1700000000, "metadata": {} } }
}"#;

pub(crate) fn now() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs().cast_signed()
}

/// The signature header as the provider documents it, computed here by hand.
pub(crate) fn signature(secret: &str, time: i64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, &[format!("{time}.").as_bytes(), body].concat());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={time},v1={hex}")
}

async fn deliver(story: &Story, signature: Option<&str>, body: &[u8]) -> Answer {
    let headers: Vec<(&str, &str)> = signature.map(|value| ("stripe-signature", value)).into_iter().collect();
    story.server.client().post_bytes(story.webhook_path(), body.to_vec(), &headers).await
}

/// One delivery that is good, the same again, and one that does not verify.
pub(crate) async fn deliver_one(story: &Story) {
    let signed = signature(WEBHOOK_SECRET, now(), BODY);
    deliver(story, Some(&signed), BODY).await.expect(200);
    deliver(story, Some(&signed), BODY).await.expect(200);
    deliver(story, None, BODY).await.expect(404);
}

async fn events(story: &Story) -> Vec<Value> {
    let list = story.tenant.get(&format!("/integrations/{}/events", story.integration)).await.expect(200);
    list["items"].as_array().unwrap().clone()
}

async fn deliveries(story: &Story) -> Vec<Value> {
    let list = story.tenant.get(&format!("/integrations/{}/deliveries", story.integration)).await.expect(200);
    list["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_delivery_becomes_an_event_once() {
    let story = Story::begin().await;
    let signed = signature(WEBHOOK_SECRET, now(), BODY);
    let first = deliver(&story, Some(&signed), BODY).await.expect(200);
    assert_eq!(first["duplicate"], false);
    let found = eventually("the event", async || events(&story).await.into_iter().next()).await;
    assert_eq!(found["told"]["id"], "evt_1");
    assert_eq!(found["kind"], "payment.succeeded");
    assert_eq!(found["told"]["kind"], "payment_intent.succeeded");
    assert_eq!(found["subject"], "pi_1");

    let again = deliver(&story, Some(&signed), BODY).await.expect(200);
    assert_eq!((&again["duplicate"], &again["delivery"]), (&json!(true), &first["delivery"]));
    let resigned = signature(WEBHOOK_SECRET, now() - 1, BODY);
    assert_eq!(deliver(&story, Some(&resigned), BODY).await.expect(200)["duplicate"], true);
    assert_eq!(events(&story).await.len(), 1);
    assert_eq!(deliveries(&story).await[0]["state"], "parsed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_verify_looks_like_nothing_and_is_quarantined() {
    let story = Story::begin().await;
    let good = signature(WEBHOOK_SECRET, now(), BODY);
    let mut changed = BODY.to_vec();
    *changed.last_mut().unwrap() = b' ';
    let stranger = story.server.client();
    let unknown = stranger.post_bytes("/webhooks/end_00000000000000000000000000000000", b"{}".to_vec(), &[]).await;
    let unknown = unknown.expect_problem(404, "endpoint");
    let cases: Vec<(Option<String>, &[u8])> = vec![
        (None, BODY),
        (Some(signature("whsec_wrong", now(), BODY)), BODY),
        (Some(good.clone()), &changed),
        (Some(signature(WEBHOOK_SECRET, now() - 3_600, BODY)), BODY),
        (Some(signature(WEBHOOK_SECRET, now() + 3_600, BODY)), BODY),
        (Some("t=,v1=".to_owned()), BODY),
        (Some(good.replace("v1=", "v0=")), BODY),
    ];
    let forged = cases.len();
    for (signature, body) in cases {
        let refused = deliver(&story, signature.as_deref(), body).await.expect_problem(404, "endpoint");
        assert_eq!((&refused["type"], &refused["title"]), (&unknown["type"], &unknown["title"]));
    }
    let kept = deliveries(&story).await;
    assert_eq!(kept.len(), forged);
    assert!(kept.iter().all(|delivery| delivery["state"] == "quarantined" && delivery["attempts"] == 0), "{kept:#?}");
    assert!(events(&story).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_was_accepted_survives_a_kill() {
    let mut story = Story::begin().await;
    let signed = signature(WEBHOOK_SECRET, now(), BODY);
    deliver(&story, Some(&signed), BODY).await.expect(200);
    story.server = story.server.kill_and_restart();
    story.tenant = story.tenant.moved_to(&story.server);
    let found = eventually("the event after the restart", async || events(&story).await.into_iter().next()).await;
    assert_eq!(found["told"]["id"], "evt_1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_is_too_large_is_refused() {
    let story = Story::begin().await;
    deliver(&story, None, &vec![b'x'; (1 << 20) + 1]).await.expect_problem(413, "larger");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_secret_is_taken_for_the_time_of_the_overlap() {
    const NEW_SECRET: &str = "whsec_secondsecretsecondsecretsecond";
    let story = Story::begin().await;
    let rotate = async |secret: &str, overlap: u32| {
        let credentials = json!({ "secret_key": SECRET_KEY, "webhook_secret": secret });
        let ask = json!({ "credentials": credentials, "overlap_seconds": overlap });
        story.tenant.post(&format!("/integrations/{}/rotate", story.integration), ask).await.expect(200);
    };
    rotate(NEW_SECRET, 3_600).await;
    for secret in [WEBHOOK_SECRET, NEW_SECRET] {
        deliver(&story, Some(&signature(secret, now(), BODY)), BODY).await.expect(200);
    }
    rotate(NEW_SECRET, 0).await;
    deliver(&story, Some(&signature(WEBHOOK_SECRET, now(), BODY)), BODY).await.expect_problem(404, "endpoint");
    deliver(&story, Some(&signature(NEW_SECRET, now(), BODY)), BODY).await.expect(200);
}

//! Taking calls back: before they begin, while they run, and at the very moment of either.

use std::time::Duration;

use serde_json::{Value, json};

use super::{ASYNC, ended, sent, told};
use crate::harness::story::payment;
use crate::harness::{Client, Story, eventually};

async fn cancel(client: &Client, execution: &Value) -> crate::harness::client::Answer {
    client.post(&format!("/executions/{}/cancel", execution.as_str().unwrap()), json!({})).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_made_or_taken_back_and_never_both() {
    let story = Story::begin_with(&[("GATEHOUSE_RESILIENCE__PER_INTEGRATION", "64")]).await;
    let (mut taken, mut made) = (0, 0);
    for round in 0..200u64 {
        let wish = format!("race-{round}");
        let accepted = story.pay_later(&wish, &[]).await.expect(202);
        // From at once to long after the claim.
        tokio::time::sleep(Duration::from_micros(round % 20 * 700)).await;
        let answer = cancel(&story.tenant, &accepted["execution"]).await;
        assert!(matches!(answer.status, 200 | 409), "{answer:?}");
        let record = ended(&story.tenant, &accepted["execution"]).await;
        let (sent, outcome) = (sent(&story, &wish), record["outcome"].as_str().unwrap());
        match outcome {
            "cancelled" => {
                assert_eq!((answer.status, sent), (200, 0), "{record:#}");
                taken += 1;
            }
            // Ended while the provider was at it.
            "unknown" => assert!(sent <= 1, "{record:#}"),
            "succeeded" => {
                assert_eq!(sent, 1, "{record:#}");
                made += 1;
            }
            _ => panic!("{record:#}"),
        }
        let again = cancel(&story.tenant, &accepted["execution"]).await;
        assert_eq!(again.status, if outcome == "cancelled" { 200 } else { 409 }, "{again:?}");
    }
    println!("{taken} taken back, {made} made");
    assert!(taken > 0 && made > 0, "the race always ended the same way");
    assert_eq!(told(&story.tenant, "execution.finished").await.len(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_has_left_is_never_called_cancelled() {
    let story = Story::begin().await;
    let accepted = story.pay_later("slow", &[]).await.expect(202);
    eventually("the payment at the provider", async || (sent(&story, "slow") == 1).then_some(())).await;
    let asked = cancel(&story.tenant, &accepted["execution"]).await.expect(200);
    assert_eq!(asked["outcome"], "running");
    let record = ended(&story.tenant, &accepted["execution"]).await;
    assert_eq!(record["outcome"], "unknown", "{record:#}");
    cancel(&story.tenant, &accepted["execution"]).await.expect_problem(409, "has ended as unknown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_waits_for_its_provider_is_taken_back_with_its_job() {
    let story = Story::begin().await;
    story.upstream.be_in_trouble(503, &[], usize::MAX);
    for _ in 0..12 {
        story.execute("PROCESS_PAYMENT", payment("before")).await;
    }
    let accepted = story.pay_later("never", &[]).await.expect(202);
    let path = format!("/executions/{}", accepted["execution"].as_str().unwrap());
    let waits = async || story.tenant.get(&path).await.expect(200)["deferred"]["waits_for"].is_string().then_some(());
    eventually("a call that waits", waits).await;
    assert_eq!(cancel(&story.tenant, &accepted["execution"]).await.expect(200)["outcome"], "cancelled");
    story.upstream.recover();
    let story = story.restarted();
    assert_eq!(story.tenant.get(&path).await.expect(200)["outcome"], "cancelled");
    assert_eq!(sent(&story, "never"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_ended_and_what_is_foreign_is_not_cancelled() {
    let story = Story::begin().await;
    for (wish, status, outcome) in [("a book", 200, "succeeded"), ("decline", 402, "failed"), ("lose", 504, "unknown")]
    {
        let answer = story.execute("PROCESS_PAYMENT", payment(wish)).await;
        assert_eq!(answer.status, status);
        let text = format!("has ended as {outcome}");
        cancel(&story.tenant, &answer.body["execution"]).await.expect_problem(409, &text);
        let other = crate::harness::story::new_tenant(&story.server, "Other").await;
        cancel(&other, &answer.body["execution"]).await.expect_problem(404, "no execution");
    }
    let ask = json!({ "capability": "GET_PAYMENT", "parameters": { "id": "pi_0001" } });
    let path = format!("/integrations/{}/execute", story.integration);
    let read = story.tenant.post_with(&path, ask, &[ASYNC]).await.expect(202);
    assert_eq!(ended(&story.tenant, &read["execution"]).await["outcome"], "succeeded");
}

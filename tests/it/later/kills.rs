//! SIGKILL between the acceptance and the end: what was accepted is made, and once.

use serde_json::{Value, json};

use super::ended;
use crate::harness::Story;
use crate::harness::story::payment;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_outlives_a_kill_and_is_made_once() {
    let mut story = Story::begin_with(&[("GATEHOUSE_LEDGER__FIRST_RETRY_MS", "100")]).await;
    let mut accepted: Vec<(String, Value)> = Vec::new();
    for round in 0..8u64 {
        for number in 0..4 {
            let wish = format!("kill-{round}-{number}");
            let execution = story.pay_later(&wish, &[]).await.expect(202)["execution"].clone();
            accepted.push((wish, execution));
        }
        for _ in 0..round * 40 {
            tokio::task::yield_now().await;
        }
        story = story.restarted();
    }
    for (wish, execution) in &accepted {
        let path = format!("/executions/{}", execution.as_str().unwrap());
        let known = async || {
            let record = story.tenant.get(&path).await.expect(200);
            (record["outcome"] == "succeeded").then_some(record)
        };
        ended(&story.tenant, execution).await;
        let record = crate::harness::eventually("the outcome of a payment", known).await;
        assert_eq!(record["parameters"], payment(wish), "{record:#}");
    }
    // The provider remembers keys, so that a payment which was sent twice is made once.
    assert_eq!(story.upstream.payments(), accepted.len());
    let ids: std::collections::BTreeSet<String> = accepted.iter().map(|(_, id)| id.to_string()).collect();
    assert_eq!(ids.len(), accepted.len());
    let list = story.tenant.get("/executions?limit=200").await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), accepted.len(), "one record each");
    assert_eq!(list["next"], json!(null));
}

//! Making a past call again: only what is certain to have done nothing.

use serde_json::{Value, json};

use crate::harness::Story;
use crate::harness::story::payment;

async fn replay(story: &Story, record: &Value) -> crate::harness::client::Answer {
    story.tenant.post(&format!("/executions/{}/replay", record.as_str().unwrap()), json!({})).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_has_done_nothing_is_made_again() {
    let story = Story::begin().await;
    let done = story.execute("PROCESS_PAYMENT", payment("a book")).await.expect(200);
    replay(&story, &done["execution"]).await.expect_problem(409, "was done");

    let lost = story.execute("PROCESS_PAYMENT", payment("lose")).await.expect_problem(504, "unknown");
    replay(&story, &lost["execution"]).await.expect_problem(409, "may have been done");
    let paid = story.upstream.payments();
    assert_eq!(paid, 2);

    let declined = story.execute("PROCESS_PAYMENT", payment("decline")).await.expect_problem(402, "declined");
    let again = replay(&story, &declined["execution"]).await.expect_problem(402, "declined");
    assert_ne!(again["execution"], declined["execution"]);
    let record = story.tenant.get(&format!("/executions/{}", again["execution"].as_str().unwrap())).await.expect(200);
    assert_eq!(record["replay_of"], declined["execution"]);
    assert_eq!(record["parameters"]["description"], "decline");

    let read = story.execute("GET_PAYMENT", json!({ "id": done["result"]["id"] })).await.expect(200);
    let again = replay(&story, &read["execution"]).await.expect(200);
    assert_eq!(again["result"], read["result"]);
    assert_eq!(story.upstream.payments(), paid, "nothing was paid again");
    let nobody = "exe_00000000000000000000000000000000";
    story.tenant.post(&format!("/executions/{nobody}/replay"), json!({})).await.expect_problem(404, nobody);
}

//! Two who decide at the same moment: one of them does, the other is told what was done.

use serde_json::json;

use super::Desk;
use crate::api::versions::dependencies::helper;
use crate::harness::Client;
use crate::harness::client::Answer;

/// How many times they meet.
const ROUNDS: usize = 12;

fn path(version: &str, what: &str) -> String {
    format!("/plugins/small/versions/{version}/{what}")
}

/// Both ask at once; the first starts first in every other round.
async fn both(
    round: usize,
    one: (Client, String, serde_json::Value),
    two: (Client, String, serde_json::Value),
) -> [Answer; 2] {
    let ask = |(client, path, body): (Client, String, serde_json::Value)| {
        tokio::spawn(async move { client.post(&path, body).await })
    };
    let swapped = round % 2 == 1;
    let (first, second) = if swapped { (two, one) } else { (one, two) };
    let (first, second) = (ask(first), ask(second));
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    if swapped { [second, first] } else { [first, second] }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_and_a_withdrawal_do_not_both_happen() {
    let desk = Desk::open().await;
    let operator = desk.server.operator();
    for round in 0..ROUNDS {
        let version = format!("1.0.{round}");
        let digest = desk.submitted(helper("small", &version, 2, "")).await;
        let approve = (operator.clone(), path(&version, "approve"), json!({ "digest": digest }));
        let withdraw = (desk.author.clone(), path(&version, "withdraw"), json!({}));
        let [approved, withdrawn] = both(round, approve, withdraw).await;
        let expect = match (approved.status, withdrawn.status) {
            (200, 409) => {
                withdrawn.expect_problem(409, "is approved and can not be withdrawn");
                "approved"
            }
            (409, 200) => {
                approved.expect_problem(409, "is withdrawn and can not be approved");
                "withdrawn"
            }
            other => panic!("{other:?}: {} {}", approved.body, withdrawn.body),
        };
        assert_eq!(desk.state(&version).await, expect);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_bytes_are_never_approved_by_who_looked_at_the_first() {
    let desk = Desk::open().await;
    let operator = desk.server.operator();
    for round in 0..ROUNDS {
        let version = format!("1.0.{round}");
        let first = desk.submitted(helper("small", &version, 2, "")).await;
        desk.does(&desk.author, &version, "withdraw", json!({})).await.expect(200);
        // While the operator approves what it saw, the author comes with something else.
        let (author, other) = (desk.author.clone(), helper("small", &version, 3, ""));
        let replace = tokio::spawn(async move { super::send(&author, other).await });
        let approve = operator.post(&path(&version, "approve"), json!({ "digest": first })).await;
        let replaced = replace.await.unwrap().expect(201);
        assert_eq!(approve.status, 409, "{}", approve.body);
        assert_ne!(replaced["submission"]["digest"], json!(first));
        assert_eq!(desk.state(&version).await, "in_review");
    }
}

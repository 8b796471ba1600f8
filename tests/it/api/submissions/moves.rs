//! Every move in every state: those that there are lead where they should, and each of the others is
//! refused by name and changes nothing.

use serde_json::{Value, json};

use super::{Desk, adds, build, otherwise, send};
use crate::api::trust::gateway;

/// The states, each of a version of its own.
const STATES: [(&str, &str); 4] =
    [("in_review", "1.0.1"), ("approved", "1.0.2"), ("rejected", "1.0.3"), ("withdrawn", "1.0.4")];

/// What a refusal says of a state.
fn words(state: &str) -> &'static str {
    match state {
        "in_review" => "is in review and can not be",
        "approved" => "is approved and can not be",
        "rejected" => "is rejected (it leaks) and can not be",
        _ => "is withdrawn and can not be",
    }
}

/// A version in each state.
async fn in_every_state(desk: &Desk) {
    let mut digests = Vec::new();
    for (_, version) in STATES {
        digests.push(desk.submitted(gateway(version, "acme")).await);
    }
    desk.approve("1.0.2", &digests[1]).await.expect(200);
    desk.reject("1.0.3", " it leaks ").await.expect(200);
    desk.does(&desk.author, "1.0.4", "withdraw", json!({})).await.expect(200);
}

async fn digest(desk: &Desk, version: &str) -> Value {
    let shown = desk.author.get(&format!("/plugins/small/versions/{version}")).await.expect(200);
    shown["submission"]["digest"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_move_is_refused_by_name() {
    let desk = Desk::open().await;
    in_every_state(&desk).await;
    let operator = desk.server.operator();
    let moves = [("approve", "in_review"), ("reject", "in_review"), ("withdraw", "in_review"), ("reset", "rejected")];
    for (state, version) in STATES {
        for (what, from) in moves.iter().filter(|(_, from)| *from != state) {
            let body = match *what {
                "approve" => json!({ "digest": digest(&desk, version).await }),
                "reject" => json!({ "reason": "no" }),
                _ => json!({}),
            };
            let said = desk.does(&operator, version, what, body).await.expect_problem(409, words(state));
            assert_eq!(said["type"], "urn:gatehouse:problem:conflict", "{what} of {from}");
            assert_eq!(desk.state(version).await, state, "{what}");
        }
    }
    // Uploading: the same bytes where they were turned down, other bytes where somebody may look at them.
    let rejected = desk.submit(gateway("1.0.3", "acme")).await.expect_problem(409, "is rejected (it leaks)");
    assert!(rejected["detail"].as_str().unwrap().contains("can not be submitted: upload other bytes"), "{rejected:#}");
    send(&operator, gateway("1.0.3", "acme")).await.expect_problem(409, "can not be submitted");
    desk.submit(build("1.0.1", otherwise)).await.expect_problem(409, "can not be submitted with other bytes");
    desk.submit(build("1.0.2", otherwise)).await.expect_problem(409, "exists with other bytes");
    for (state, version) in [STATES[0], STATES[1]] {
        let again = desk.submit(gateway(version, "acme")).await.expect(201);
        assert_eq!(again["submission"]["state"], state, "the same bytes change nothing");
    }
    // What nobody has is neither taken back nor deprecated, and what is in review not removed.
    let yank = desk.does(&desk.author, "1.0.1", "yank", json!({ "reason": "old" })).await;
    yank.expect_problem(409, "is not approved");
    desk.author.delete("/plugins/small/versions/1.0.1").await.expect_problem(409, "is in review");
    desk.author.delete("/plugins/small/versions/1.0.2").await.expect_problem(409, "is not yanked");
    for (state, version) in STATES {
        assert_eq!(desk.state(version).await, state);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_move_leads_where_it_should() {
    let desk = Desk::open().await;
    in_every_state(&desk).await;
    let operator = desk.server.operator();
    let shown = operator.get("/plugins/small/versions/1.0.3").await.expect(200);
    assert_eq!(shown["submission"]["decided"]["reason"], "it leaks");
    for (state, version) in STATES {
        assert_eq!(desk.queue(&operator, state).await, [version]);
    }
    desk.reject("1.0.1", "  ").await.expect_problem(422, "$.reason");
    let nothing = json!({ "digest": "0", "reson": "x" });
    desk.does(&operator, "1.0.1", "approve", nothing).await.expect_problem(422, "reson");
    desk.approve("9.9.9", "0").await.expect_problem(404, "small@9.9.9");
    operator.get("/plugins/submissions?state=lost").await.expect_problem(422, "state");

    // Reset, the rejected bytes may come again; withdrawn ones come again by themselves.
    desk.does(&operator, "1.0.3", "reset", json!({})).await.expect(200);
    assert_eq!(desk.state("1.0.3").await, "withdrawn");
    for version in ["1.0.3", "1.0.4"] {
        desk.submitted(gateway(version, "acme")).await;
    }
    // Turned down and taken back, they can be removed, with all that there was of them.
    desk.reject("1.0.3", "no").await.expect(200);
    desk.does(&desk.author, "1.0.4", "withdraw", json!({})).await.expect(200);
    for version in ["1.0.3", "1.0.4"] {
        desk.author.delete(&format!("/plugins/small/versions/{version}")).await.expect(204);
        desk.author.get(&format!("/plugins/small/versions/{version}")).await.expect_problem(404, version);
    }
    let desk = desk.killed();
    desk.submitted(gateway("1.0.3", "acme")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_is_no_longer_honest_is_not_approved() {
    let desk = Desk::open().await;
    send(&desk.server.operator(), gateway("1.0.0", "acme")).await.expect(201);
    let adding = desk.submitted(build("1.1.0", adds)).await;
    // Beside 1.0.0 it is honest; beside 1.1.0 it takes away what that has.
    let without = desk.submitted(gateway("1.1.1", "acme")).await;
    desk.approve("1.1.0", &adding).await.expect(200);
    let said = desk.approve("1.1.1", &without).await.expect_problem(409, "is not what it says");
    assert!(said["errors"].to_string().contains("against 1.1.0"), "{said:#}");
    assert_eq!(desk.state("1.1.1").await, "in_review");
}

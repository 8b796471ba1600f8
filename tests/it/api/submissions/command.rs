//! `gatehouse plugin status`: what it says of each state, and how it ends.

use std::process::Output;

use serde_json::{Value, json};

use super::Desk;
use crate::api::versions::dependencies::helper;

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// Asks as the operator.
fn ask(desk: &Desk, more: &[&str]) -> Output {
    let options = [&["plugin", "status", "small@1.0.0", "--url", &desk.server.base][..], more].concat();
    tokio::task::block_in_place(|| desk.server.command(&options))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_tells_the_state_and_waits_for_the_end() {
    let desk = Desk::open().await;
    let nothing = ask(&desk, &[]);
    assert_eq!(nothing.status.code(), Some(1));
    assert!(said(&nothing).contains("there is no plugin version `small@1.0.0`"), "{}", said(&nothing));
    let digest = desk.submitted(helper("small", "1.0.0", 2, "")).await;
    let waiting = ask(&desk, &[]);
    assert_eq!(waiting.status.code(), Some(0));
    assert!(said(&waiting).contains("small@1.0.0 is in_review") && said(&waiting).contains(&digest));
    let in_vain = ask(&desk, &["--wait=1"]);
    assert_eq!(in_vain.status.code(), Some(1));
    assert!(said(&in_vain).contains("is in_review after 1 s"), "{}", said(&in_vain));
    let bad = tokio::task::block_in_place(|| desk.server.command(&["plugin", "status", "small"]));
    assert_eq!(bad.status.code(), Some(2), "{}", said(&bad));

    // It waits for whoever decides.
    let operator = desk.server.operator();
    let reject = async move {
        operator.post("/plugins/small/versions/1.0.0/reject", json!({ "reason": "it leaks" })).await.expect(200)
    };
    let rejecting = tokio::spawn(reject);
    let waited = ask(&desk, &["--wait=60"]);
    rejecting.await.unwrap();
    assert_eq!(waited.status.code(), Some(1));
    assert!(said(&waited).contains("small@1.0.0 is rejected: it leaks"), "{}", said(&waited));
    let other = desk.submitted(helper("small", "1.0.0", 3, "")).await;
    desk.approve("1.0.0", &other).await.expect(200);
    let approved = ask(&desk, &["--wait", "--json"]);
    assert_eq!(approved.status.code(), Some(0), "{}", said(&approved));
    let shown: Value = serde_json::from_slice(&approved.stdout).unwrap();
    assert_eq!(shown["submission"]["state"], "approved", "{shown:#}");
}

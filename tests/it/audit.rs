//! The audit trail from outside: what is asked for and found, what proves it on a server that runs
//! and on data that none serves, and what an anchor file sees that nothing else can.

use std::path::Path;
use std::process::Output;

use ring::digest::{SHA256, digest};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};

use crate::harness::client::http;
use crate::harness::server::OPERATOR;
use crate::harness::story::payment;
use crate::harness::{Server, Story};

/// Where the tests' servers keep their anchor file, in the folder that they run in.
const ANCHOR: (&str, &str) = ("GATEHOUSE_AUDIT__ANCHOR_FILE", "anchor.jsonl");

fn items(list: &Value) -> &[Value] {
    list["items"].as_array().unwrap()
}

fn actions(list: &Value) -> Vec<&str> {
    items(list).iter().map(|entry| entry["action"].as_str().unwrap()).collect()
}

/// What a command said, with the exit code that it has to have.
#[track_caller]
fn said(output: &Output, code: i32) -> String {
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() { copy(&path, &to) } else { std::fs::copy(&path, &to).map(|_| ()).unwrap() }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_are_found_by_what_they_say() {
    let story = Story::begin().await;
    let path = format!("/integrations/{}", story.integration);
    for name in ["First", "Second", "Third"] {
        story.tenant.put(&path, json!({ "name": name })).await.expect(200);
    }
    let ask = async |query: &str| story.tenant.get(&format!("/audit?{query}")).await.expect(200);
    let all = ask("limit=200").await;
    let updated = ask("action=integration.updated").await;
    assert_eq!(actions(&updated), ["integration.updated"; 3]);
    assert!(actions(&ask("action=integration.").await).contains(&"integration.created"));
    let about = ask(&format!("target={}", story.integration)).await;
    assert_eq!(items(&about).len(), items(&all).iter().filter(|one| one["target"] == json!(story.integration)).count());
    let by = updated["items"][0]["actor"]["id"].as_str().unwrap();
    assert!(items(&ask(&format!("actor={by}")).await).len() >= 4);
    assert_eq!(items(&ask("actor=system").await), items(&ask("actor=system&action=").await));
    assert!(items(&ask("actor=operator").await).iter().all(|one| one["actor"]["kind"] == "operator"));

    // Page by page it is the same list, narrowed or not.
    for query in ["action=integration.", "actor=key"] {
        let whole = ask(&format!("{query}&limit=200")).await;
        let (mut found, mut next) = (Vec::new(), format!("{query}&limit=1"));
        loop {
            let page = ask(&next).await;
            assert!(items(&page).len() <= 1);
            found.extend(items(&page).to_vec());
            let Some(cursor) = page["next"].as_str() else { break };
            next = format!("{query}&limit=1&cursor={cursor}");
        }
        assert_eq!(found, items(&whole), "{query}");
    }
    // Each moment of an entry cuts the list where it says.
    let moments: Vec<&str> = items(&all).iter().map(|entry| entry["at"].as_str().unwrap()).collect();
    for at in [moments[0], moments[moments.len() / 2]] {
        let (before, since) = (ask(&format!("to={at}&limit=200")).await, ask(&format!("from={at}&limit=200")).await);
        let both = [items(&since), items(&before)].concat();
        assert_eq!(both, items(&all), "{at}");
        assert!(items(&since).iter().any(|entry| entry["at"] == at));
    }
    assert!(items(&ask("to=2020-01-01T00:00:00Z").await).is_empty());
    for (query, expect) in
        [("from=yesterday", "?from"), ("to=1", "?to"), ("cursor=!", "?cursor"), ("limit=0", "?limit")]
    {
        story.tenant.get(&format!("/audit?{query}")).await.expect_problem(422, expect);
    }
    for (query, expect) in
        [("number=1", "?hash"), ("hash=00", "?number"), ("number=x&hash=00", "?number"), ("number=1&hash=00", "hash")]
    {
        story.tenant.get(&format!("/audit/verify?{query}")).await.expect_problem(422, expect);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_kept_a_record_can_check_its_digest() {
    let server = Server::start(&[]);
    let operator = server.operator();
    let made = operator.post("/tenants", json!({ "name": "Acme", "metadata": { "plan": "gold" } })).await.expect(201);
    let path = format!("/tenants/{}", made["id"].as_str().unwrap());
    let raw = async || {
        let ask = http().get(format!("{}/api/v1{path}", server.base)).bearer_auth(OPERATOR);
        let bytes = ask.send().await.unwrap().bytes().await.unwrap();
        digest(&SHA256, &bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let first = raw().await;
    operator.put(&path, json!({ "name": "Acme again" })).await.expect(200);
    let second = raw().await;
    let trail =
        operator.get(&format!("/audit?action=tenant.&target={}", made["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(actions(&trail), ["tenant.updated", "tenant.created"]);
    let updated = &items(&trail)[0];
    assert_eq!((&updated["before"], &updated["after"]), (&json!(first), &json!(second)));
    assert_eq!(items(&trail)[1]["after"], json!(first));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_cut_off_with_all_that_told_of_it_is_missed() {
    let mut story = Story::begin_with(&[ANCHOR]).await;
    for _ in 0..2 {
        story.execute("PROCESS_PAYMENT", payment("a book")).await.expect(200);
    }
    // A server that runs holds its data, and proves a chain itself.
    let held = said(&story.server.command(&["audit", "verify"]), 1);
    assert!(held.contains("--url"), "{held}");
    let url = story.server.base.clone();
    let online = said(&story.server.command(&["audit", "verify", "--url", &url]), 0);
    assert!(online.starts_with("✓ operators"), "{online}");
    let key = said(&story.server.command(&["audit", "key", "--url", &url]), 0);

    // The end of a server in good order writes the uses of credentials, and a checkpoint.
    story.server = story.server.stop_and_restart();
    story.tenant = story.tenant.moved_to(&story.server);
    let uses = story.tenant.get("/audit?action=credential.used").await.expect(200);
    let used: u64 = items(&uses).iter().map(|entry| entry["count"].as_u64().unwrap()).sum();
    assert_eq!((used, &uses["items"][0]["target"]), (2, &json!(story.integration)), "{uses:#}");
    let told = story.server.operator().get("/audit/key").await.expect(200);
    assert_eq!(told["public_key"], key.trim());
    assert!(story.tenant.get("/audit/key").await.expect(200)["newest"].is_null(), "it names other tenants' chains");
    check_signature(&told);
    let anchor = story.server.place("anchor.jsonl").display().to_string();
    let url = story.server.base.clone();
    said(&story.server.command(&["audit", "verify", "--url", &url, "--anchor", &anchor]), 0);

    let stopped = story.server.kill();
    let offline = said(&stopped.command(&["audit", "verify", "--anchor", &anchor, "--json"]), 0);
    let report: Value = serde_json::from_str(&offline).unwrap();
    assert_eq!((&report["whole"], report["chains"].as_array().unwrap().len()), (&json!(true), 2), "{report:#}");
    assert_eq!(said(&stopped.command(&["audit", "key"]), 0), key);
    let tenant = report["chains"][1]["tenant"].as_str().unwrap();
    let one = said(&stopped.command(&["audit", "verify", "--tenant", tenant]), 0);
    assert!(one.starts_with(&format!("✓ {tenant}")), "{one}");

    // The whole folder goes back to what it was: to itself it is whole, to the anchor file it is not.
    let (data, older) = (stopped.data(), stopped.data().with_extension("older"));
    copy(&data, &older);
    let server = stopped.start_again();
    server.operator().post("/tenants", json!({ "name": "Soon forgotten" })).await.expect(201);
    let stopped = server.stop_and_restart().kill();
    said(&stopped.command(&["audit", "verify", "--anchor", &anchor]), 0);
    std::fs::remove_dir_all(&data).unwrap();
    std::fs::rename(&older, &data).unwrap();
    said(&stopped.command(&["audit", "verify"]), 0);
    let missed = said(&stopped.command(&["audit", "verify", "--anchor", &anchor]), 1);
    for expect in ["✗ operators", "cut off", "older copy"] {
        assert!(missed.contains(expect), "no {expect:?} in {missed}");
    }
    // A server on such data adds nothing behind what is newer, and says so.
    let before = std::fs::read(&anchor).unwrap();
    let server = stopped.start_again();
    server.operator().post("/tenants", json!({ "name": "Another" })).await.expect(201);
    let server = server.stop_and_restart();
    assert_eq!(std::fs::read(&anchor).unwrap(), before);
    crate::harness::eventually("the log says so", async || {
        server.output().contains("the anchor file of the audit trail is not kept").then_some(())
    })
    .await;
}

/// Who has the public key alone can check a checkpoint.
fn check_signature(told: &Value) {
    use base64::Engine as _;
    let bytes = |text: &Value| base64::engine::general_purpose::STANDARD.decode(text.as_str().unwrap()).unwrap();
    let one = &told["newest"];
    let line = |name: &str| one[name].as_str().map_or_else(|| one[name].to_string(), str::to_owned) + "\n";
    let names = ["number", "at", "chains", "entries", "root", "previous"];
    let text = names.iter().fold("gatehouse audit checkpoint v1\n".to_owned(), |text, name| text + &line(name));
    let key = bytes(&told["public_key"]);
    UnparsedPublicKey::new(&ED25519, &key).verify(text.as_bytes(), &bytes(&one["signature"])).unwrap();
}

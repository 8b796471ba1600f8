//! What a call is given and what it sees of the world.

use gatehouse_domain::guest::{Account, Registration};
use gatehouse_domain::webhook::Trust;
use gatehouse_runtime::egress::{Body, Method};
use gatehouse_runtime::{Answer, Change, Report, Target, Write};
use serde_json::{Map, Value, json};

use crate::guest::{Script, call, misbehave, misbehave_as, shared, text};

async fn run(target: Target, provider: &'static str) -> Report {
    let (runtime, plugin) = shared().await;
    runtime.call(plugin, target, call(Script::ok(provider))).await
}

fn ok(report: Report) -> Value {
    match report.outcome {
        Answer::Ok(value) => value,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_context_is_that_of_the_call() {
    let mut call = call(Script::ok(""));
    call.attempt = 3;
    call.account = Some(Account { id: "acct_1".to_owned(), display_name: None, live: true });
    let report = misbehave_as(call, json!({ "behaviour": "context" })).await;
    assert_eq!(text(&report), r#"{"shop":"acme"} key-1 3 acct_1 true"#);
}

#[tokio::test]
async fn a_request_arrives_at_the_egress_as_it_was_made() {
    let script = Script::ok("fine");
    misbehave_as(call(script.clone()), json!({ "behaviour": "send_header", "text": "/v1/x" })).await;
    misbehave_as(call(script.clone()), json!({ "behaviour": "send_bytes", "count": 3 })).await;
    let sent = script.sent.lock().unwrap();
    assert_eq!(sent.len(), 3);
    assert_eq!((sent[0].method, sent[0].url.as_str()), (Method::Get, "/v1/x"));
    assert_eq!(sent[0].headers, [("authorization".to_owned(), "mine".to_owned())]);
    assert_eq!((sent[1].method, &sent[1].body), (Method::Post, &Body::Bytes(b"xxx".to_vec())));
}

#[tokio::test]
async fn nothing_of_the_machine_can_be_seen() {
    let report = misbehave(json!({ "behaviour": "look_around" })).await;
    assert_eq!(text(&report), "0 variables, 0 arguments, files: false");
    let report = misbehave(json!({ "behaviour": "connect" })).await;
    assert!(text(&report).starts_with("Err("), "{report:?}");
}

#[tokio::test]
async fn random_numbers_are_random() {
    let first = misbehave(json!({ "behaviour": "random" })).await;
    let second = misbehave(json!({ "behaviour": "random" })).await;
    assert_ne!(text(&first), text(&second));
}

#[tokio::test]
async fn what_is_printed_or_logged_is_in_the_report_without_secrets() {
    let report = misbehave(json!({ "behaviour": "print", "text": "hello sk_live_canary" })).await;
    assert_eq!(report.log.len(), 1, "{report:?}");
    assert_eq!((report.log[0].level.as_str(), report.log[0].message.as_str()), ("info", "hello [secret]"));
    let report = misbehave(json!({ "behaviour": "log", "text": "a\u{7}b" })).await;
    assert_eq!(report.log[0].message, "ab");
    assert_eq!(report.log[0].fields, [("name".to_owned(), "value".to_owned())]);
}

#[tokio::test]
async fn nothing_survives_a_call() {
    for _ in 0..3 {
        let report = misbehave(json!({ "behaviour": "count" })).await;
        assert_eq!(text(&report), "1");
    }
}

#[tokio::test]
async fn a_connection_is_tested() {
    assert_eq!(ok(run(Target::ConnectionTest, "acct_9").await), json!({ "id": "acct_9", "live": false }));
}

#[tokio::test]
async fn a_webhook_is_parsed() {
    let headers = vec![("x-topic".to_owned(), "paid".to_owned())];
    let body = br#"{"id":"evt_1"}"#.to_vec();
    let report = run(Target::ParseWebhook { trust: Trust::Verified, headers: headers.clone(), body }, "").await;
    let expect = json!([{
        "id": "14 bytes", "kind": "payment.succeeded", "provider_kind": "x-topic",
        "occurred_at_ms": 5, "data": { "id": "evt_1" },
    }]);
    assert_eq!(ok(report), expect);
    let report = run(Target::ParseWebhook { trust: Trust::Verified, headers, body: b"[1]".to_vec() }, "").await;
    assert!(crate::guest::trap(&report).0.contains("not a JSON object"), "{report:?}");
}

#[tokio::test]
async fn records_are_pulled_and_pushed() {
    let pull = Target::SyncPull { entity: "customers".to_owned(), cursor: Some("c1".to_owned()), limit: 5 };
    let expect = json!({
        "records": [{ "id": "customers-5", "deleted": false, "data": { "a": 1 } }], "cursor": "c1", "complete": true,
    });
    assert_eq!(ok(run(pull, "").await), expect);
    let change = |deleted| Change { reference: format!("r-{deleted}"), id: None, deleted, data: Map::new() };
    let push = Target::SyncPush { entity: "customers".to_owned(), changes: vec![change(false), change(true)] };
    let outcomes = ok(run(push, "").await);
    assert_eq!(outcomes[0], json!({ "reference": "r-false", "ok": "{}" }));
    assert_eq!(outcomes[1]["error"]["kind"], "declined");
}

#[tokio::test]
async fn an_endpoint_is_registered_renewed_and_taken_away() {
    let refused = run(Target::ListRegistrations, "").await;
    assert!(matches!(&refused.outcome, Answer::Refused(error) if error.message == "no list"), "{refused:?}");
    let register = Target::Register { url: "u".to_owned(), events: vec!["a".to_owned(), "b".to_owned()] };
    let made = ok(run(register, "").await);
    let expect = json!({ "id": "reg b", "url": "u", "events": ["b"], "active": true, "expires_at_ms": 7 });
    assert_eq!((made.as_array().unwrap().len(), &made[1]), (2, &expect));
    let registration: Registration = serde_json::from_value(expect).unwrap();
    let renew = Target::RenewRegistration { registration, events: vec!["c".to_owned()] };
    let expect = json!({ "id": "reg b", "url": "u", "events": ["c"], "active": false, "expires_at_ms": null });
    assert_eq!(ok(run(renew, "").await), expect);
    assert_eq!(ok(run(Target::Unregister { id: "1".to_owned() }, "").await), Value::Null);
    let refused = run(Target::Unregister { id: String::new() }, "").await;
    assert!(matches!(&refused.outcome, Answer::Refused(error) if error.message == "no id"), "{refused:?}");
}

#[tokio::test]
async fn a_list_of_events_is_read_with_bodies_that_are_bytes() {
    let list = |since_ms, cursor: Option<&str>| Target::ListEvents {
        since_ms,
        events: vec!["paid".to_owned(), "lost".to_owned()],
        cursor: cursor.map(str::to_owned),
    };
    let expect = json!({ "cursor": "c1", "events": [
        { "id": "evt paid", "occurred_at_ms": 5, "body": { "text": "paid" } },
        { "id": "evt lost", "occurred_at_ms": 6, "body": { "base64": "/wE=" } },
    ] });
    assert_eq!(ok(run(list(5, Some("c1")), "").await), expect);
    assert_eq!(ok(run(list(5, None), "").await)["cursor"], Value::Null);
    let refused = run(list(0, None), "").await;
    assert!(matches!(&refused.outcome, Answer::Refused(error) if error.message == "no list"), "{refused:?}");
}

#[tokio::test]
async fn an_outcome_is_looked_up_and_its_result_is_checked() {
    let look_up = |capability: &str, reference: &str| {
        Target::LookUp(Write {
            capability: capability.to_owned(),
            parameters: json!({ "a": 1 }),
            reference: reference.to_owned(),
            first_sent_at_ms: 1,
            last_sent_at_ms: 2,
        })
    };
    let check = async |capability: &str, reference: &str, expect: Value| {
        assert_eq!(ok(run(look_up(capability, reference), "").await), expect, "{capability} {reference}");
    };
    check("ADD_NUMBERS", "absent", json!({ "kind": "absent" })).await;
    check("ADD_NUMBERS", "pending", json!({ "kind": "pending" })).await;
    check("ADD_NUMBERS", "7", json!({ "kind": "done", "value": 7 })).await;
    check("ADD_NUMBERS", "7.0", json!({ "kind": "done", "value": 7 })).await;
    check("DO_NOTHING", "null", json!({ "kind": "done", "value": null })).await;
    let refused = ok(run(look_up("ADD_NUMBERS", "refused"), "").await);
    assert_eq!(refused["kind"], "refused");
    assert_eq!((&refused["value"]["kind"], &refused["value"]["message"]), (&json!("declined"), &json!(r#"{"a":1}"#)));
    let report = run(look_up("ADD_NUMBERS", "error"), "").await;
    assert!(matches!(&report.outcome, Answer::Refused(error) if error.message == "no list"), "{report:?}");
    for (capability, reference, says) in [
        ("ADD_NUMBERS", "-1", "out of range"),
        ("ADD_NUMBERS", "{", "is not JSON"),
        ("ADD_NUMBERS", "\"7\"", "must be an integer"),
        ("DO_NOTHING", "7", "must be null"),
        ("FLY", "7", "there is no capability"),
    ] {
        let report = run(look_up(capability, reference), "").await;
        assert!(crate::guest::trap(&report).0.contains(says), "{report:?}");
    }
}

//! The harness on a gateway of two domains: messages and invoices, read and written through fixtures.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

#[path = "../examples/harbour.rs"]
#[allow(unreachable_pub, missing_docs, reason = "the example is a crate of its own")]
mod harbour;

use std::path::Path;

use gatehouse_sdk::harness::{self, Gateway};
use harbour::Harbour;
use serde_json::{Value, json};

/// Plays one case of a function and answers what the harness has against it.
fn play(function: &str, input: &Value, exchange: &Value, outcome: (&str, &Value)) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let case = folder.path().join(function).join("case");
    std::fs::create_dir_all(&case).unwrap();
    let write = |name: &str, value: &Value| std::fs::write(case.join(name), value.to_string()).unwrap();
    write("input.json", input);
    write("exchange.json", exchange);
    write(outcome.0, outcome.1);
    let report = harness::check::<Harbour>(Path::new(folder.path()), false).unwrap_err();
    // The other functions have no case here, which is not what is looked at.
    let problems: Vec<&str> =
        report.split("\n\n").skip(1).filter(|problem| !problem.contains("no case for the exported function")).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

fn document(id: &str, total: f64) -> Value {
    json!({"id": id, "customer": "c1", "currency": "EUR", "paid": false, "total": total, "open": total,
        "due": "2026-03-31", "changed": "/Date(1772353800000+0000)/"})
}

fn invoice(id: &str, minor_units: i64) -> Value {
    let money = json!({"minor_units": minor_units, "currency": "EUR"});
    json!({"id": id, "status": "open", "contact": "c1", "due_on": "2026-03-31", "tax_mode": "none", "lines": [],
        "total": money, "due": money, "updated_at_ms": 1_772_353_800_000_u64})
}

#[test]
fn every_function_of_both_domains_is_known() {
    assert_eq!(Harbour::functions(), ["send-message", "get-message", "create-invoice", "get-invoice", "sync-invoices"]);
    assert!(Harbour::call("process-payment", &json!({})).is_none());
}

#[test]
fn a_message_is_sent_and_its_errors_have_their_kind() {
    let input = json!({"to": "r1", "text": "Grüße"});
    let sent = json!({"method": "POST", "path": "/messages", "json": {"room": "r1", "text": "Grüße"},
        "idempotency_key": "fixture-key:message"});
    let answer = |status: u16, json: Value| json!([{"request": sent, "response": {"status": status, "json": json}}]);
    let good = json!({"id": "m1", "room": "r1", "text": "Grüße", "at": "1772353800.25"});
    let message =
        json!({"id": "m1", "status": "sent", "to": "r1", "text": "Grüße", "sent_at_ms": 1_772_353_800_250_u64});
    play("send-message", &input, &answer(201, good), ("output.json", &message)).unwrap();
    for (status, body, kind) in [
        (400, json!({"code": "no_such_room", "message": "where?"}), "not_found"),
        (400, json!({"message": "what?"}), "invalid_input"),
        (409, json!({"code": "closed_period"}), "conflict"),
        (429, json!({}), "rate_limited"),
        (502, json!("bad gateway"), "unknown_outcome"),
        (201, json!({"id": "m1", "room": "r1", "text": "Grüße", "at": "now"}), "unknown_outcome"),
    ] {
        play("send-message", &input, &answer(status, body), ("error.json", &json!({"kind": kind}))).unwrap();
    }
    let wrong = play("send-message", &json!({"to": "r1", "txt": "x"}), &json!([]), ("output.json", &json!({})));
    assert!(wrong.unwrap_err().contains("unknown field `txt`"));
}

#[test]
fn invoices_are_created_and_paged() {
    let money = json!({"minor_units": 1999, "currency": "EUR"});
    let input = json!({"contact": "c1", "currency": "EUR", "due_on": "2026-03-31",
        "lines": [{"description": "Berth", "quantity": "1.5", "unit_price": money}]});
    let sent = json!({"customer": "c1", "currency": "EUR", "due": "2026-03-31", "reference": null,
        "lines": [{"text": "Berth", "quantity": "1.5", "price": 19.99}]});
    let exchange = json!([{"request": {"method": "POST", "path": "/documents", "json": sent},
        "response": {"status": 201, "json": document("i1", 29.99)}}]);
    play("create-invoice", &input, &exchange, ("output.json", &invoice("i1", 2999))).unwrap();

    let bad = json!({"contact": "c1", "currency": "EUR", "lines": [], "due_on": "31.3."});
    play("create-invoice", &bad, &json!([]), ("error.json", &json!({"kind": "invalid_input"}))).unwrap();

    let page = |cursor: &str, found: Value| {
        let query = json!([["page", cursor], ["size", "2"]]);
        json!([{"request": {"method": "GET", "path": "/documents", "query": query}, "response": {"status": 200, "json": found}}])
    };
    let (first, second) = (json!([document("i1", 0.1), document("i2", 1e6)]), json!([document("i3", 7.0)]));
    let expect = json!({"items": [invoice("i1", 10), invoice("i2", 100_000_000)], "next": "2"});
    play("sync-invoices", &json!({"limit": 2}), &page("1", first), ("output.json", &expect)).unwrap();
    let expect = json!({"items": [invoice("i3", 700)]});
    play("sync-invoices", &json!({"limit": 2, "cursor": "2"}), &page("2", second), ("output.json", &expect)).unwrap();
    let refused = json!({"kind": "invalid_input"});
    play("sync-invoices", &json!({"cursor": "x"}), &json!([]), ("error.json", &refused)).unwrap();
}

//! Plays every fixture, proves what every gateway has to show, and checks what is Docusign's own.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it skips"
)]

use std::path::Path;

use gatehouse_domain::capability::Effect;
use gatehouse_domain::manifest::{Idempotency, Manifest};
use gatehouse_plugin_docusign::Docusign;
use gatehouse_proof::{Claims, Document, Rules, Source, mock, prove};
use gatehouse_sdk::harness;
use gatehouse_sdk::harness::fixture;
use serde_json::{Value, json};

const MANIFEST: &str = include_str!("../plugin.toml");

/// Why templates are beyond the description.
const CUT: &str = "the file does not have templates";
/// Why the mock is not asked for each page: it takes a second to find that it can not make up an envelope.
const SAME: &str = "the same request with another value, which takes the mock long";

#[test]
fn every_fixture_plays() {
    harness::run::<Docusign>("fixtures");
}

#[test]
fn every_function_is_proven() {
    prove::<Docusign>(&claims());
}

#[test]
fn a_peer_made_of_the_description_understands_every_request() {
    mock::understands::<Docusign>(&claims());
}

fn claims() -> Claims<'static> {
    Claims {
        manifest: MANIFEST,
        source: Source::Provider,
        rules: Rules {
            documents: &[Document { file: "docusign.json", strip: "/restapi", prepend: "" }],
            odd_requests: &["list-document-templates/*"],
            odd_responses: &["*/malformed_answer", "*/answer_of_another_shape"],
            ..Rules::default()
        },
        beyond_mock: &[
            ("pull/last_page", SAME),
            ("pull/one_at_a_time", SAME),
            ("pull/same_moment", SAME),
            ("pull/second_page", SAME),
            ("sync-envelopes/last_page", SAME),
            ("sync-envelopes/none", SAME),
            ("sync-envelopes/only_completed", SAME),
            ("sync-envelopes/only_declined", SAME),
            ("sync-envelopes/only_draft", SAME),
            ("sync-envelopes/only_voided", SAME),
            ("sync-envelopes/second_page", SAME),
        ],
        exceptions: &[("list-document-templates/document", CUT), ("parse/peer", "the scheme is tested in the host")],
        ..Claims::default()
    }
}

/// The file is one whole delivery, with every field that there may be.
#[test]
fn every_delivery_has_fields_of_docusigns_own_example() {
    let Some(folder) = std::env::var_os("GATEHOUSE_SPECS") else {
        println!("skipped: set GATEHOUSE_SPECS to the folder with docusign-connect.json");
        return;
    };
    let text = std::fs::read_to_string(Path::new(&folder).join("docusign-connect.json")).unwrap();
    let whole: Value = serde_json::from_str(&text).unwrap();
    let mut checked = 0;
    for case in fixture::cases("fixtures").iter().filter(|case| case.function == "parse") {
        let Some(Ok(body)) = case.input["body"].as_str().map(serde_json::from_str::<Value>) else { continue };
        // What is passed on as it is may have any shape.
        if body["event"].as_str().is_some_and(|event| !event.starts_with("template-")) {
            checked += 1;
            assert_eq!(unknown(&whole, &body, "$"), None, "{}", case.folder.display());
        }
    }
    assert!(checked > 15, "{checked}");
    assert_eq!(unknown(&whole, &json!({"data": {"odd": 1}}), "$").as_deref(), Some("$.data.odd"));
}

/// The first field that the example does not have; an entry of a list is like the example's first.
fn unknown(whole: &Value, part: &Value, place: &str) -> Option<String> {
    match part {
        Value::Object(fields) => fields.iter().find_map(|(name, field)| {
            let place = format!("{place}.{name}");
            match whole.get(name) {
                Some(known) => unknown(known, field, &place),
                None => Some(place),
            }
        }),
        Value::Array(items) => items.iter().find_map(|item| unknown(whole.get(0)?, item, place)),
        _ => None,
    }
}

#[test]
fn only_a_reminder_can_neither_be_repeated_nor_looked_up() {
    for (code, rules) in &Manifest::from_toml(MANIFEST).unwrap().capabilities {
        let same = rules.idempotency == Idempotency::Body && rules.window_hours.is_some();
        let looked_up = rules.absent_after_seconds.is_some();
        assert_eq!(same || looked_up, rules.effect == Effect::Write && code != "REMIND_SIGNERS", "{code}");
        assert!(!(same && looked_up), "{code}");
    }
}

//! Plays every fixture, proves what every gateway has to show, and checks what is Docusign's own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use gatehouse_domain::capability::Effect;
use gatehouse_domain::manifest::{Idempotency, Manifest};
use gatehouse_plugin_docusign::Docusign;
use gatehouse_proof::{Claims, Document, Rules, Source, mock, prove};
use gatehouse_sdk::harness;

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

#[test]
fn only_a_reminder_can_neither_be_repeated_nor_looked_up() {
    for (code, rules) in &Manifest::from_toml(MANIFEST).unwrap().capabilities {
        let same = rules.idempotency == Idempotency::Body && rules.window_hours.is_some();
        let looked_up = rules.absent_after_seconds.is_some();
        assert_eq!(same || looked_up, rules.effect == Effect::Write && code != "REMIND_SIGNERS", "{code}");
        assert!(!(same && looked_up), "{code}");
    }
}

//! Plays every fixture, proves what every gateway has to show, and checks what is Mailchimp's own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use gatehouse_plugin_mailchimp::Mailchimp;
use gatehouse_proof::{Claims, Document, Rules, Source, each_write_is_safe, mock, prove};
use gatehouse_sdk::harness;

const MANIFEST: &str = include_str!("../plugin.toml");

#[test]
fn every_fixture_plays() {
    harness::run::<Mailchimp>("fixtures");
}

#[test]
fn every_function_is_proven() {
    prove::<Mailchimp>(&claims());
}

#[test]
fn a_peer_made_of_the_description_understands_every_request() {
    mock::understands::<Mailchimp>(&claims());
}

fn claims() -> Claims<'static> {
    Claims {
        manifest: MANIFEST,
        source: Source::Provider,
        rules: Rules {
            documents: &[Document { file: "mailchimp.json", strip: "/3.0", prepend: "" }],
            // The file has neither the root nor the reports.
            odd_requests: &["test/*", "get-campaign-report/*", "save-subscriber/audience_stays_in_its_segment"],
            // Mailchimp writes a moment that is not there as an empty text.
            odd_responses: &[
                "*/answer_of_another_shape",
                "*/unknown_status",
                "get-campaign/not_sent_yet",
                "get-subscriber/moment_of_another_form",
                "get-subscriber/without_fields_and_tags",
            ],
            ..Rules::default()
        },
        exceptions: &[
            ("test/document", "the file does not have the root"),
            ("get-campaign-report/document", "the file does not have the reports"),
        ],
        ..Claims::default()
    }
}

#[test]
fn each_write_is_either_safe_to_repeat_or_can_be_looked_up() {
    each_write_is_safe(MANIFEST);
}

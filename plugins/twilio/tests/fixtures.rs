//! Plays every fixture, proves what every gateway has to show, and checks what is Twilio's own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use gatehouse_domain::capability::Effect;
use gatehouse_domain::manifest::{Idempotency, Manifest};
use gatehouse_plugin_twilio::Twilio;
use gatehouse_proof::{Claims, Document, Rules, Source, mock, prove};
use gatehouse_sdk::harness;
use gatehouse_sdk::harness::fixture;

const MANIFEST: &str = include_str!("../plugin.toml");

#[test]
fn every_fixture_plays() {
    harness::run::<Twilio>("fixtures");
}

#[test]
fn every_function_is_proven() {
    prove::<Twilio>(&claims());
}

#[test]
fn a_peer_made_of_the_description_understands_every_request() {
    mock::understands::<Twilio>(&claims());
}

fn claims() -> Claims<'static> {
    Claims {
        manifest: MANIFEST,
        source: Source::Provider,
        rules: Rules {
            documents: &[Document { file: "twilio.json", strip: "", prepend: "" }],
            odd_requests: &["get-message/id_stays_in_its_segment"],
            odd_responses: &["*/answer_of_another_shape", "*/unknown_status"],
            ..Rules::default()
        },
        beyond_mock: &[("send-message/media_without_text", "Prism does not take one value of a form for a list")],
        peers: &[("parse", "twilio's library signs")],
        ..Claims::default()
    }
}

#[test]
fn no_write_is_repeated_and_each_can_be_looked_up() {
    for (code, rules) in &Manifest::from_toml(MANIFEST).unwrap().capabilities {
        assert_eq!((&rules.idempotency, rules.window_hours), (&Idempotency::None, None), "{code}");
        assert_eq!(rules.absent_after_seconds.is_some(), rules.effect == Effect::Write, "{code}");
    }
    assert!(fixture::requests("fixtures").iter().all(|(_, request)| request.idempotency_key.is_none()));
}

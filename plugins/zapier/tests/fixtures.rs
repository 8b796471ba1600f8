//! Plays every fixture, proves what every gateway has to show, and checks what is Zapier's own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use gatehouse_domain::manifest::{Idempotency, Manifest};
use gatehouse_domain::webhook::Trust;
use gatehouse_plugin_zapier::Zapier;
use gatehouse_proof::{Claims, Source, prove};
use gatehouse_sdk::harness;

const MANIFEST: &str = include_str!("../plugin.toml");

#[test]
fn every_fixture_plays() {
    harness::run::<Zapier>("fixtures");
}

#[test]
fn every_function_is_proven() {
    prove::<Zapier>(&Claims {
        manifest: MANIFEST,
        source: Source::Pages,
        exceptions: &[("*/peer", "none can be installed")],
        ..Claims::default()
    });
}

#[test]
fn a_trigger_is_never_repeated_and_a_zap_shows_a_token() {
    let manifest = Manifest::from_toml(MANIFEST).unwrap();
    let rules = manifest.capabilities.get("TRIGGER_WORKFLOW").unwrap();
    assert_eq!((&rules.idempotency, rules.window_hours, rules.absent_after_seconds), (&Idempotency::None, None, None));
    let webhook = manifest.webhook.unwrap();
    assert_eq!((webhook.trust(), webhook.fields()), (Trust::Authenticated, vec!["webhook_token"]));
    assert!(webhook.hides("x-gatehouse-token"));
}

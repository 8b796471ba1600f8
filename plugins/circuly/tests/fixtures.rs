//! Plays every fixture and proves what every gateway has to show. Circuly publishes no description: the README says what
//! the requests and answers were taken from.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use gatehouse_domain::capability::Effect;
use gatehouse_domain::manifest::{Manifest, SyncDirection};
use gatehouse_plugin_circuly::Circuly;
use gatehouse_proof::{Claims, Source, prove};
use gatehouse_sdk::harness;

const MANIFEST: &str = include_str!("../plugin.toml");

#[test]
fn every_fixture_plays() {
    harness::run::<Circuly>("fixtures");
}

#[test]
fn every_function_is_proven() {
    prove::<Circuly>(&Claims {
        manifest: MANIFEST,
        source: Source::Pages,
        peers: &[("*", "none can be installed")],
        exceptions: &[("pull/a deleted record", "circuly does not tell what is gone; the host sees what is missing")],
        ..Claims::default()
    });
}

#[test]
fn nothing_is_written() {
    let manifest = Manifest::from_toml(MANIFEST).unwrap();
    assert!(manifest.capabilities.values().all(|rules| rules.effect == Effect::Read));
    assert!(manifest.egress.allow.iter().all(|rule| rule.methods == ["GET"]));
    assert!(manifest.sync.values().all(|rules| rules.direction == SyncDirection::Pull));
}

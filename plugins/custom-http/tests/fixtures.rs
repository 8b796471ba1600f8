//! Plays every fixture, proves what every gateway has to show, and checks what is this one's own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use gatehouse_domain::manifest::{Manifest, ReadBy};
use gatehouse_plugin_custom_http::Http;
use gatehouse_proof::{Claims, Source, prove};
use gatehouse_sdk::harness;

const MANIFEST: &str = include_str!("../plugin.toml");

#[test]
fn every_fixture_plays() {
    harness::run::<Http>("fixtures");
}

#[test]
fn every_function_is_proven() {
    prove::<Http>(&Claims {
        manifest: MANIFEST,
        source: Source::Pages,
        exceptions: &[("*/peer", "the service is the tenant's own")],
        ..Claims::default()
    });
}

#[test]
fn each_way_to_authenticate_is_one_that_the_settings_name() {
    let manifest = Manifest::from_toml(MANIFEST).unwrap();
    let schemes: BTreeSet<_> = manifest.auth.iter().map(|scheme| scheme.name.as_str()).collect();
    let named = manifest.settings.pointer("/properties/auth/enum").and_then(|all| all.as_array()).unwrap();
    assert_eq!(schemes, named.iter().filter_map(|name| name.as_str()).collect());
}

#[test]
fn there_is_nowhere_to_go_without_an_address_and_only_a_query_is_a_read() {
    let manifest = Manifest::from_toml(MANIFEST).unwrap();
    assert!(manifest.egress.allow.iter().all(|rule| rule.host == "service.invalid"));
    assert!(manifest.egress.allow.iter().all(|rule| rule.reads != Some(ReadBy::Path)));
}

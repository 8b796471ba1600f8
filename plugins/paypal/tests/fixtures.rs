//! Plays every fixture, proves what every gateway has to show, and checks what is `PayPal`'s own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use gatehouse_domain::integration::Environment;
use gatehouse_domain::manifest::{Idempotency, Manifest};
use gatehouse_plugin_paypal::Paypal;
use gatehouse_proof::{Claims, Document, Rules, Source, mock, prove};
use gatehouse_sdk::harness;
use gatehouse_sdk::harness::fixture;

const MANIFEST: &str = include_str!("../plugin.toml");

#[test]
fn every_fixture_plays() {
    harness::run::<Paypal>("fixtures");
}

#[test]
fn every_function_is_proven() {
    with_claims(prove::<Paypal>);
}

#[test]
fn a_peer_made_of_the_description_understands_every_request() {
    with_claims(mock::understands::<Paypal>);
}

fn with_claims(check: impl FnOnce(&Claims<'_>)) {
    let files = ["paypal-orders-v2.json", "paypal-payments-v2.json", "paypal-webhooks-v1.json"];
    check(&Claims {
        manifest: MANIFEST,
        source: Source::Provider,
        rules: Rules {
            documents: &files.map(|file| Document { file, ..Document::default() }),
            odd_requests: &["*/id_stays_in_its_segment"],
            // Answers that make no sense, and 429, which is not described.
            odd_responses: &[
                "*/answer_of_another_shape",
                "*/rate_limited",
                "*/rate_limited_with_a_wait",
                "*/token_expired",
                "*/unknown_status",
            ],
            ..Rules::default()
        },
        exceptions: &[("parse/peer", "its certificates are at the provider; the scheme is tested in the host")],
        ..Claims::default()
    });
}

#[test]
fn the_environment_chooses_the_host() {
    let egress = Manifest::from_toml(MANIFEST).unwrap().egress;
    assert_eq!(egress.base_in(Environment::Live), "https://api-m.paypal.com");
    assert_eq!(egress.base_in(Environment::Sandbox), "https://api-m.sandbox.paypal.com");
}

#[test]
fn every_write_but_a_void_has_a_key_that_paypal_takes() {
    for (name, request) in fixture::requests("fixtures") {
        let keyed = request.method == "POST" && !request.path.ends_with("/void");
        assert_eq!(keyed, request.idempotency_key.is_some(), "{name}");
        assert!(request.idempotency_key.is_none_or(|key| (1..=108).contains(&key.len())), "{name}");
    }
    let manifest = Manifest::from_toml(MANIFEST).unwrap();
    let windows = manifest.capabilities.iter().filter(|(_, rules)| rules.idempotency != Idempotency::None);
    let windows: Vec<_> = windows.map(|(code, rules)| (code.as_str(), rules.window_hours.unwrap())).collect();
    let expect =
        [("CAPTURE_PAYMENT", 6), ("CREATE_PAYMENT_LINK", 6), ("PROCESS_PAYMENT", 6), ("REFUND_PAYMENT", 45 * 24)];
    assert_eq!(windows, expect);
}

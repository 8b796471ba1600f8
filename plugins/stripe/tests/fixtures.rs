//! Plays every fixture, proves what every gateway has to show, and checks what is Stripe's own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use gatehouse_domain::capability::Effect;
use gatehouse_domain::manifest::{Idempotency, Manifest};
use gatehouse_plugin_stripe::Stripe;
use gatehouse_proof::{Claims, Document, Rules, Source, mock, prove};
use gatehouse_sdk::harness;
use gatehouse_sdk::harness::fixture;

const MANIFEST: &str = include_str!("../plugin.toml");

#[test]
fn every_fixture_plays() {
    harness::run::<Stripe>("fixtures");
}

#[test]
fn every_function_is_proven() {
    prove::<Stripe>(&claims());
}

#[test]
fn a_peer_made_of_the_description_understands_every_request() {
    mock::understands::<Stripe>(&claims());
}

fn claims() -> Claims<'static> {
    Claims {
        manifest: MANIFEST,
        source: Source::Provider,
        rules: Rules {
            documents: &[Document { file: "stripe-unexpanded.json", strip: "", prepend: "" }],
            odd_requests: &["*/id_stays_in_its_segment"],
            // Answers of older and of newer versions, and answers that make no sense.
            odd_responses: &[
                "*/answer_of_another_shape",
                "*/malformed_answer",
                "*/old_api_charges_inside",
                "*/old_api_expanded_charge",
                "*/unknown_status",
                "create-payment-link/total_not_told",
                "get-payment/canceled",
                "look-up/payment_of_unknown_status",
                "sync-transactions/all_kinds",
                "test/no_such_call",
            ],
            ..Rules::default()
        },
        beyond_mock: &[
            ("create-payment-link", "localstripe has no links, Prism does not read lists of objects in a form"),
            ("list-events", "Prism wants all fields of an optional object in a query"),
            ("look-up/link_absent_after_older_ones", "Prism wants all fields of an optional object in a query"),
            ("look-up/link_done", "Prism wants all fields of an optional object in a query"),
        ],
        peers: &[
            ("create-customer-profile", "localstripe"),
            ("get-payment", "localstripe"),
            ("parse", "localstripe, stripe's library signs"),
            ("process-payment", "localstripe"),
            ("refund-payment", "localstripe"),
            ("sync-transactions", "localstripe"),
        ],
        exceptions: &[("test/Forbidden", "a restricted key may not read its account")],
    }
}

#[test]
fn each_write_has_a_key() {
    for (name, request) in fixture::requests("fixtures") {
        assert_eq!(request.method == "POST", request.idempotency_key.is_some(), "{name}");
    }
    for (code, rules) in &Manifest::from_toml(MANIFEST).unwrap().capabilities {
        let has_key = matches!(&rules.idempotency, Idempotency::Header { name } if name == "Idempotency-Key");
        assert_eq!(has_key, rules.effect == Effect::Write, "{code}");
    }
}

#[test]
fn the_credential_schema_admits_stripe_keys_only() {
    let manifest = Manifest::from_toml(MANIFEST).unwrap();
    let pattern = |field: &str| manifest.credentials["properties"][field]["pattern"].as_str().unwrap().to_owned();
    for (field, prefix) in [("secret_key", "^(sk|rk)_(test|live)_"), ("webhook_secret", "^whsec_")] {
        assert!(pattern(field).starts_with(prefix));
        assert_eq!(manifest.credentials["properties"][field]["writeOnly"], true);
    }
}

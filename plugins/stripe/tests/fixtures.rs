//! Plays every fixture, and checks what a fixture alone does not show: that the manifest allows
//! each request, and that Stripe's own description of its API knows it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, helpers included"
)]

use std::collections::BTreeSet;
use std::path::Path;

use gatehouse_domain::manifest::{Idempotency, Manifest};
use gatehouse_plugin_stripe::Stripe;
use gatehouse_sdk::conformance::{self, Document, Rules};
use gatehouse_sdk::harness::fixture::{self, Case, ExpectedRequest};
use gatehouse_sdk::harness::{self, Gateway};

fn manifest() -> Manifest {
    Manifest::from_toml(include_str!("../plugin.toml")).unwrap()
}

fn cases() -> Vec<Case> {
    let mut problems = Vec::new();
    let cases = fixture::load(Path::new("fixtures"), &mut problems);
    assert_eq!(problems, Vec::<String>::new());
    cases
}

fn requests() -> Vec<(String, ExpectedRequest)> {
    let all = cases().into_iter();
    all.flat_map(|case| {
        let name = case.folder.display().to_string();
        case.exchange.into_iter().map(move |exchange| (name.clone(), exchange.request))
    })
    .collect()
}

#[test]
fn every_fixture_plays() {
    harness::run::<Stripe>("fixtures");
}

#[test]
fn the_manifest_allows_every_request_and_allows_nothing_more() {
    let manifest = manifest();
    let mut used = BTreeSet::new();
    for (name, request) in requests() {
        let rules = manifest.egress.allow.iter().flat_map(|rule| rule.paths.iter().map(move |glob| (rule, glob)));
        let path = &request.path;
        let found = rules
            .filter(|(rule, _)| rule.covers(&request.method, path))
            .find(|(_, glob)| gatehouse_domain::manifest::egress::path_matches(glob, path));
        let (_, glob) = found.unwrap_or_else(|| panic!("{name}: {} {path} is not allowed", request.method));
        used.insert((request.method, glob.clone()));
    }
    for rule in &manifest.egress.allow {
        for (method, path) in rule.methods.iter().flat_map(|method| rule.paths.iter().map(move |path| (method, path))) {
            assert!(used.contains(&(method.clone(), path.clone())), "{method} {path} is allowed and never used");
        }
    }
}

#[test]
fn the_manifest_has_rules_for_every_capability_and_each_write_has_a_key() {
    let manifest = manifest();
    let codes = Stripe::functions().into_iter().filter(|function| !["test", "parse", "look-up"].contains(function));
    let codes: BTreeSet<_> = codes.map(gatehouse_domain::capability::code_of).collect();
    assert_eq!(codes, manifest.capabilities.keys().cloned().collect());
    for (name, request) in requests() {
        assert_eq!(request.method == "POST", request.idempotency_key.is_some(), "{name}");
    }
    for (code, rules) in &manifest.capabilities {
        let has_key = matches!(&rules.idempotency, Idempotency::Header { name } if name == "Idempotency-Key");
        assert_eq!(has_key, rules.effect == gatehouse_domain::capability::Effect::Write, "{code}");
    }
}

#[test]
fn the_manifest_lists_the_events_that_the_fixtures_normalise() {
    let mut normalised = BTreeSet::new();
    for case in cases().into_iter().filter(|case| case.function == "parse") {
        let Some(fixture::Expect::Output(events)) = case.expect else { continue };
        for event in events.as_array().unwrap() {
            if event["kind"] != "provider.event" {
                normalised.insert(event["provider_kind"].as_str().unwrap().to_owned());
            }
        }
    }
    let listed: BTreeSet<_> = manifest().webhook.unwrap().events.into_iter().collect();
    assert_eq!(normalised, listed);
}

#[test]
fn the_credential_schema_admits_stripe_keys_only() {
    let manifest = manifest();
    let pattern = |field: &str| manifest.credentials["properties"][field]["pattern"].as_str().unwrap().to_owned();
    for (field, prefix) in [("secret_key", "^(sk|rk)_(test|live)_"), ("webhook_secret", "^whsec_")] {
        assert!(pattern(field).starts_with(prefix));
        assert_eq!(manifest.credentials["properties"][field]["writeOnly"], true);
    }
}

#[test]
fn stripes_own_description_knows_every_request_and_response() {
    let rules = Rules {
        documents: &[Document { file: "stripe-unexpanded.json", ..Document::default() }],
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
    };
    let Some(checked) = conformance::run("fixtures", &rules) else { return };
    assert!(checked.requests > 90 && checked.responses > 60, "{checked:?}");
}

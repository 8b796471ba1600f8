//! Plays every fixture, and checks what a fixture alone does not show: that the manifest allows each request and
//! no more, and that it tells the truth about capabilities and events.
//!
//! Razorpay publishes no description of its API; the README lists the pages that the requests were taken from.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, helpers included"
)]

use std::collections::BTreeSet;
use std::path::Path;

use gatehouse_domain::capability::{Effect, code_of};
use gatehouse_domain::manifest::egress::path_matches;
use gatehouse_domain::manifest::{Idempotency, Manifest};
use gatehouse_plugin_razorpay::Razorpay;
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

fn requests() -> impl Iterator<Item = (String, ExpectedRequest)> {
    cases().into_iter().flat_map(|case| {
        let name = case.folder.display().to_string();
        case.exchange.into_iter().map(move |exchange| (name.clone(), exchange.request))
    })
}

#[test]
fn every_fixture_plays() {
    harness::run::<Razorpay>("fixtures");
}

#[test]
fn the_manifest_allows_every_request_and_allows_nothing_more() {
    let allow = manifest().egress.allow;
    let mut used = BTreeSet::new();
    for (name, request) in requests() {
        let globs = allow.iter().filter(|rule| rule.methods.contains(&request.method)).flat_map(|rule| &rule.paths);
        let fitting: Vec<_> = globs.filter(|glob| path_matches(glob, &request.path)).collect();
        assert!(!fitting.is_empty(), "{name}: {} {} is not allowed", request.method, request.path);
        // Where two fit, as for the list of a record's payments, the exact one is the one that is used.
        let exact = fitting.iter().min_by_key(|glob| glob.matches('*').count()).unwrap();
        used.insert((request.method, (*exact).clone()));
    }
    for (method, path) in
        allow.iter().flat_map(|rule| rule.methods.iter().flat_map(|m| rule.paths.iter().map(move |p| (m, p))))
    {
        assert!(used.contains(&(method.clone(), path.clone())), "{method} {path} is allowed and never used");
    }
}

#[test]
fn the_manifest_has_rules_for_every_capability_and_refunds_alone_have_a_key() {
    let manifest = manifest();
    let codes = Razorpay::functions().into_iter().filter(|function| !["test", "parse", "look-up"].contains(function));
    assert_eq!(codes.map(code_of).collect::<BTreeSet<_>>(), manifest.capabilities.keys().cloned().collect());
    for (name, request) in requests() {
        let refunds = request.method == "POST" && request.path.ends_with("/refund");
        assert_eq!(refunds, request.idempotency_key.is_some(), "{name}");
        let good =
            |key: &String| key.len() >= 10 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        assert!(request.idempotency_key.as_ref().is_none_or(good), "{name}: razorpay refuses this key");
    }
    for (code, rules) in &manifest.capabilities {
        let header = matches!(&rules.idempotency, Idempotency::Header { name } if name == "X-Refund-Idempotency");
        assert_eq!(header, code == "REFUND_PAYMENT", "{code}");
        // A write can be looked up, and nothing is repeated without being looked up.
        assert_eq!(rules.absent_after_seconds.is_some(), rules.effect == Effect::Write, "{code}");
        assert_eq!(rules.window_hours, None, "{code}");
    }
}

#[test]
fn the_manifest_lists_the_events_that_the_fixtures_normalise() {
    let mut normalised = BTreeSet::new();
    for case in cases().into_iter().filter(|case| case.function == "parse") {
        let Some(fixture::Expect::Output(events)) = case.expect else { continue };
        for event in events.as_array().unwrap().iter().filter(|event| event["kind"] != "provider.event") {
            normalised.insert(event["provider_kind"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(normalised, manifest().webhook.unwrap().events.into_iter().collect());
}

#[test]
fn receipts_are_short_enough_and_end_as_the_key_does() {
    for (name, request) in requests().filter(|(_, request)| request.method == "POST") {
        let Some(body) = &request.json else { continue };
        for field in ["receipt", "reference_id"] {
            let Some(receipt) = body.get(field).and_then(|receipt| receipt.as_str()) else { continue };
            assert!((1..=40).contains(&receipt.len()), "{name}: {receipt}");
        }
    }
}

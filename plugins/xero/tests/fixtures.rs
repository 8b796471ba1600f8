//! Plays every fixture, and checks what a fixture alone does not show: that the manifest allows each request and
//! no more, and that it tells the truth about capabilities and events.
//!
//! Xero's own description is held against every request and response.

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
use gatehouse_plugin_xero::Xero;
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

fn requests() -> impl Iterator<Item = (String, ExpectedRequest)> {
    cases().into_iter().flat_map(|case| {
        let name = case.folder.display().to_string();
        case.exchange.into_iter().map(move |exchange| (name.clone(), exchange.request))
    })
}

#[test]
fn every_fixture_plays() {
    harness::run::<Xero>("fixtures");
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
fn the_manifest_has_rules_for_every_capability_and_repeats_what_is_safe() {
    let manifest = manifest();
    let others = ["test", "look-up", "pull", "push", "parse"];
    let codes = Xero::functions().into_iter().filter(|function| !others.contains(function));
    assert_eq!(codes.map(code_of).collect::<BTreeSet<_>>(), manifest.capabilities.keys().cloned().collect());
    for (code, rules) in &manifest.capabilities {
        // Each write is either the same when it is repeated, or can be looked up.
        let same = rules.idempotency == Idempotency::Body && rules.window_hours.is_some();
        let looked_up = rules.absent_after_seconds.is_some();
        assert_eq!(same || looked_up, rules.effect == Effect::Write, "{code}");
        assert!(!(same && looked_up), "{code}");
    }
    assert_eq!(manifest.sync.keys().collect::<Vec<_>>(), ["contacts", "invoices", "payments"]);
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
fn xeros_own_description_knows_every_request_and_response() {
    let rules = Rules {
        // The path of the server is left out.
        documents: &[Document { file: "xero-acyclic.json", strip: "/api.xro/2.0", ..Document::default() }],
        added_by_host: &["xero-tenant-id", "accept"],
        odd_requests: &[],
        odd_responses: &[
            "*/malformed_answer",
            "*/answer_of_another_shape",
            "get-invoice/unknown_status",
            "list-ledger-accounts/unknown_class",
        ],
    };
    let Some(checked) = conformance::run("fixtures", &rules) else { return };
    assert!(checked.requests > 200 && checked.responses > 100, "{checked:?}");
}

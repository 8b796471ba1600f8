//! Plays every fixture, and checks what a fixture alone does not show: that the manifest allows each request and
//! no more, and that it tells the truth about capabilities and events.
//!
//! Twilio's own description is held against every request and response.

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
use gatehouse_plugin_twilio::Twilio;
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
    harness::run::<Twilio>("fixtures");
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
fn the_manifest_has_rules_for_every_capability_and_repeats_no_write() {
    let manifest = manifest();
    let codes = Twilio::functions().into_iter().filter(|function| !["test", "look-up", "parse"].contains(function));
    assert_eq!(codes.map(code_of).collect::<BTreeSet<_>>(), manifest.capabilities.keys().cloned().collect());
    for (code, rules) in &manifest.capabilities {
        assert_eq!((&rules.idempotency, rules.window_hours), (&Idempotency::None, None), "{code}");
        assert_eq!(rules.absent_after_seconds.is_some(), rules.effect == Effect::Write, "{code}");
    }
    assert!(requests().all(|(_, request)| request.idempotency_key.is_none()));
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
fn twilios_own_description_knows_every_request_and_response() {
    let rules = Rules {
        documents: &[Document { file: "twilio.json", ..Document::default() }],
        odd_requests: &["get-message/id_stays_in_its_segment"],
        odd_responses: &["*/answer_of_another_shape", "*/unknown_status"],
        ..Rules::default()
    };
    let Some(checked) = conformance::run("fixtures", &rules) else { return };
    assert!(checked.requests > 80 && checked.responses > 50, "{checked:?}");
}

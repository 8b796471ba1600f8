//! Plays every fixture, and checks what a fixture alone does not show: that the manifest allows each request and
//! no more, and that it tells the truth about capabilities and events.
//!
//! A third party's description, made from Hubspot's own, is held against requests and responses; it is of an older
//! version and knows no upsert and no links.

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
use gatehouse_plugin_hubspot::HubSpot;
use gatehouse_sdk::conformance::{self, Document, Rules};
use gatehouse_sdk::harness::fixture::{self, Case, ExpectedRequest};
use gatehouse_sdk::harness::{self, Gateway};

/// What the older description does not know: upserts, links, and that a search sorts by objects.
const ODD_REQUESTS: [&str; 23] = [
    "create-opportunity/*",
    "get-opportunity/*",
    "look-up/*",
    "pull/*",
    "search-contacts/*",
    "test/*",
    "upsert-contacts/*",
    "push/company_by_our_reference",
    "push/deals",
    "push/deals_with_our_reference",
    "push/example",
    "sync-companies/changed",
    "sync-contacts/changed_first_page",
    "sync-contacts/changed_one_at_a_time",
    "sync-contacts/changed_second_page",
    "sync-contacts/changed_third_page",
    "sync-opportunities/changed",
    "sync-opportunities/example",
    "sync-opportunities/last_page",
    "sync-opportunities/second_page",
    "update-opportunity/company_is_not_there",
    "update-opportunity/example",
    "update-opportunity/other_links",
];
/// Answers that make no sense, and those of Hubspot's that are newer than the description.
const ODD_RESPONSES: [&str; 4] = [
    "*/malformed_answer",
    "*/answer_of_another_shape",
    "get-contact/moment_of_another_form",
    "update-opportunity/other_links",
];

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
    harness::run::<HubSpot>("fixtures");
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
    let codes = HubSpot::functions().into_iter().filter(|function| !others.contains(function));
    assert_eq!(codes.map(code_of).collect::<BTreeSet<_>>(), manifest.capabilities.keys().cloned().collect());
    for (code, rules) in &manifest.capabilities {
        // Each write is either the same when it is repeated, or can be looked up.
        let same = rules.idempotency == Idempotency::Body && rules.window_hours.is_some();
        let looked_up = rules.absent_after_seconds.is_some();
        assert_eq!(same || looked_up, rules.effect == Effect::Write, "{code}");
        assert!(!(same && looked_up), "{code}");
    }
    assert_eq!(manifest.sync.keys().collect::<Vec<_>>(), ["companies", "contacts", "deals"]);
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
    // Newer apps name the same events by the number of the object.
    assert!(normalised.remove("object.creation"));
    assert_eq!(normalised, manifest().webhook.unwrap().events.into_iter().collect());
}

#[test]
fn searches_and_reading_links_are_known_to_read_and_nothing_else_is() {
    let allow = manifest().egress.allow;
    for (name, request) in requests().filter(|(_, request)| request.method == "POST") {
        let reads = request.path.ends_with("/search") || request.path.ends_with("/batch/read");
        let rules = allow.iter().filter(|rule| rule.covers("POST", &request.path));
        assert!(rules.map(|rule| rule.reads.is_some()).eq([reads]), "{name}: {}", request.path);
    }
}

#[test]
fn the_description_knows_every_request_and_response() {
    let document = |file| Document { file, strip: "/crm/objects/2026-03", prepend: "/crm/v3/objects" };
    let documents =
        [document("hubspot-contacts.json"), document("hubspot-companies.json"), document("hubspot-deals.json")];
    let rules =
        Rules { documents: &documents, odd_requests: &ODD_REQUESTS, odd_responses: &ODD_RESPONSES, ..Rules::default() };
    let Some(checked) = conformance::run("fixtures", &rules) else { return };
    assert!(checked.requests > 60 && checked.responses > 60, "{checked:?}");
}

//! Plays every fixture, and checks what a fixture alone does not show: that the manifest allows each request and
//! no more, that it tells the truth about keys and events, and that `PayPal`'s own descriptions know each request
//! and response.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, helpers included"
)]

use std::collections::BTreeSet;
use std::path::Path;

use gatehouse_domain::capability::code_of;
use gatehouse_domain::manifest::egress::path_matches;
use gatehouse_domain::manifest::{Idempotency, Manifest, Rule};
use gatehouse_plugin_paypal::Paypal;
use gatehouse_sdk::conformance::{self, Document, Rules};
use gatehouse_sdk::harness::fixture::{self, Case, ExpectedRequest};
use gatehouse_sdk::harness::{self, Gateway};

const LIVE: &str = "api-m.paypal.com";
const SANDBOX: &str = "api-m.sandbox.paypal.com";

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

/// The host and the path of a request.
fn place(request: &ExpectedRequest) -> (&str, &str) {
    match request.path.strip_prefix("https://") {
        Some(rest) => rest.split_at(rest.find('/').unwrap()),
        None => (LIVE, &request.path),
    }
}

fn targets<'a>(rules: &'a [Rule], host: &str) -> BTreeSet<(&'a str, &'a str)> {
    let of =
        |rule: &'a Rule| rule.methods.iter().flat_map(|m| rule.paths.iter().map(move |p| (m.as_str(), p.as_str())));
    rules.iter().filter(|rule| rule.host == host).flat_map(of).collect()
}

#[test]
fn every_fixture_plays() {
    harness::run::<Paypal>("fixtures");
}

#[test]
fn the_manifest_allows_every_request_and_allows_nothing_more() {
    let allow = manifest().egress.allow;
    let mut used = BTreeSet::new();
    for (name, request) in requests() {
        let (host, path) = place(&request);
        let fitting = targets(&allow, host)
            .into_iter()
            .find(|(method, glob)| *method == request.method && path_matches(glob, path));
        used.insert(fitting.unwrap_or_else(|| panic!("{name}: {} {host}{path} is not allowed", request.method)));
    }
    assert_eq!(used, targets(&allow, LIVE), "what is allowed at the live host is used");
    assert_eq!(targets(&allow, SANDBOX), targets(&allow, LIVE), "the sandbox is allowed what the live host is");
}

#[test]
fn every_write_but_a_void_has_a_key_that_paypal_takes() {
    let manifest = manifest();
    let codes = Paypal::functions().into_iter().filter(|function| !["test", "parse"].contains(function));
    assert_eq!(codes.map(code_of).collect::<BTreeSet<_>>(), manifest.capabilities.keys().cloned().collect());
    for (name, request) in requests() {
        let keyed = request.method == "POST" && !request.path.ends_with("/void");
        assert_eq!(keyed, request.idempotency_key.is_some(), "{name}");
        assert!(request.idempotency_key.is_none_or(|key| (1..=108).contains(&key.len())), "{name}");
    }
    let windows = manifest.capabilities.iter().filter(|(_, rules)| rules.idempotency != Idempotency::None);
    let windows: Vec<_> = windows.map(|(code, rules)| (code.as_str(), rules.window_hours.unwrap())).collect();
    let expect =
        [("CAPTURE_PAYMENT", 6), ("CREATE_PAYMENT_LINK", 6), ("PROCESS_PAYMENT", 6), ("REFUND_PAYMENT", 45 * 24)];
    assert_eq!(windows, expect);
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
fn paypals_own_descriptions_know_every_request_and_response() {
    let files = ["paypal-orders-v2.json", "paypal-payments-v2.json", "paypal-webhooks-v1.json"];
    let at = |strip| files.map(|file| Document { file, strip, ..Document::default() });
    let rules = Rules {
        documents: &[at(""), at("https://api-m.sandbox.paypal.com")].concat(),
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
    };
    let Some(checked) = conformance::run("fixtures", &rules) else { return };
    assert!(checked.requests > 90 && checked.responses > 70, "{checked:?}");
}

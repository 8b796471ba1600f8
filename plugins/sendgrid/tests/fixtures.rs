//! Plays every fixture, and checks what a fixture alone does not show: that the manifest allows each request and
//! no more, and that it tells the truth about capabilities and events.
//!
//! `SendGrid`'s own descriptions are held against every request and response that they have.

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
use gatehouse_domain::webhook::Trust;
use gatehouse_plugin_sendgrid::Sendgrid;
use gatehouse_sdk::conformance::{self, Document, Rules};
use gatehouse_sdk::harness::fixture::{self, Case, ExpectedRequest};
use gatehouse_sdk::harness::{self, Gateway};

const GLOBAL: &str = "api.sendgrid.com";
const EUROPE: &str = "api.eu.sendgrid.com";

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

/// The host and the path of a fixture's request.
fn place(path: &str) -> (&str, &str) {
    match path.strip_prefix("https://") {
        Some(absolute) => absolute.split_at(absolute.find('/').unwrap()),
        None => (GLOBAL, path),
    }
}

/// What the manifest allows at a host.
fn allowed(host: &str) -> BTreeSet<(String, String)> {
    let allow = manifest().egress.allow.into_iter().filter(|rule| rule.host == host);
    allow
        .flat_map(|rule| {
            rule.methods.into_iter().flat_map(move |m| rule.paths.clone().into_iter().map(move |p| (m.clone(), p)))
        })
        .collect()
}

#[test]
fn every_fixture_plays() {
    harness::run::<Sendgrid>("fixtures");
}

#[test]
fn the_manifest_allows_every_request_and_allows_nothing_more() {
    let mut used = BTreeSet::new();
    for (name, request) in requests() {
        let (host, path) = place(&request.path);
        let fits = |(method, glob): &&(String, String)| *method == request.method && path_matches(glob, path);
        let rules = allowed(host);
        let rule = rules.iter().find(fits);
        used.insert(
            rule.unwrap_or_else(|| panic!("{name}: {} {} is not allowed", request.method, request.path)).clone(),
        );
    }
    assert_eq!(allowed(GLOBAL), used);
    assert_eq!(allowed(GLOBAL), allowed(EUROPE), "what one region can do, the other can");
    assert!(manifest().egress.allow.iter().all(|rule| [GLOBAL, EUROPE].contains(&rule.host.as_str())));
}

#[test]
fn the_manifest_has_rules_for_every_capability_and_repeats_what_is_safe() {
    let manifest = manifest();
    let others = ["test", "parse", "look-up", "pull", "push"];
    let codes = Sendgrid::functions().into_iter().filter(|function| !others.contains(function));
    assert_eq!(codes.map(code_of).collect::<BTreeSet<_>>(), manifest.capabilities.keys().cloned().collect());
    for (code, rules) in &manifest.capabilities {
        // A write is the same when it is repeated, or it is a mail, of which no absence is believed.
        let same = rules.idempotency == Idempotency::Body && rules.window_hours.is_some();
        assert_eq!(same || rules.look_up_after_seconds.is_some(), rules.effect == Effect::Write, "{code}");
        assert_eq!(rules.look_up_after_seconds.is_some(), code.starts_with("SEND_"), "{code}");
        assert_eq!(rules.absent_after_seconds, None, "{code}");
    }
    let pulled = cases().into_iter().filter(|case| case.function == "pull");
    let entities: BTreeSet<String> =
        pulled.filter_map(|case| case.input["entity"].as_str().map(str::to_owned)).collect();
    assert!(manifest.sync.keys().all(|entity| entities.contains(entity)), "{entities:?}");
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
    let webhook = manifest().webhook.unwrap();
    assert_eq!(webhook.trust(), Trust::Verified);
    assert_eq!(webhook.fields(), ["webhook_public_key"]);
    assert_eq!(normalised, webhook.events.into_iter().collect());
}

#[test]
fn every_mail_carries_its_key_and_its_look_up_searches_for_it() {
    let mut mails = 0;
    for (name, request) in requests().filter(|(_, request)| request.path.ends_with("/v3/mail/send")) {
        let key = &request.json.unwrap()["personalizations"][0]["custom_args"]["gatehouse_key"];
        assert_eq!(key, "fixture-key:mail", "{name}");
        mails += 1;
    }
    assert!(mails > 20, "{mails}");
    let look_up = requests().find(|(name, _)| name.ends_with("look-up/example")).unwrap().1;
    assert_eq!(look_up.query[0].1, r#"(unique_args['gatehouse_key']="fixture-key:mail")"#);
}

#[test]
fn sendgrids_own_descriptions_know_every_request_and_response() {
    let both = |file| [file, file].map(|file| Document { file, ..Document::default() });
    let mut documents = ["sendgrid-mail.json", "sendgrid-suppressions.json", "sendgrid-scopes.json"].map(both).concat();
    for document in documents.iter_mut().skip(1).step_by(2) {
        document.strip = "https://api.eu.sendgrid.com";
    }
    let rules = Rules {
        documents: &documents,
        // These files have neither templates nor the email activity nor the user's name.
        odd_requests: &[
            "list-email-templates/*",
            "look-up/*",
            "test/example",
            "test/in_europe",
            "test/name_without_number",
            "test/name_is_of_another_shape",
            "remove-suppression/stays_in_its_segment",
        ],
        odd_responses: &["*/answer_of_another_shape"],
        ..Rules::default()
    };
    let Some(checked) = conformance::run("fixtures", &rules) else { return };
    assert!(checked.requests > 80 && checked.responses > 50, "{checked:?}");
}

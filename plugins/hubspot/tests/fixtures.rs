//! Plays every fixture, proves what every gateway has to show, and checks what is `HubSpot`'s own.
//!
//! The description is a third party's, made from `HubSpot`'s own; it is of an older version and knows no upsert and no
//! links.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use gatehouse_domain::manifest::Manifest;
use gatehouse_plugin_hubspot::HubSpot;
use gatehouse_proof::{Claims, Document, Rules, Source, each_write_is_safe, mock, prove};
use gatehouse_sdk::harness;
use gatehouse_sdk::harness::fixture;

const MANIFEST: &str = include_str!("../plugin.toml");

/// Why a function is beyond the description.
const OLDER: &str = "the description is older and does not know these calls";

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

#[test]
fn every_fixture_plays() {
    harness::run::<HubSpot>("fixtures");
}

#[test]
fn every_function_is_proven() {
    prove::<HubSpot>(&claims());
}

#[test]
fn a_peer_made_of_the_description_understands_every_request() {
    mock::understands::<HubSpot>(&claims());
}

fn claims() -> Claims<'static> {
    Claims {
        manifest: MANIFEST,
        source: Source::ThirdParty,
        rules: Rules {
            documents: &[
                Document { file: "hubspot-contacts.json", strip: "/crm/objects/2026-03", prepend: "/crm/v3/objects" },
                Document { file: "hubspot-companies.json", strip: "/crm/objects/2026-03", prepend: "/crm/v3/objects" },
                Document { file: "hubspot-deals.json", strip: "/crm/objects/2026-03", prepend: "/crm/v3/objects" },
            ],
            odd_requests: &ODD_REQUESTS,
            odd_responses: &ODD_RESPONSES,
            ..Rules::default()
        },
        exceptions: &[
            ("create-opportunity/document", OLDER),
            ("get-opportunity/document", OLDER),
            ("look-up/document", OLDER),
            ("parse/object.creation", "newer apps name the same events by the number of the object"),
            ("parse/peer", "the scheme is tested in the host"),
            ("pull/document", OLDER),
            ("search-contacts/document", OLDER),
            ("test/document", OLDER),
            ("update-opportunity/peer", OLDER),
            ("upsert-contacts/document", OLDER),
        ],
        ..Claims::default()
    }
}

#[test]
fn searches_and_reading_links_are_known_to_read_and_nothing_else_is() {
    let allow = Manifest::from_toml(MANIFEST).unwrap().egress.allow;
    for (name, request) in fixture::requests("fixtures").into_iter().filter(|(_, request)| request.method == "POST") {
        let reads = request.path.ends_with("/search") || request.path.ends_with("/batch/read");
        let rules = allow.iter().filter(|rule| rule.covers("POST", &request.path));
        assert!(rules.map(|rule| rule.reads.is_some()).eq([reads]), "{name}: {}", request.path);
    }
}

#[test]
fn each_write_is_either_safe_to_repeat_or_can_be_looked_up() {
    each_write_is_safe(MANIFEST);
}

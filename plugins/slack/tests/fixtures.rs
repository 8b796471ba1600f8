//! Plays every fixture, and checks what a fixture alone does not show: that the manifest allows each request and
//! no more, that it tells the truth about capabilities and events, and that Slack's own description knows each
//! request and response.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, helpers included"
)]

use std::collections::BTreeSet;
use std::path::Path;

use gatehouse_domain::capability::{Effect, code_of};
use gatehouse_domain::manifest::{Idempotency, Manifest};
use gatehouse_plugin_slack::Slack;
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
    harness::run::<Slack>("fixtures");
}

#[test]
fn the_manifest_allows_every_request_and_allows_nothing_more() {
    let used: BTreeSet<_> = requests().map(|(_, request)| (request.method, request.path)).collect();
    let allow = manifest().egress.allow;
    let of = allow.iter().flat_map(|rule| rule.methods.iter().flat_map(|m| rule.paths.iter().map(move |p| (m, p))));
    assert_eq!(used, of.map(|(method, path)| (method.clone(), path.clone())).collect());
}

#[test]
fn the_manifest_has_rules_for_every_capability_and_none_has_a_key() {
    let manifest = manifest();
    let others = ["test", "parse", "look-up", "pull", "push"];
    let codes = Slack::functions().into_iter().filter(|function| !others.contains(function));
    assert_eq!(codes.map(code_of).collect::<BTreeSet<_>>(), manifest.capabilities.keys().cloned().collect());
    for (name, request) in requests() {
        assert_eq!(request.idempotency_key, None, "{name}");
    }
    for (code, rules) in &manifest.capabilities {
        assert_eq!(rules.idempotency, Idempotency::None, "{code}");
        // A write can be looked up, and nothing is repeated without being looked up.
        assert_eq!(rules.absent_after_seconds.is_some(), rules.effect == Effect::Write, "{code}");
        assert_eq!(rules.window_hours, None, "{code}");
    }
}

#[test]
fn the_manifest_lists_the_events_that_the_fixtures_normalise_and_the_entities_that_they_pull() {
    let manifest = manifest();
    let (mut normalised, mut pulled) = (BTreeSet::new(), BTreeSet::new());
    for case in cases() {
        let Some(fixture::Expect::Output(output)) = case.expect else { continue };
        match case.function.as_str() {
            "parse" => {
                for event in output.as_array().unwrap().iter().filter(|event| event["kind"] != "provider.event") {
                    normalised.insert(event["provider_kind"].as_str().unwrap().to_owned());
                }
            }
            "pull" => drop(pulled.insert(case.input["entity"].as_str().unwrap().to_owned())),
            _ => {}
        }
    }
    assert_eq!(normalised, manifest.webhook.unwrap().events.into_iter().collect());
    assert_eq!(pulled, manifest.sync.keys().cloned().collect());
}

#[test]
fn slacks_own_description_knows_every_request_and_response() {
    let rules = Rules {
        documents: &[Document { file: "slack.json", strip: "/api", ..Document::default() }],
        added_by_host: &["token"],
        // The description gives its errors no status, and Slack answers them with 200. Its lists are never empty, and
        // its history has no cursor, which its own example has.
        odd_responses: ODD,
        ..Rules::default()
    };
    let Some(checked) = conformance::run("fixtures", &rules) else { return };
    assert!(checked.requests > 90 && checked.responses > 25, "{checked:?}");
}

/// Refusals come with 200 or have codes that the description does not list; the rest is empty lists, pages of a history,
/// and answers that make no sense.
const ODD: &[&str] = &[
    "*/answer_of_another_shape",
    "*/account_inactive",
    "*/channel_not_found",
    "*/fatal_error",
    "*/internal_error",
    "*/invalid_arg_name",
    "*/invalid_auth",
    "*/invalid_cursor",
    "*/message_not_found",
    "*/missing_scope",
    "*/neither_yes_nor_no",
    "*/no_text",
    "*/not_authed",
    "*/rate_limited",
    "*/rate_limited_with_a_wait",
    "*/ratelimited",
    "*/request_timeout",
    "*/server_error",
    "*/something_new",
    "*/token_expired",
    "*/token_revoked",
    "delete-message/cant_delete_message",
    "delete-message/compliance_exports_prevent_deletion",
    "get-message/answer_of_a_gone_thread",
    "get-message/invalid_ts_latest",
    "get-message/not_found",
    "get-message/ts_of_another_form",
    "list-workspace-members/empty",
    "list-workspace-members/limit_required",
    "look-up/change_of_a_message_that_is_gone",
    "look-up/deletion_of_an_answer_done",
    "look-up/list_without_an_end",
    "look-up/message_absent_in_an_empty_channel",
    "look-up/message_may_be_on_the_third_page",
    "pull/cursor_is_over",
    "send-message/answer_without_the_message",
    "send-message/is_archived",
    "send-message/msg_too_long",
    "send-message/not_in_channel",
    "send-message/said_rate_limited",
    "send-message/too_many_attachments",
    "sync-messages/empty",
    "sync-messages/first_page",
    "sync-messages/from_the_beginning",
    "sync-messages/last_page",
    "sync-messages/second_page",
    "update-message/cant_update_message",
    "update-message/edit_window_closed",
    "update-message/is_inactive",
    "update-message/no_permission",
    "update-message/team_added_to_org",
];

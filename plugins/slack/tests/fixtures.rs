//! Plays every fixture, proves what every gateway has to show, and checks what is Slack's own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use gatehouse_domain::capability::Effect;
use gatehouse_domain::manifest::{Idempotency, Manifest};
use gatehouse_plugin_slack::Slack;
use gatehouse_proof::{Claims, Document, Rules, Source, mock, prove};
use gatehouse_sdk::harness;
use gatehouse_sdk::harness::fixture;

const MANIFEST: &str = include_str!("../plugin.toml");

#[test]
fn every_fixture_plays() {
    harness::run::<Slack>("fixtures");
}

#[test]
fn every_function_is_proven() {
    prove::<Slack>(&claims());
}

#[test]
fn a_peer_made_of_the_description_understands_every_request() {
    mock::understands::<Slack>(&claims());
}

fn claims() -> Claims<'static> {
    Claims {
        manifest: MANIFEST,
        source: Source::Provider,
        rules: Rules {
            documents: &[Document { file: "slack.json", strip: "/api", prepend: "" }],
            added_by_host: &["token"],
            // The description gives its errors no status, and Slack answers them with 200. Its lists are never
            // empty, and its history has no cursor, which its own example has.
            odd_responses: ODD,
            ..Rules::default()
        },
        peers: &[("parse", "slack's library signs")],
        ..Claims::default()
    }
}

#[test]
fn no_write_has_a_key_and_each_can_be_looked_up() {
    for (name, request) in fixture::requests("fixtures") {
        assert_eq!(request.idempotency_key, None, "{name}");
    }
    for (code, rules) in &Manifest::from_toml(MANIFEST).unwrap().capabilities {
        assert_eq!(rules.idempotency, Idempotency::None, "{code}");
        // Nothing is repeated without being looked up.
        assert_eq!(rules.absent_after_seconds.is_some(), rules.effect == Effect::Write, "{code}");
        assert_eq!(rules.window_hours, None, "{code}");
    }
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

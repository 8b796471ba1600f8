//! Plays every fixture, proves what every gateway has to show, and checks what is Google's own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use gatehouse_domain::manifest::Manifest;
use gatehouse_domain::webhook::Trust;
use gatehouse_plugin_google::Google;
use gatehouse_proof::{Claims, Document, Rules, Source, each_write_is_safe, mock, prove};
use gatehouse_sdk::harness;
use gatehouse_sdk::harness::fixture;

const MANIFEST: &str = include_str!("../plugin.toml");

#[test]
fn every_fixture_plays() {
    harness::run::<Google>("fixtures");
}

#[test]
fn every_function_is_proven() {
    prove::<Google>(&claims());
}

#[test]
fn a_peer_made_of_the_description_understands_every_request() {
    mock::understands::<Google>(&claims());
}

fn claims() -> Claims<'static> {
    Claims {
        manifest: MANIFEST,
        source: Source::Provider,
        rules: Rules {
            documents: &[
                Document { file: "google-gmail.derived.json", strip: "", prepend: "" },
                // Under another base, Calendar has no host of its own.
                Document { file: "google-calendar.derived.json", strip: "", prepend: "" },
                Document { file: "google-calendar.derived.json", strip: "https://www.googleapis.com", prepend: "" },
            ],
            // A description of Google's never says that a field may be null, which is how a patch takes one away.
            odd_requests: &[
                "update-calendar-event/whole_day_now",
                "update-calendar-event/no_whole_day_any_more",
                "get-email/id_stays_in_its_segment",
            ],
            odd_responses: &[
                "*/malformed_answer",
                "*/answer_of_another_shape",
                "*/mail_of_another_shape",
                "get-email/text_is_no_base64",
                "get-email-attachment/no_base64",
                "get-calendar-event/moment_of_another_form",
            ],
            ..Rules::default()
        },
        exceptions: &[("parse/peer", "the scheme is tested in the host")],
        ..Claims::default()
    }
}

#[test]
fn each_write_is_either_safe_to_repeat_or_can_be_looked_up() {
    each_write_is_safe(MANIFEST);
}

#[test]
fn a_refresh_token_is_asked_for_and_a_push_is_authenticated() {
    let manifest = Manifest::from_toml(MANIFEST).unwrap();
    let oauth = manifest.oauth.unwrap();
    let asked: Vec<_> =
        oauth.authorize_parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(asked, [("access_type", "offline"), ("prompt", "consent")]);
    let webhook = manifest.webhook.unwrap();
    assert_eq!((webhook.trust(), webhook.fields()), (Trust::Authenticated, vec!["push_account"]));
    assert_eq!(webhook.fetches_from(), ["www.googleapis.com"]);
}

#[test]
fn a_mail_carries_its_reference_and_a_new_event_an_id_of_google_s_alphabet() {
    let (mut mails, mut events) = (0, 0);
    for (name, request) in fixture::requests("fixtures") {
        let body = request.json.unwrap_or_default();
        if let Some(raw) = body.get("raw").and_then(serde_json::Value::as_str) {
            let mail = String::from_utf8(gatehouse_sdk::base64::decode_url(raw).unwrap()).unwrap();
            assert!(
                mail.contains("\r\nX-Gatehouse-Reference: gh666978747572652d6b65793a656d61696c\r\n"),
                "{name}: {mail}"
            );
            mails += 1;
        }
        if let Some(id) = body.get("id").and_then(serde_json::Value::as_str).filter(|_| request.method == "POST") {
            let known = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'v').contains(&byte);
            assert!((5..=1024).contains(&id.len()) && id.bytes().all(known), "{name}: {id}");
            events += 1;
        }
    }
    assert!(mails > 10 && events > 10, "{mails} {events}");
}

//! Plays every fixture, proves what every gateway has to show, and checks what is `SendGrid`'s own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use gatehouse_domain::capability::Effect;
use gatehouse_domain::manifest::{Idempotency, Manifest};
use gatehouse_domain::webhook::Trust;
use gatehouse_plugin_sendgrid::Sendgrid;
use gatehouse_proof::{Claims, Document, Rules, Source, mock, prove};
use gatehouse_sdk::harness;
use gatehouse_sdk::harness::fixture;

const MANIFEST: &str = include_str!("../plugin.toml");

#[test]
fn every_fixture_plays() {
    harness::run::<Sendgrid>("fixtures");
}

#[test]
fn every_function_is_proven() {
    with_claims(prove::<Sendgrid>);
}

#[test]
fn a_peer_made_of_the_description_understands_every_request() {
    with_claims(mock::understands::<Sendgrid>);
}

fn with_claims(check: impl FnOnce(&Claims<'_>)) {
    let both = |file| [file, file].map(|file| Document { file, ..Document::default() });
    let mut documents = ["sendgrid-mail.json", "sendgrid-suppressions.json", "sendgrid-scopes.json"].map(both).concat();
    for document in documents.iter_mut().skip(1).step_by(2) {
        document.strip = "https://api.eu.sendgrid.com";
    }
    check(&Claims {
        manifest: MANIFEST,
        source: Source::Provider,
        rules: Rules {
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
        },
        exceptions: &[
            ("list-email-templates/document", "the files do not have templates"),
            ("look-up/document", "the files do not have the email activity"),
            ("parse/peer", "the scheme is tested in the host"),
            ("pull/a deleted record", "each pull is full, so what is gone is not there"),
        ],
        ..Claims::default()
    });
}

#[test]
fn each_write_is_the_same_when_repeated_or_a_mail_of_which_no_absence_is_believed() {
    let manifest = Manifest::from_toml(MANIFEST).unwrap();
    for (code, rules) in &manifest.capabilities {
        let same = rules.idempotency == Idempotency::Body && rules.window_hours.is_some();
        assert_eq!(same || rules.look_up_after_seconds.is_some(), rules.effect == Effect::Write, "{code}");
        assert_eq!(rules.look_up_after_seconds.is_some(), code.starts_with("SEND_"), "{code}");
        assert_eq!(rules.absent_after_seconds, None, "{code}");
    }
    let webhook = manifest.webhook.unwrap();
    assert_eq!((webhook.trust(), webhook.fields()), (Trust::Verified, vec!["webhook_public_key"]));
}

#[test]
fn every_mail_carries_its_key_and_its_look_up_searches_for_it() {
    let requests = fixture::requests("fixtures");
    let mails: Vec<_> = requests.iter().filter(|(_, request)| request.path.ends_with("/v3/mail/send")).collect();
    for (name, request) in &mails {
        let key = &request.json.as_ref().unwrap()["personalizations"][0]["custom_args"]["gatehouse_key"];
        assert_eq!(key, "fixture-key:mail", "{name}");
    }
    assert!(mails.len() > 20, "{}", mails.len());
    let look_up = requests.iter().find(|(name, _)| name.ends_with("look-up/example")).unwrap();
    assert_eq!(look_up.1.query[0].1, r#"(unique_args['gatehouse_key']="fixture-key:mail")"#);
}

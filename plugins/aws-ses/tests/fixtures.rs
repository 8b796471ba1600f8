//! Plays every fixture, proves what every gateway has to show, and checks what is the provider's own.
//!
//! The provider's own model of its API is held against every request and response.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, helpers included, and says what it skips"
)]

#[path = "fixtures/model.rs"]
mod model;

use gatehouse_domain::capability::Effect;
use gatehouse_domain::manifest::auth::Placement;
use gatehouse_domain::manifest::{Idempotency, Manifest};
use gatehouse_domain::webhook::Trust;
use gatehouse_plugin_aws_ses::Ses;
use gatehouse_proof::{Claims, Source, prove};
use gatehouse_sdk::harness;
use gatehouse_sdk::harness::fixture::{self, ExpectedRequest};
use serde_json::{Value, json};

use model::{Model, by_hand};

const MANIFEST: &str = include_str!("../plugin.toml");

fn manifest() -> Manifest {
    Manifest::from_toml(MANIFEST).unwrap()
}

#[test]
fn every_fixture_plays() {
    harness::run::<Ses>("fixtures");
}

#[test]
fn every_function_is_proven() {
    prove::<Ses>(&Claims {
        manifest: MANIFEST,
        source: Source::Model,
        peers: &[("send-email", "moto, which checks signatures")],
        exceptions: &[
            ("*/peer", "moto does not have it"),
            ("pull/a deleted record", "each pull is full, so what is gone is not there"),
        ],
        ..Claims::default()
    });
}

#[test]
fn the_manifest_signs_for_the_region_of_the_settings() {
    let manifest = manifest();
    let [scheme] = manifest.auth.as_slice() else { panic!("{:?}", manifest.auth) };
    let Placement::Sigv4(rules) = &scheme.placement else { panic!("{scheme:?}") };
    assert_eq!((rules.service.as_str(), rules.region_setting()), ("ses", Some("region")));
    assert_eq!(manifest.settings["required"], json!(["region"]));
    assert_eq!(rules.session_token.as_deref(), Some("session_token"));
    assert_eq!(manifest.credentials["required"], json!(["access_key_id", "secret_access_key"]));
}

#[test]
fn a_mail_is_never_repeated_and_a_write_to_the_list_is_the_same_when_it_is() {
    for (code, rules) in &manifest().capabilities {
        let same = rules.idempotency == Idempotency::Body && rules.window_hours.is_some();
        assert_eq!(same, rules.effect == Effect::Write && !code.starts_with("SEND_"), "{code}");
        assert_eq!((rules.look_up_after_seconds, rules.absent_after_seconds), (None, None), "{code}");
    }
}

#[test]
fn events_come_through_a_topic_that_is_verified() {
    let webhook = manifest().webhook.unwrap();
    assert_eq!(webhook.trust(), Trust::Verified);
    assert_eq!(webhook.fields(), ["sns_topic_arn"]);
    assert_eq!(webhook.fetches_from(), ["sns.*.amazonaws.com"]);
}

#[test]
fn who_gets_a_hidden_copy_stands_beside_the_message_and_not_in_it() {
    let mut hidden = 0;
    for (name, request) in fixture::requests("fixtures") {
        let body = request.json.unwrap_or_default();
        let Some(raw) = body["Content"]["Raw"]["Data"].as_str() else { continue };
        let message = String::from_utf8(gatehouse_sdk::base64::decode(raw).unwrap()).unwrap();
        let head = message.split("\r\n\r\n").next().unwrap();
        assert!(!head.contains("\r\nBcc:") && !message.contains("audit@"), "{name}");
        for receiver in body["Destination"]["ToAddresses"].as_array().unwrap() {
            assert!(head.contains(receiver.as_str().unwrap()), "{name}");
        }
        hidden += body["Destination"]["BccAddresses"].as_array().map_or(0, Vec::len);
    }
    assert_eq!(hidden, 1);
}

#[test]
fn the_providers_own_model_knows_every_request_and_response() {
    let Some(model) = Model::find() else { return };
    let (mut requests, mut responses, mut errors) = (0, 0, 0);
    for case in fixture::cases("fixtures") {
        let name = case.folder.display().to_string();
        for exchange in &case.exchange {
            let operation = model.operation(&exchange.request).unwrap_or_else(|| panic!("{name}: no such operation"));
            assert_eq!(model.wrong_with_request(operation, &exchange.request), Vec::<String>::new(), "{name}");
            requests += 1;
            let Some(response) = &exchange.response else { continue };
            let Some(body) = response.json.as_ref().filter(|_| !by_hand(&name)) else { continue };
            if response.status < 300 {
                assert_eq!(model.wrong_with_output(operation, body), Vec::<String>::new(), "{name}");
                responses += 1;
            } else if let Some(code) = response.headers.get("x-amzn-errortype") {
                errors += usize::from(model.check_error(operation, code, response.status, &name));
            }
        }
    }
    assert!(requests > 150 && responses > 35 && errors > 25, "{requests} {responses} {errors}");
}

#[test]
fn the_reader_of_the_model_sees_what_is_wrong() {
    let Some(model) = Model::find() else { return };
    let good = || {
        json!({ "Destination": { "ToAddresses": ["a@b.example"] },
            "Content": { "Template": { "TemplateName": "a", "TemplateData": "{}" } },
            "EmailTags": [{ "Name": "a", "Value": "b" }] })
    };
    let check = |change: fn(&mut Value), expect: &str| {
        let mut body = good();
        change(&mut body);
        let request = json!({ "method": "POST", "path": "/v2/email/outbound-emails", "json": body });
        let request: ExpectedRequest = serde_json::from_value(request).unwrap();
        let operation = model.operation(&request).unwrap();
        let wrong = model.wrong_with_request(operation, &request).join("; ");
        assert!(if expect.is_empty() { wrong.is_empty() } else { wrong.contains(expect) }, "{wrong:?} {expect:?}");
    };
    check(|_| {}, "");
    check(|body| body["Subject"] = json!("a"), "Subject is unknown");
    check(|body| _ = body.as_object_mut().unwrap().remove("Content"), "Content is missing");
    check(|body| body["EmailTags"][0]["Value"] = json!(7), "EmailTags.0.Value: 7 is no string");
    check(|body| _ = body["EmailTags"][0].as_object_mut().unwrap().remove("Name"), "EmailTags.0.Name is missing");
    check(|body| body["Destination"]["ToAddresses"] = json!("a"), "ToAddresses: \"a\" is no list");
    check(|body| body["Content"]["Template"]["TemplateName"] = json!(""), "TemplateName: \"\" is too short");
    check(|body| body["Content"]["Raw"] = json!({ "Data": "ä" }), "Raw.Data: \"ä\" is no base64");
    let file = |body: &mut Value| {
        body["Content"]["Template"]["Attachments"] =
            json!([{ "RawContent": "YQ==", "FileName": "a", "ContentDisposition": "attachment" }]);
    };
    check(file, "ContentDisposition: \"attachment\" is none of");
    let query = json!({ "method": "GET", "path": "/v2/email/suppression/addresses",
        "query": [["Reasons", "BOUNCE"], ["Reason", "SPAM"], ["StartDate", "1772353800"], ["PageSize", "x"]] });
    let query: ExpectedRequest = serde_json::from_value(query).unwrap();
    let wrong = model.wrong_with_request(model.operation(&query).unwrap(), &query);
    assert_eq!(wrong.len(), 4, "{wrong:?}");
}

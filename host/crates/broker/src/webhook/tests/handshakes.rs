//! Each kind of handshake, answered as it should be and passed over or refused otherwise.

use serde_json::{Value, json};

use super::super::handshake::{Handshaken, Known, find};
use super::super::*;

const FIELDS: &[(&str, &str)] = &[("s", "secret_1"), ("verify_token", "tok_1")];

fn found(
    handshakes: Value,
    (method, query, headers, body): (&str, &str, &[(&str, &str)], &str),
) -> Result<Option<Handshaken>, RefusalReason> {
    let rules = json!({ "verify": { "type": "token", "header": "x", "secret": "s" }, "handshakes": handshakes });
    let rules: WebhookRules = serde_json::from_value(rules).unwrap();
    let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let url = format!("https://hooks.example/x?{query}");
    let request = Inbound { method, url: &url, headers: &headers, body: body.as_bytes() };
    find(&rules, &Fields::of(FIELDS), request).map_err(|refusal| refusal.reason)
}

/// The media type and body that a request is answered with.
fn check(handshakes: Value, request: (&str, &str, &[(&str, &str)], &str), expect: Option<(&str, &str)>) {
    let found = found(handshakes, request).unwrap();
    let answer = found.as_ref().map(|found| (found.reply.media_type.unwrap_or(""), found.reply.body.as_str()));
    assert_eq!(answer, expect, "{request:?}");
}

#[test]
fn a_challenge_is_echoed_where_it_is_one() {
    let in_json = json!([{ "method": "POST", "when": { "at": "/type", "equals": "url_verification" },
        "take": "/challenge", "verified": true }]);
    let text = "text/plain; charset=utf-8";
    check(in_json.clone(), ("POST", "", &[], r#"{"type":"url_verification","challenge":"<b>"}"#), Some((text, "<b>")));
    check(in_json.clone(), ("POST", "", &[], r#"{"type":"event","challenge":"abc"}"#), None);
    check(in_json.clone(), ("POST", "", &[], r#"{"type":"url_verification"}"#), None);
    check(in_json.clone(), ("GET", "", &[], r#"{"type":"url_verification","challenge":"abc"}"#), None);
    check(in_json, ("POST", "", &[], "not JSON"), None);
    let in_query = json!([{ "method": "POST", "take": "query:validationToken" }]);
    check(in_query.clone(), ("POST", "validationToken=a%20b%3C", &[], ""), Some((text, "a b<")));
    check(in_query.clone(), ("POST", "other=1", &[], ""), None);
    assert_eq!(found(in_query.clone(), ("POST", "validationToken=", &[], "")).unwrap_err(), RefusalReason::Malformed);
    let twice = found(in_query.clone(), ("POST", "validationToken=a&validationToken=b", &[], ""));
    assert_eq!(twice.unwrap_err(), RefusalReason::Malformed);
    let long = format!("validationToken={}", "a".repeat(4_097));
    assert_eq!(found(in_query, ("POST", &long, &[], "")).unwrap_err(), RefusalReason::Malformed);
    let probe = json!([{ "method": "GET", "answer": "empty" }]);
    check(probe.clone(), ("HEAD", "", &[], ""), Some(("", "")));
    check(probe, ("POST", "", &[], ""), None);
}

#[test]
fn a_verify_token_has_to_be_right() {
    let hub = json!([{ "method": "GET", "when": { "at": "query:hub.mode", "equals": "subscribe" },
        "take": "query:hub.challenge", "token": { "at": "query:hub.verify_token", "secret": "verify_token" } }]);
    let ask = |token: &str| format!("hub.mode=subscribe&hub.challenge=42&hub.verify_token={token}");
    check(hub.clone(), ("GET", &ask("tok_1"), &[], ""), Some(("text/plain; charset=utf-8", "42")));
    assert_eq!(found(hub.clone(), ("GET", &ask("tok_2"), &[], "")).unwrap_err(), RefusalReason::Mismatch);
    let without = found(hub, ("GET", "hub.mode=subscribe&hub.challenge=42", &[], ""));
    assert_eq!(without.unwrap_err(), RefusalReason::MissingHeader);
}

#[test]
fn a_challenge_is_hashed() {
    // Made with Python's hmac: SHA-256 of `crc_1` under `secret_1`.
    let hash = "4NQjTgil7TpTbOsiAiIKRSqC1NFtdHgeIwxW9jZMEAg=";
    let crc = json!([{ "method": "GET", "take": "query:crc_token",
        "hash": { "algorithm": "sha256", "secret": "s", "encoding": "base64" },
        "answer": { "json": { "response_token": "sha256={hash}" } } }]);
    let expect = format!(r#"{{"response_token":"sha256={hash}"}}"#);
    check(crc, ("GET", "crc_token=crc_1", &[], ""), Some(("application/json", &expect)));
    let validation = json!([{ "method": "POST", "take": "/payload/plainToken",
        "hash": { "algorithm": "sha256", "secret": "s", "encoding": "hex" },
        "answer": { "json": { "encryptedToken": "{hash}", "plainToken": "{challenge}" } } }]);
    let expect = r#"{"encryptedToken":"73ce2bab4012093f5f3ccf91292de3ff3787779e3c58628cc3440251d2b7d93e","plainToken":"{hash}"}"#;
    check(validation, ("POST", "", &[], r#"{"payload":{"plainToken":"{hash}"}}"#), Some(("application/json", expect)));
}

#[test]
fn a_kept_challenge_is_told_from_a_new_one() {
    let keep = |field: &str| json!([{ "method": "POST", "take": "form:verifier", "keep": field, "answer": "empty" }]);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for (field, value, known) in
        [("fresh", "code", Known::Nothing), ("s", "secret_1", Known::Same), ("s", "secret_2", Known::Other)]
    {
        let body = format!("verifier={value}");
        let found = found(keep(field), ("POST", "", &form, &body)).unwrap().unwrap();
        let kept = found.keep.unwrap();
        assert_eq!((kept.known, kept.secret.names().collect::<Vec<_>>()), (known, vec![field]), "{field} {value}");
        assert!(!format!("{kept:?}").contains(value), "{kept:?}");
    }
}

#[test]
fn an_address_to_confirm_is_one_of_the_manifests() {
    let confirm = json!([{ "method": "POST", "verified": true, "answer": "empty",
        "confirm": { "url": "/SubscribeURL", "hosts": ["keys.*.acme.example"] } }]);
    let ask = |url: &str| json!({ "SubscribeURL": url }).to_string();
    let good =
        found(confirm.clone(), ("POST", "", &[], &ask("https://keys.eu.acme.example/?Token=1"))).unwrap().unwrap();
    assert_eq!(good.confirm.as_deref(), Some("https://keys.eu.acme.example/?Token=1"));
    assert!(good.verified);
    let elsewhere = found(confirm, ("POST", "", &[], &ask("https://evil.example/")));
    assert_eq!(elsewhere.unwrap_err(), RefusalReason::Mismatch);
}

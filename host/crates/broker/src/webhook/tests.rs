//! Every scheme, accepted as it should be and refused in every way that is known.

use gatehouse_domain::time::{SignedDuration, from_millis};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const NOW: i64 = 1_700_000_000;

fn scheme(change: serde_json::Value) -> WebhookRules {
    let mut scheme = json!({
        "type": "hmac", "algorithm": "sha256", "secret": "webhook_secret", "header": "X-Signature",
        "encoding": "hex", "signed": "{body}",
    });
    scheme.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    serde_json::from_value(json!({ "verify": scheme })).unwrap()
}

fn pairs() -> WebhookRules {
    scheme(json!({
        "format": { "style": "pairs", "timestamp": "t", "signature": "v1" },
        "signed": "{timestamp}.{body}", "tolerance_seconds": 300,
    }))
}

fn prefixed() -> WebhookRules {
    scheme(json!({
        "format": { "style": "prefixed", "prefix": "v0=" }, "signed": "v0:{timestamp}:{body}",
        "timestamp_header": "X-Timestamp", "tolerance_seconds": 300,
    }))
}

fn schemes() -> Vec<WebhookRules> {
    let mut schemes = vec![pairs(), prefixed()];
    for algorithm in ["sha256", "sha1"] {
        for encoding in ["hex", "base64"] {
            schemes.push(scheme(json!({ "algorithm": algorithm, "encoding": encoding })));
        }
    }
    schemes
}

const URL: &str = "https://hooks.example/api/v1/webhooks/end_1";

fn request<'a>(headers: &'a [(String, String)], body: &'a [u8]) -> Inbound<'a> {
    Inbound { method: "POST", url: URL, headers, body }
}

fn verify(
    rules: &WebhookRules,
    secret: &str,
    headers: &[(String, String)],
    body: &[u8],
    now: Timestamp,
) -> Result<(), Refusal> {
    judge(rules, &Fields::of(&[("webhook_secret", secret)]), request(headers, body), None, now)
}

fn sign(rules: &WebhookRules, secret: &str, body: &[u8], now: Timestamp) -> Vec<(String, String)> {
    let fields = Fields::of(&[("webhook_secret", secret)]);
    sign::headers_of(rules, &fields, request(&[], body), now).unwrap().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    from_millis(seconds * 1_000)
}

fn check(
    scheme: &WebhookRules,
    secret_text: &str,
    headers: &[(&str, &str)],
    body: &[u8],
    expect: Result<(), RefusalReason>,
) {
    let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let result = verify(scheme, secret_text, &headers, body, at(NOW));
    if let Err(refusal) = &result {
        assert!(!refusal.text.contains("whsec"), "{refusal}");
    }
    assert_eq!(result.map_err(|refusal| refusal.reason), expect, "{headers:?}");
}

/// Made with another implementation (`openssl dgst -hmac whsec_1`).
#[test]
fn known_signatures_are_accepted() {
    let known = include!("known.in");
    let [sha256_hex, sha256_base64, sha1_hex, sha1_base64, in_pairs, in_prefix]: [&str; 6] = known;
    let body = br#"{"id":"evt_1"}"#;
    let plain = |algorithm: &str, encoding: &str| scheme(json!({ "algorithm": algorithm, "encoding": encoding }));
    for (scheme, value) in [
        (plain("sha256", "hex"), sha256_hex),
        (plain("sha256", "base64"), sha256_base64),
        (plain("sha1", "hex"), sha1_hex),
        (plain("sha1", "base64"), sha1_base64),
    ] {
        check(&scheme, "whsec_1", &[("x-signature", value)], body, Ok(()));
        check(&scheme, "whsec_2", &[("x-signature", value)], body, Err(RefusalReason::Mismatch));
    }
    let value = format!("t={NOW},v1={in_pairs}");
    check(&pairs(), "whsec_1", &[("x-signature", &value)], body, Ok(()));
    let value = format!("v0={}", in_prefix.to_ascii_uppercase());
    check(&prefixed(), "whsec_1", &[("X-Signature", &value), ("x-timestamp", "1700000000")], body, Ok(()));
}

#[test]
fn headers_that_are_missing_doubled_or_malformed_are_refused() {
    use RefusalReason::{Malformed, Mismatch, MissingHeader};
    let hex = "ab".repeat(32);
    let plain = scheme(json!({}));
    check(&plain, "whsec_1", &[], b"x", Err(MissingHeader));
    check(&plain, "whsec_1", &[("x-signature", &hex), ("X-Signature", &hex)], b"x", Err(Malformed));
    for value in ["", "zz", "abc", " ", &format!("0x{hex}"), &format!("{hex}é")] {
        check(&plain, "whsec_1", &[("x-signature", value)], b"x", Err(Malformed));
    }
    check(&plain, "whsec_1", &[("x-signature", "abcd")], b"x", Err(Mismatch));
    let base64 = scheme(json!({ "encoding": "base64" }));
    for value in ["YWJj\n=", "YWJ", "YWJjZA", "YW-_", "Y W J j"] {
        check(&base64, "whsec_1", &[("x-signature", value)], b"x", Err(Malformed));
    }
    for value in [
        "t=1700000000",
        "v1=abcd",
        "t=1700000000,t=1700000000,v1=abcd",
        "garbage",
        "t=,v1=abcd",
        "t=-1,v1=ab",
        "t=1e9,v1=ab",
    ] {
        check(&pairs(), "whsec_1", &[("x-signature", value)], b"x", Err(Malformed));
    }
    let many = format!("t={NOW}{}", ",v1=abcd".repeat(17));
    check(&pairs(), "whsec_1", &[("x-signature", &many)], b"x", Err(Malformed));
    check(&prefixed(), "whsec_1", &[("x-signature", &hex), ("x-timestamp", "1700000000")], b"x", Err(Malformed));
    let value = format!("v0={hex}");
    check(&prefixed(), "whsec_1", &[("x-signature", &value)], b"x", Err(MissingHeader));
    let twice = [("x-signature", value.as_str()), ("x-timestamp", "1700000000"), ("x-timestamp", "1")];
    check(&prefixed(), "whsec_1", &twice, b"x", Err(Malformed));
}

#[test]
fn time_is_held_within_the_tolerance_on_both_sides() {
    for scheme in [pairs(), prefixed()] {
        let accepted = |seconds: i64| {
            let headers = sign(&scheme, "whsec_1", b"body", at(NOW + seconds));
            verify(&scheme, "whsec_1", &headers, b"body", at(NOW)).map_err(|refusal| refusal.reason)
        };
        assert_eq!(accepted(0), Ok(()));
        assert_eq!(accepted(-300), Ok(()));
        assert_eq!(accepted(300), Ok(()));
        assert_eq!(accepted(-301), Err(RefusalReason::Stale));
        assert_eq!(accepted(301), Err(RefusalReason::Future));
    }
}

#[test]
fn any_of_several_secrets_and_signatures_will_do() {
    let headers = sign(&pairs(), "whsec_old", b"body", at(NOW));
    let verified = |text: &str, headers: &[(String, String)]| verify(&pairs(), text, headers, b"body", at(NOW)).is_ok();
    assert!(verified("whsec_new\r\n  whsec_old \n\n", &headers));
    assert!(!verified("whsec_new\nwhsec_other", &headers));
    assert!(!verified("whsec_newwhsec_old", &headers));
    let both = headers[0].1.replace(",v1=", &format!(",v0=junk,v1={},v1=", "ab".repeat(32)));
    assert!(verified("whsec_old", &[("x-signature".to_owned(), both)]));
    check(&pairs(), " \n ", &[("x-signature", &headers[0].1)], b"body", Err(RefusalReason::NoSecret));
}

#[test]
fn a_body_is_never_read_as_a_template() {
    let template = "{timestamp}.{body}".parse().unwrap();
    let read = Read::new(request(&[], b"{timestamp}{body}"));
    let fields = Fields::of(&[]);
    let message = |timestamp| render::render(&template, &read, timestamp, &fields);
    assert_eq!(message(Some("5")).unwrap(), b"5.{timestamp}{body}");
    assert!(message(None).is_err());
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_nothing_else_does(
        body in proptest::collection::vec(any::<u8>(), 0..200),
        key in "[ -~]{8,40}",
        which in 0..6_usize,
        place in any::<proptest::sample::Index>(),
        seconds in -300_i64..300,
    ) {
        prop_assume!(!key.trim().is_empty());
        let scheme = &schemes()[which];
        let now = at(NOW).saturating_add(SignedDuration::from_secs(seconds)).unwrap();
        let headers = sign(scheme, &key, &body, at(NOW));
        prop_assert_eq!(verify(scheme, &key, &headers, &body, now), Ok(()));
        let mut changed = body.clone();
        changed.insert(place.index(body.len() + 1), b'x');
        prop_assert!(verify(scheme, &key, &headers, &changed, now).is_err());
        let mut other = key.trim().to_owned();
        other.push('x');
        prop_assert!(verify(scheme, &other, &headers, &body, now).is_err());
    }
}

mod handshakes;
mod schemes;

//! Deliveries that other programs signed (Python's standard library and OpenSSL, and one that a
//! provider documents), for each scheme: accepted as they are, refused with anything changed.

use std::collections::BTreeMap;

use gatehouse_domain::time::from_millis;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::certificate::{host_fits, pinned};
use super::super::*;

/// A delivery with all that it takes to judge it.
#[derive(Clone, Deserialize)]
struct Vector {
    name: String,
    rules: Value,
    fields: BTreeMap<String, String>,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
    fetched: Option<String>,
    /// What the signature covers, beside itself: `body`, `url`, `method`, names of headers.
    binds: Vec<String>,
    now: i64,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("vectors.json")).unwrap()
}

impl Vector {
    fn rules(&self) -> WebhookRules {
        serde_json::from_value(self.rules.clone()).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    fn judged(&self) -> Result<(), RefusalReason> {
        let rules = self.rules();
        let fields: Vec<_> = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request =
            Inbound { method: &self.method, url: &self.url, headers: &self.headers, body: self.body.as_bytes() };
        let reason = |refusal: Refusal| {
            assert!(!refusal.text.contains("secret_1"), "{refusal}");
            refusal.reason
        };
        wanted(&rules, request).map_err(reason)?;
        let fetched = self.fetched.as_ref().map(String::as_bytes);
        judge(&rules, &Fields::of(&fields), request, fetched, from_millis(self.now * 1_000)).map_err(reason)
    }

    /// The same with something else in a header.
    fn with_header(&self, name: &str, value: &str) -> Self {
        let mut changed = self.clone();
        changed.headers.iter_mut().filter(|(given, _)| given == name).for_each(|header| header.1 = value.to_owned());
        changed
    }
}

fn vector(name: &str) -> Vector {
    vectors().into_iter().find(|vector| vector.name == name).unwrap_or_else(|| panic!("no vector `{name}`"))
}

#[test]
fn what_others_signed_is_accepted() {
    for vector in vectors() {
        assert_eq!(vector.judged(), Ok(()), "{}", vector.name);
    }
}

#[test]
fn one_change_in_what_is_signed_refuses() {
    for vector in vectors() {
        for part in &vector.binds {
            let changed = match part.as_str() {
                "body" => Vector { body: vector.body.replacen('1', "2", 1), ..vector.clone() },
                "url" => {
                    Vector { url: vector.url.replacen("hooks.", "h0oks.", 1).replacen("my", "me", 1), ..vector.clone() }
                }
                "method" => Vector { method: "PUT".to_owned(), ..vector.clone() },
                header => {
                    let (_, value) = vector.headers.iter().find(|(name, _)| name == header).unwrap();
                    let last = if value.ends_with('1') { "2" } else { "1" };
                    let value = value.get(..value.len() - 1).unwrap().to_owned() + last;
                    vector.with_header(header, &value)
                }
            };
            assert!(changed.judged().is_err(), "{}: {part}", vector.name);
        }
    }
}

#[test]
fn another_secret_a_missing_proof_and_a_second_one_refuse() {
    for vector in vectors().into_iter().filter(|vector| vector.name != "unsigned") {
        for (name, value) in &vector.fields {
            let mut other = vector.clone();
            other.fields.insert(name.clone(), format!("x{value}7"));
            assert!(other.judged().is_err(), "{}: {name}", vector.name);
            let mut without = vector.clone();
            without.fields.remove(name);
            assert_eq!(without.judged(), Err(RefusalReason::NoSecret), "{}: {name}", vector.name);
        }
        // One of several is enough there, and what the content is says nothing of who sent it.
        for (name, _) in vector.headers.iter().filter(|(name, _)| name != "content-type" && name != "x-sig-1") {
            let mut without = vector.clone();
            without.headers.retain(|(given, _)| given != name);
            assert!(without.judged().is_err(), "{}: {name}", vector.name);
            if name != "x-sig-2" {
                let mut twice = vector.clone();
                twice.headers.extend(vector.headers.iter().filter(|(given, _)| given == name).cloned());
                assert_eq!(twice.judged(), Err(RefusalReason::Malformed), "{}: {name}", vector.name);
            }
        }
    }
}

#[test]
fn a_body_that_no_form_is_must_be_signed_as_well() {
    let mut json = vector("url and sorted form, as documented");
    json.headers.retain(|(name, _)| name != "content-type");
    assert_eq!(json.judged(), Err(RefusalReason::Malformed));
    // With an empty body there is nothing that somebody could exchange.
    json.body.clear();
    assert_eq!(json.judged(), Err(RefusalReason::Mismatch));
}

#[test]
fn what_is_required_besides_has_to_be_equal() {
    let mut vector = vector("RSA over named lines, version 2");
    vector.fields.insert("topic".to_owned(), "arn:topic:2".to_owned());
    assert_eq!(vector.judged(), Err(RefusalReason::Mismatch));
}

#[test]
fn each_element_has_to_carry_the_token() {
    let check = |body: Value, expect: Result<(), RefusalReason>| {
        let vector = Vector { body: body.to_string(), ..vector("a token in each element") };
        assert_eq!(vector.judged(), expect, "{body}");
    };
    check(json!({ "value": [{ "clientState": "secret_1" }] }), Ok(()));
    check(json!({ "value": [{ "clientState": "secret_1" }, { "clientState": "x" }] }), Err(RefusalReason::Mismatch));
    check(json!({ "value": [{ "clientState": "secret_1" }, {}] }), Err(RefusalReason::Malformed));
    check(json!({ "value": [] }), Err(RefusalReason::MissingHeader));
    check(json!({ "value": {} }), Err(RefusalReason::MissingHeader));
    check(json!([]), Err(RefusalReason::MissingHeader));
}

#[test]
fn a_certificate_is_taken_from_its_host_for_its_name_and_within_its_time() {
    let good = vector("RSA over named lines, version 2");
    let early = Vector { now: 1_500_000_000, ..good.clone() };
    assert_eq!(early.judged(), Err(RefusalReason::Mismatch));
    for (field, value) in [("name", json!("other.acme.example")), ("hosts", json!(["other.acme.example"]))] {
        let mut other = good.clone();
        other.rules["verify"][field] = value;
        assert_eq!(other.judged(), Err(RefusalReason::Mismatch), "{field}");
    }
    for fetched in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "<html>"] {
        let other = Vector { fetched: Some(fetched.to_owned()), ..good.clone() };
        assert_eq!(other.judged(), Err(RefusalReason::Mismatch), "{fetched}");
    }
    let mut unknown = good.clone();
    unknown.body = unknown.body.replace("\"SignatureVersion\": \"2\"", "\"SignatureVersion\": \"3\"");
    assert_eq!(unknown.judged(), Err(RefusalReason::Malformed));
}

#[test]
fn only_a_plain_address_on_a_named_host_is_fetched() {
    let hosts = ["acme.example".to_owned(), "*.acme.example".to_owned()];
    for (url, allowed) in [
        ("https://acme.example/c.pem", true),
        ("https://api.eu.acme.example/c.pem?x=1", true),
        ("http://acme.example/c.pem", false),
        ("https://acme.example.evil.example/c.pem", false),
        ("https://evilacme.example/c.pem", false),
        ("https://acme.example@evil.example/c.pem", false),
        ("https://user@acme.example/c.pem", false),
        ("https://acme.example:8443/c.pem", false),
        ("https://evil.example/?https://acme.example/", false),
        ("https://evil.example\\@acme.example/", false),
        ("https://127.0.0.1/c.pem", false),
        ("acme.example/c.pem", false),
        ("", false),
    ] {
        assert_eq!(pinned(url, &hosts).is_ok(), allowed, "{url}");
    }
    for (pattern, host, fits) in [
        ("keys.*.acme.example", "keys.eu-1.acme.example", true),
        ("keys.*.acme.example", "keys.a.b.acme.example", false),
        ("keys.*.acme.example", "keys..acme.example", false),
        ("*.acme.example", "acme.example", false),
        ("acme.example", "ACME.example", true),
    ] {
        assert_eq!(host_fits(pattern, host), fits, "{pattern} {host}");
    }
}

#[test]
fn a_token_that_is_not_for_us_is_refused() {
    use RefusalReason::{Future, Malformed, Mismatch, Stale, UnknownKey};
    let tokens: BTreeMap<String, String> = serde_json::from_str(include_str!("tokens.json")).unwrap();
    let good = vector("a token under RS256");
    for (name, expect) in [
        ("jwt_listed_aud", Ok(())),
        ("jwt_none", Err(Malformed)),
        ("jwt_hs_with_rsa", Err(Malformed)),
        ("jwt_other_kid", Err(UnknownKey)),
        ("jwt_expired", Err(Stale)),
        ("jwt_early", Err(Future)),
        ("jwt_other_aud", Err(Mismatch)),
        ("jwt_other_iss", Err(Mismatch)),
        ("jwt_other_email", Err(Mismatch)),
        ("jwt_endless", Err(Malformed)),
    ] {
        let vector = good.with_header("authorization", &format!("Bearer {}", tokens[name]));
        assert_eq!(vector.judged(), expect, "{name}");
    }
    for value in ["Bearer", "Bearer a.b", "Bearer a.b.c", "Basic eDp5", "Bearer ..", "Bearer e30.e30.e30"] {
        assert_eq!(good.with_header("authorization", value).judged(), Err(Malformed), "{value}");
    }
    // The same claims under another signature of the same length.
    let (_, value) = &good.headers[0];
    let (signed, signature) = value.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let other = format!("{signed}.{first}{}", signature.get(1..).unwrap());
    assert_eq!(good.with_header("authorization", &other).judged(), Err(Mismatch));
}

#[test]
fn public_keys_that_can_not_be_read_are_the_tenants_mistake() {
    for key in ["", "AAAA", "-----BEGIN PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"]
    {
        for name in ["ECDSA, key in base64", "Ed25519, key in hexadecimal", "RSA, key in PEM"] {
            let mut vector = vector(name);
            vector.fields.insert("k".to_owned(), key.to_owned());
            assert_eq!(vector.judged(), Err(RefusalReason::NoSecret), "{name}: {key}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_parser_panics_and_none_accepts_what_was_not_signed(
        which in any::<proptest::sample::Index>(),
        junk in "\\PC{0,60}|[A-Za-z0-9+/=.,:;_ -]{0,80}|t=[0-9]{0,13},v1=[0-9a-f]{0,64}|v1,[A-Za-z0-9+/=]{0,44}",
        body in proptest::collection::vec(any::<u8>(), 0..120),
        query in "[ -~]{0,40}",
        fetched in "\\PC{0,80}|\\{\"keys\":\\[\\{[ -~]{0,40}\\}\\]\\}",
    ) {
        let all = vectors();
        let vector = which.get(&all);
        prop_assume!(vector.name != "unsigned");
        let rules = vector.rules();
        let fields: Vec<_> = vector.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let headers: Vec<_> = vector.headers.iter().map(|(name, _)| (name.clone(), junk.clone())).collect();
        let url = format!("https://hooks.example/x?{query}");
        let request = Inbound { method: "POST", url: &url, headers: &headers, body: &body };
        let _ = wanted(&rules, request);
        let now = from_millis(vector.now * 1_000);
        prop_assert!(judge(&rules, &Fields::of(&fields), request, Some(fetched.as_bytes()), now).is_err());
    }
}

//! Proofs that need more than the body: our address, a fetched key or certificate, none at all.
//! And the handshakes, which the host answers.

use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Method;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

use super::{Hooked, event, good, plain};
use crate::harness::canary::WEBHOOK_SECRET;

fn rsa() -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(include_bytes!("rsa.der")).unwrap()
}

fn rsa_signed(message: &[u8]) -> Vec<u8> {
    let pair = rsa();
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
    signature
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_address_is_the_configured_one_and_never_the_hosts_header() {
    let rules = json!({ "verify": {
        "type": "hmac", "algorithm": "sha1", "secret": "webhook_secret", "header": "x-sig", "encoding": "base64",
        "signed": "{url}{form}",
    } });
    let hooked = Hooked::begin(rules, &[]).await;
    let sign = |url: &str| {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, WEBHOOK_SECRET.as_bytes());
        STANDARD.encode(hmac::sign(&key, format!("{url}?a=b%20cBodyHiFrom+1").as_bytes()))
    };
    let form = ("content-type", "application/x-www-form-urlencoded");
    let signed = sign(&hooked.url);
    let deliver = async |signature: &str, host: &str, query: &str| {
        let headers = [form, ("x-sig", signature), ("x-forwarded-host", host)];
        hooked.send(Method::POST, query, &headers, "From=%2B1&Body=Hi").await
    };
    deliver(&signed, "evil.example", "?a=b%20c").await.expect(200);
    deliver(&sign("http://evil.example/"), "evil.example", "?a=b%20c").await.expect_problem(404, "endpoint");
    deliver(&signed, "evil.example", "?a=b+c").await.expect_problem(404, "endpoint");
    deliver(&signed, "evil.example", "").await.expect_problem(404, "endpoint");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_fetched_from_a_named_host_alone() {
    let rules = json!({ "verify": {
        "type": "certificate", "certificate": "x-cert", "hosts": ["keys.acme.example"], "algorithm": "rsa_sha256",
        "header": "x-sig", "encoding": "base64", "signed": "{at:x-id}|{body_crc32}", "name": "keys.acme.example",
    } });
    let router = Router::new().route("/c.pem", get(|| async { include_str!("certificate.pem") }));
    let hooked = Hooked::begin_at(rules, &[], router).await;
    let body = event("evt_1");
    let signature = STANDARD.encode(rsa_signed(format!("id-1|{}", crc32(body.as_bytes())).as_bytes()));
    let deliver = async |url: &str, id: &str, body: &str| {
        let headers = [("x-cert", url), ("x-sig", signature.as_str()), ("x-id", id)];
        hooked.post(&headers, body.to_owned()).await
    };
    let url = "https://keys.acme.example/c.pem";
    deliver(url, "id-1", &body).await.expect(200);
    assert_eq!(hooked.event().await["told"]["trust"], "verified");
    deliver(url, "id-2", &body).await.expect_problem(404, "endpoint");
    deliver(url, "id-1", &event("evt_2")).await.expect_problem(404, "endpoint");
    deliver("https://evil.example/c.pem", "id-1", &body).await.expect_problem(404, "endpoint");
    // The provider may try again: nobody knows whether it was its own.
    deliver("https://keys.acme.example/missing.pem", "id-1", &body).await.expect_problem(503, "send it again");
}

fn crc32(bytes: &[u8]) -> u32 {
    let step =
        |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)));
    !bytes.iter().fold(!0, step)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_verified_with_the_providers_published_keys() {
    let rules = json!({ "dedupe": "/id", "verify": {
        "type": "jwt", "algorithms": ["RS256"], "jwks": "https://keys.acme.example/certs", "issuers": ["acme"],
        "audience": "{url}",
    } });
    let public = rsa();
    let components: ring::rsa::PublicKeyComponents<Vec<u8>> = public.public().into();
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let key = json!({ "kty": "RSA", "kid": "k1", "n": part(&components.n), "e": part(&components.e) });
    let keys = json!({ "keys": [key] }).to_string();
    let router = Router::new().route("/certs", get(move || async move { keys }));
    let hooked = Hooked::begin_at(rules, &[], router).await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let token = |kid: &str, aud: &str| {
        let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let head = part(json!({ "alg": "RS256", "kid": kid }));
        let signed = format!("{head}.{}", part(json!({ "iss": "acme", "aud": aud, "exp": now + 60 })));
        format!("Bearer {signed}.{}", URL_SAFE_NO_PAD.encode(rsa_signed(signed.as_bytes())))
    };
    let deliver = async |token: String| hooked.post(&[("authorization", &token)], event("evt_1")).await;
    deliver(token("k1", &hooked.url)).await.expect(200);
    assert_eq!(hooked.event().await["told"]["trust"], "authenticated");
    deliver(token("k1", "https://other.example/")).await.expect_problem(404, "endpoint");
    deliver(token("k2", &hooked.url)).await.expect_problem(404, "endpoint");
    // What lets a sender in is nowhere to be read.
    for delivery in hooked.list("deliveries").await {
        assert!(!delivery.to_string().contains("authorization"), "{delivery}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unsigned_delivery_says_that_something_happened_and_no_more() {
    let hooked = Hooked::begin(json!({ "dedupe": "/id", "verify": { "type": "unsigned" } }), &[]).await;
    hooked.post(&[], event("evt_1")).await.expect(200);
    let found = hooked.event().await;
    assert_eq!((&found["told"]["trust"], &found["data"]), (&json!("untrusted"), &json!({})));
    assert_eq!(found["subject"], "pi_1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_host_answers_handshakes_and_no_gateway_hears_of_them() {
    let mut rules = plain();
    rules["handshakes"] = json!([
        { "method": "GET", "when": { "at": "query:hub.mode", "equals": "subscribe" }, "take": "query:hub.challenge",
          "token": { "at": "query:hub.verify_token", "secret": "verify_token" } },
        { "method": "POST", "when": { "at": "/type", "equals": "url_verification" }, "take": "/challenge",
          "verified": true },
        { "method": "POST", "when": { "at": "form:name", "equals": "verify" }, "take": "form:verifier",
          "keep": "verifier", "answer": "empty" },
    ]);
    rules["refuse_with_401"] = json!(true);
    let hooked = Hooked::begin(rules, &["verify_token", "verifier"]).await;
    let secrets = json!({ "secrets": { "verify_token": "tok_1" } });
    let path = format!("/integrations/{}/webhooks/secrets", hooked.integration);
    hooked.tenant.put(&path, secrets).await.expect(204);
    let unknown = json!({ "secrets": { "no_such_secret": "x" } });
    hooked.tenant.put(&path, unknown).await.expect_problem(422, "no secrets of an endpoint");

    let subscribe = |token: &str| format!("?hub.mode=subscribe&hub.challenge=42&hub.verify_token={token}");
    let answer = hooked.send(Method::GET, &subscribe("tok_1"), &[], "").await;
    assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(answer.expect(200), json!(42));
    hooked.send(Method::GET, &subscribe("tok_2"), &[], "").await.expect_problem(401, "signature");
    hooked.send(Method::GET, "", &[], "").await.expect_problem(401, "signature");

    let body = r#"{"type":"url_verification","challenge":"17"}"#;
    assert_eq!(hooked.post(&[("x-sig", &good(body))], body).await.expect(200), json!(17));
    hooked.post(&[("x-sig", &good("other"))], body).await.expect_problem(401, "signature");

    let form = ("content-type", "application/x-www-form-urlencoded");
    let code = async |verifier: &str, signed: bool| {
        let body = format!("name=verify&verifier={verifier}");
        let signature = if signed { good(&body) } else { String::new() };
        hooked.post(&[form, ("x-sig", &signature)], body).await.status
    };
    // The first one is kept; another one only takes its place where it is signed.
    assert_eq!((code("first", false).await, code("first", false).await), (200, 200));
    assert_eq!((code("second", false).await, code("second", true).await), (401, 200));
    assert!(hooked.list("deliveries").await.is_empty() && hooked.list("events").await.is_empty());
}

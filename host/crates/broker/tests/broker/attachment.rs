//! That the credential goes where the manifest says and nowhere else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_broker::{Body, Method, Request, SendError};
use gatehouse_domain::manifest::Idempotency;

use crate::provider::{Provider, Seen};
use crate::setup::{CANARY, Setup, get, pairs, post};

async fn check(scheme: Option<&str>, line: &str, header: Option<(&str, String)>) {
    let provider = Provider::agreeable().await;
    let setup = Setup::at(&provider.origin);
    let request = Request { auth: scheme.map(str::to_owned), ..get("/v1/x?a=1") };
    setup.open().send(request).await.unwrap();
    let seen: Seen = provider.seen().remove(0);
    assert_eq!(seen.line, line);
    let (name, value) = header.unwrap_or(("authorization", String::new()));
    assert_eq!(seen.header(name).unwrap_or_default(), value);
    let places = format!("{seen:?}").matches("canary").count() + usize::from(value.starts_with("Basic"));
    assert_eq!(places, usize::from(scheme != Some("none")), "{seen:?}");
}

#[tokio::test]
async fn each_scheme_has_its_one_place() {
    let plain = "GET /v1/x?a=1 HTTP/1.1";
    check(None, plain, Some(("authorization", format!("Bearer {CANARY}")))).await;
    check(Some("bearer"), plain, Some(("authorization", format!("Bearer {CANARY}")))).await;
    let basic = STANDARD.encode(format!("acct_123456:{CANARY}"));
    check(Some("basic"), plain, Some(("authorization", format!("Basic {basic}")))).await;
    let alone = STANDARD.encode(format!("{CANARY}:"));
    check(Some("basic_alone"), plain, Some(("authorization", format!("Basic {alone}")))).await;
    check(Some("header"), plain, Some(("x-api-key", format!("Key {CANARY}")))).await;
    check(Some("query"), "GET /v1/x?a=1&api_key=sk_canary%2F4242%2Bsecret%3Dvalue HTTP/1.1", None).await;
    check(Some("none"), plain, None).await;
}

#[tokio::test]
async fn a_signature_is_made_anew_for_each_request_and_nothing_can_stand_in_for_it() {
    let provider = Provider::agreeable().await;
    let mut setup = Setup::at(&provider.origin);
    let signed = |request: Request| Request { auth: Some("signed".to_owned()), ..request };
    let refused = setup.open().send(signed(get("/v1/x"))).await;
    let Err(SendError::Denied(text)) = refused else { panic!("not denied") };
    assert!(text.contains("`signed` has no region: the setting `region` is needed"), "{text}");
    setup.settings.insert("region".to_owned(), "eu-central-1".into());
    let session = setup.open();
    session.send(signed(get("/v1/a@b?z=1&a=x y".replace(' ', "+").as_str()))).await.unwrap();
    session.send(signed(post("/v1/x", r#"{"a":1}"#))).await.unwrap();
    session.send(signed(post("/v1/x", r#"{"a":2}"#))).await.unwrap();
    for name in ["X-Amz-Date", "x_amz_content_sha256", "x-amz-security-token"] {
        let headed = Request { headers: pairs(&[(name, "x")]), ..get("/v1/x") };
        assert!(matches!(session.send(signed(headed)).await, Err(SendError::Denied(_))), "{name}");
        let queried = Request { query: pairs(&[("X-Amz-Signature", "x")]), ..get("/v1/x") };
        assert!(matches!(session.send(signed(queried)).await, Err(SendError::Denied(_))));
    }
    let seen = provider.seen();
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[0].line, "GET /v1/a@b?a=x%20y&z=1 HTTP/1.1");
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(seen[0].header("x-amz-content-sha256"), Some(empty));
    assert!(seen[0].header("x-amz-date").unwrap().starts_with("20150830T1236"), "the clock is the session's");
    assert_eq!(seen[0].header("x-amz-security-token"), None, "the credential has none");
    let authorizations: Vec<&str> = seen.iter().map(|seen| seen.header("authorization").unwrap()).collect();
    let begin = "AWS4-HMAC-SHA256 Credential=acct_123456/20150830/eu-central-1/mail/aws4_request, SignedHeaders=";
    assert!(authorizations.iter().all(|one| one.starts_with(begin) && !one.contains(CANARY)), "{authorizations:?}");
    assert!(authorizations[0].contains("=host;x-amz-content-sha256;x-amz-date, Signature="), "{authorizations:?}");
    assert!(authorizations[1].contains("=content-type;host;"), "{authorizations:?}");
    assert_ne!(authorizations[1], authorizations[2], "another body has another signature");
    assert!(!format!("{:?}", session.calls()).contains("Signature"));
    let wrong = serde_json::json!({ "base_url": provider.origin, "region": "eu/1" });
    let error = setup.broker.check_settings(&setup.manifest, wrong.as_object().unwrap()).unwrap_err();
    assert!(format!("{error:?}").contains("$.settings.region"), "{error:?}");
}

#[tokio::test]
async fn an_unknown_scheme_and_a_missing_field_are_named() {
    let provider = Provider::agreeable().await;
    let session = Setup::at(&provider.origin).open();
    let sent = |scheme: &str| session.send(Request { auth: Some(scheme.to_owned()), ..get("/v1/x") });
    let Err(SendError::Denied(text)) = sent("oauth").await else { panic!("not denied") };
    assert!(text.contains("`oauth`") && text.contains("bearer, basic, basic_alone, header"), "{text}");
    let Err(SendError::Denied(text)) = sent("other").await else { panic!("not denied") };
    assert!(text.contains("no field `other`"), "{text}");
    assert!(provider.seen().is_empty() && session.calls().is_empty());
}

#[tokio::test]
async fn text_that_looks_like_a_placeholder_is_only_text() {
    let provider = Provider::agreeable().await;
    let text = "{{secret}} {token} $token ${token} {{token}} %{token}";
    let request = Request {
        query: pairs(&[("q", text)]),
        headers: pairs(&[("x-note", text), ("user-agent", text)]),
        body: Body::Form(pairs(&[("note", text)])),
        ..Request::new(Method::Post, "/v1/{{token}}/{token}")
    };
    Setup::at(&provider.origin).open().send(request).await.unwrap();
    let seen = provider.seen().remove(0);
    assert_eq!(seen.header("x-note"), Some(text));
    assert_eq!(seen.header("user-agent"), Some(text));
    assert_eq!(format!("{seen:?}{}", String::from_utf8_lossy(&seen.body)).matches("canary").count(), 1, "{seen:?}");
}

#[tokio::test]
async fn a_request_is_complete_and_nothing_more() {
    let provider = Provider::agreeable().await;
    let session = Setup::at(&provider.origin).open();
    session.send(post("/v1/x", r#"{"a":1}"#)).await.unwrap();
    session.send(Request::new(Method::Post, "/v1/x")).await.unwrap();
    session.send(Request::new(Method::Delete, "/v1/x")).await.unwrap();
    let seen = provider.seen();
    let names: Vec<&str> = seen[0].headers.iter().map(|(name, _)| name.as_str()).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(
        sorted,
        ["accept", "accept-encoding", "authorization", "content-length", "content-type", "host", "user-agent"]
    );
    assert_eq!(seen[0].header("content-type"), Some("application/json"));
    assert_eq!(seen[0].header("accept-encoding"), Some("gzip"));
    assert_eq!(format!("http://{}", seen[0].header("host").unwrap()), provider.origin);
    assert_eq!(seen[1].header("content-length"), Some("0"));
    assert_eq!(seen[2].line, "DELETE /v1/x HTTP/1.1");
}

#[tokio::test]
async fn the_idempotency_key_goes_where_the_manifest_says() {
    let provider = Provider::agreeable().await;
    let mut setup = Setup::at(&provider.origin);
    setup.idempotency = Idempotency::Header { name: "Idempotency-Key".to_owned() };
    let session = setup.open();
    let keyed = |key: &str, request: Request| Request { idempotency_key: Some(key.to_owned()), ..request };
    session.send(post("/v1/a", "1")).await.unwrap();
    session.send(post("/v1/a", "1")).await.unwrap();
    session.send(post("/v1/b", "1")).await.unwrap();
    session.send(post("/v1/b", "1")).await.unwrap();
    session.send(keyed("own", post("/v1/c", "1"))).await.unwrap();
    session.send(get("/v1/d")).await.unwrap();
    session.send(keyed("read", get("/v1/d"))).await.unwrap();
    assert!(matches!(session.send(keyed("a\nb", post("/v1/c", "1"))).await, Err(SendError::Invalid(_))));
    let headed = Request { headers: pairs(&[("idempotency_key", "mine")]), ..post("/v1/c", "1") };
    assert!(matches!(session.send(headed).await, Err(SendError::Denied(_))));
    let seen = provider.seen();
    let keys: Vec<Option<&str>> = seen.iter().map(|seen| seen.header("idempotency-key")).collect();
    assert_eq!(keys[..2], [Some("call-key"), Some("call-key")]);
    assert!(keys[2].unwrap().starts_with("call-key-") && keys[2] == keys[3], "{keys:?}");
    assert_eq!(keys[4..], [Some("own"), None, Some("read")]);

    setup.idempotency = Idempotency::Query { name: "request_id".to_owned() };
    setup.open().send(post("/v1/a", "1")).await.unwrap();
    assert_eq!(provider.seen()[7].line, "POST /v1/a?request_id=call-key HTTP/1.1");
    let queried = post("/v1/a?request_id=mine", "1");
    assert!(matches!(setup.open().send(queried).await, Err(SendError::Denied(_))));

    for place in [Idempotency::None, Idempotency::Body] {
        setup.idempotency = place;
        setup.open().send(keyed("own", post("/v1/a", "1"))).await.unwrap();
        let seen = provider.seen().pop().unwrap();
        assert!(!format!("{seen:?}").contains("own") && seen.header("idempotency-key").is_none(), "{seen:?}");
    }
}

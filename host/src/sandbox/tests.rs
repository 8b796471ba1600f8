//! The sandbox over real connections.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gatehouse_domain::manifest::auth::Placement;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::*;

fn fixtures() -> Value {
    let pay = |amount: &str| {
        json!({ "method": "POST", "path": "/v1/payments", "headers": {"X-Version": "2"},
            "form": [["amount", amount], ["currency", "eur"]], "idempotency_key": "fixture-key" })
    };
    let case =
        |exchange: Value, ending: &str| json!({ "input": {}, "exchange": [exchange], ending: {"kind": "declined"} });
    json!({
        "process-payment": {
            "ok": case(json!({"request": pay("100"), "response": {"status": 200, "headers": {"X-Request": "r1"}, "json": {"id": "p_1"}}}), "output"),
            "a-declined": case(json!({"request": pay("100"), "response": {"status": 402, "json": {"code": "no_money"}}}), "error"),
            "lost": case(json!({"request": pay("100"), "failure": "timeout"}), "error"),
            "broken": case(json!({"request": pay("100"), "failure": "interrupted"}), "error"),
            "refused": case(json!({"request": pay("100"), "failure": "connect"}), "error"),
            "large": case(json!({"request": pay("100"), "failure": "too_large"}), "error"),
            "never-answered": case(json!({"request": pay("999"), "failure": "interrupted"}), "error"),
        },
        "keep-key": {
            "ok": case(json!({"request": {"method": "POST", "path": "/v1/kept",
                "form": [["amount", "100"], ["metadata[key]", "fixture-key:kept"]], "idempotency_key": "fixture-key:kept"},
                "response": {"status": 200, "json": {"id": "k_1"}}}), "output"),
        },
        "keep-in-json": {
            "ok": case(json!({"request": {"method": "POST", "path": "/v1/orders", "query": [["by", "fixture-key"]],
                "json": {"amount": 100, "receipt": "fixture-key", "lines": [{"mark": "fixture-key:line", "sku": "a"}]}},
                "response": {"status": 200, "json": {"id": "o_1"}}}), "output"),
        },
        "get-payment": {
            "ok": case(json!({"request": {"method": "GET", "path": "/v1/payments/p_1", "query": [["expand", "a"], ["limit", "1"]]},
                "response": {"status": 200, "text": "plain"}}), "output"),
            "absolute": case(json!({"request": {"method": "GET", "path": "https://files.example.com/f/1?x=1"},
                "response": {"status": 204}}), "output"),
        },
        "create-note": {
            "ok": case(json!({"request": {"method": "PUT", "path": "/notes", "json": {"a": 1, "b": [true]}},
                "response": {"status": 201, "json": {}}}), "output"),
        },
    })
}

async fn start(options: Options) -> (Sandbox, Client) {
    let sandbox = Sandbox::start(&fixtures(), options).await.unwrap();
    // The client needs its cryptography only for https, which is never spoken here.
    let client = Client::builder().tls_backend_preconfigured(no_tls()).no_proxy().build().unwrap();
    (sandbox, client)
}

fn no_tls() -> rustls::ClientConfig {
    let provider = rustls::crypto::ring::default_provider();
    let versions = rustls::ClientConfig::builder_with_provider(provider.into()).with_safe_default_protocol_versions();
    versions.unwrap().with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
}

fn pay(sandbox: &Sandbox, client: &Client, amount: &str, key: &str) -> RequestBuilder {
    let request = client.post(format!("{}/v1/payments", sandbox.base_url())).header("x-version", "2");
    let request = if key.is_empty() { request } else { request.header("Idempotency-Key", key) };
    // The other order than in the fixture.
    request.header("content-type", "application/x-www-form-urlencoded").body(format!("currency=eur&amount={amount}"))
}

async fn status_and_json(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
}

#[tokio::test]
async fn requests_are_answered_from_the_fixture_that_fits() {
    let (sandbox, client) = start(Options::default()).await;
    let base = sandbox.base_url();
    let check = async |method: Method, target: &str, body: Option<Value>, expect: u16| {
        let request = client.request(method, format!("{base}{target}"));
        let request = match body {
            Some(json) => request.header("content-type", "application/json; charset=utf-8").body(json.to_string()),
            None => request,
        };
        assert_eq!(request.send().await.unwrap().status().as_u16(), expect, "{target}");
    };
    check(Method::GET, "/v1/payments/p_1?limit=1&expand=a", None, 200).await;
    check(Method::GET, "/v1/payments/p_1?limit=1", None, 404).await;
    check(Method::GET, "/v1/payments/p_1?limit=1&expand=a&more=1", None, 404).await;
    check(Method::POST, "/v1/payments/p_1?limit=1&expand=a", None, 404).await;
    check(Method::GET, "/f/1?x=1", None, 204).await;
    check(Method::PUT, "/notes", Some(json!({"b": [true], "a": 1})), 201).await;
    check(Method::PUT, "/notes", Some(json!({"b": [false], "a": 1})), 404).await;
    check(Method::PUT, "/notes", None, 404).await;
    let response = pay(&sandbox, &client, "100", "").send().await.unwrap();
    assert_eq!(response.headers()["x-request"], "r1");
    assert_eq!(status_and_json(response).await, (200, json!({"id": "p_1"})));
    sandbox.stop().await;
}

#[tokio::test]
async fn an_unmatched_request_hears_of_the_nearest_fixture() {
    let (sandbox, client) = start(Options::default()).await;
    let (status, hint) = status_and_json(pay(&sandbox, &client, "101", "").send().await.unwrap()).await;
    assert_eq!(status, 404);
    let nearest = &hint["error"]["nearest"][0];
    assert_eq!(nearest["request"], "POST /v1/payments");
    assert_eq!(nearest["differences"], json!(["the form field `amount` must be `100`"]));
    assert_eq!(hint["error"]["nearest"].as_array().unwrap().len(), 3);
    assert_eq!((sandbox.effects(), sandbox.journal()[0].case.clone()), (0, None));
}

#[tokio::test]
async fn the_same_key_does_the_same_thing_once() {
    let (sandbox, client) = start(Options::default()).await;
    let first = status_and_json(pay(&sandbox, &client, "100", "k1").send().await.unwrap()).await;
    let again = status_and_json(pay(&sandbox, &client, "100", "k1").send().await.unwrap()).await;
    assert_eq!((first.clone(), sandbox.effects()), (again, 1));
    let (status, body) = status_and_json(pay(&sandbox, &client, "999", "k1").send().await.unwrap()).await;
    assert_eq!((status, body["error"]["type"].as_str()), (409, Some("idempotency_error")));
    pay(&sandbox, &client, "100", "k2").send().await.unwrap();
    pay(&sandbox, &client, "100", "").send().await.unwrap();
    assert_eq!(sandbox.effects(), 3);
    let repeated: Vec<bool> = sandbox.journal().iter().map(|arrival| arrival.repeated).collect();
    assert_eq!(repeated, [false, true, true, false, false]);
}

#[tokio::test]
async fn an_error_is_shown_when_it_is_asked_for_and_is_no_effect() {
    let (sandbox, client) = start(Options::default()).await;
    sandbox.prefer("process-payment", "a-declined").unwrap();
    assert_eq!(pay(&sandbox, &client, "100", "k1").send().await.unwrap().status(), 402);
    assert_eq!(sandbox.effects(), 0);
    sandbox.prefer_success();
    assert_eq!(pay(&sandbox, &client, "100", "k1").send().await.unwrap().status(), 200);
    assert_eq!(sandbox.effects(), 1);
    assert!(sandbox.prefer("process-payment", "nothing").unwrap_err().to_string().contains("process-payment/nothing"));
}

#[tokio::test]
async fn a_withheld_answer_was_carried_out_and_shows_on_the_repeat() {
    for case in ["broken", "lost", "large"] {
        let (sandbox, client) = start(Options { hold: Duration::from_secs(60), ..Options::default() }).await;
        sandbox.prefer("process-payment", case).unwrap();
        let sent = pay(&sandbox, &client, "100", "k1").timeout(Duration::from_millis(400)).send().await;
        match case {
            "lost" => assert!(sent.unwrap_err().is_timeout()),
            "broken" => assert!(sent.unwrap().bytes().await.is_err()),
            _ => assert!(sent.unwrap().bytes().await.is_ok_and(|body| body.len() > 16 << 20)),
        }
        assert_eq!((sandbox.effects(), sandbox.journal()[0].status), (1, None), "{case}");
        let (status, body) = status_and_json(pay(&sandbox, &client, "100", "k1").send().await.unwrap()).await;
        assert_eq!((status, body, sandbox.effects()), (200, json!({"id": "p_1"}), 1), "{case}");
    }
}

#[tokio::test]
async fn a_write_that_no_fixture_answers_stays_withheld() {
    let (sandbox, client) = start(Options::default()).await;
    for _ in 0..2 {
        let response = pay(&sandbox, &client, "999", "k1").send().await.unwrap();
        assert!(response.bytes().await.is_err());
    }
    assert_eq!(sandbox.effects(), 1);
}

#[tokio::test]
async fn stopping_ends_a_held_connection_and_closes_the_port() {
    let (sandbox, client) = start(Options { hold: Duration::from_secs(600), ..Options::default() }).await;
    sandbox.prefer("process-payment", "lost").unwrap();
    let waiting = tokio::spawn(pay(&sandbox, &client, "100", "").send());
    let started = Instant::now();
    while sandbox.journal().is_empty() {
        assert!(started.elapsed() < Duration::from_secs(10), "the request never arrived");
        tokio::task::yield_now().await;
    }
    let base = sandbox.base_url();
    sandbox.stop().await;
    assert!(started.elapsed() < Duration::from_secs(20));
    assert_eq!(waiting.await.unwrap().unwrap().status(), 504);
    let fresh = Client::builder().tls_backend_preconfigured(no_tls()).no_proxy().build().unwrap();
    assert!(fresh.get(base).send().await.unwrap_err().is_connect());
}

#[tokio::test]
async fn the_journal_judges_the_credential_and_never_holds_it() {
    let fields: BTreeMap<String, String> = [("key".to_owned(), "s3cret".to_owned())].into();
    let check = async |placement: Placement, header: &str, target: &str, expect: Shown| {
        let credential = Credential::of(&placement, &fields);
        let (sandbox, client) = start(Options { credential, ..Options::default() }).await;
        let mut request = client.get(format!("{}/f/1?x=1{target}", sandbox.base_url()));
        if !header.is_empty() {
            let (name, value) = header.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        assert_eq!(request.send().await.unwrap().status(), 204, "the credential is not compared with the fixture");
        let journal = sandbox.journal();
        assert_eq!(journal[0].credential, expect, "{header}{target}");
        let told = format!("{}{:?}", serde_json::to_string(&journal).unwrap(), journal);
        assert!(!told.contains("s3cret") && !told.contains("wrong"), "{told}");
    };
    let bearer = || Placement::Bearer { secret: "key".to_owned() };
    let own = || Placement::Header { header: "X-Api-Key".to_owned(), secret: "key".to_owned(), prefix: String::new() };
    let query = || Placement::Query { parameter: "token".to_owned(), secret: "key".to_owned() };
    check(bearer(), "Authorization: Bearer s3cret", "", Shown::Expected).await;
    check(bearer(), "Authorization: Bearer wrong", "", Shown::Different).await;
    check(bearer(), "", "", Shown::Absent).await;
    check(own(), "x-api-key: s3cret", "", Shown::Expected).await;
    check(own(), "", "", Shown::Absent).await;
    check(query(), "", "&token=s3cret", Shown::Expected).await;
    check(query(), "", "&token=wrong", Shown::Different).await;
    check(Placement::None, "Authorization: Bearer wrong", "", Shown::NotChecked).await;
}

#[tokio::test]
async fn a_form_that_repeats_the_idempotency_key_may_hold_the_callers_own() {
    let (sandbox, client) = start(Options::default()).await;
    let keep = async |form: &str| {
        let request = client.post(format!("{}/v1/kept", sandbox.base_url())).header("Idempotency-Key", "own");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(keep("amount=100&metadata[key]=own").await, 200);
    assert_ne!(keep("amount=100").await, 200, "the field has to be there");
    assert_ne!(keep("amount=200&metadata[key]=own").await, 200, "other fields are compared as ever");
}

#[tokio::test]
async fn a_json_body_and_a_query_that_repeat_the_key_may_hold_the_callers_own() {
    let (sandbox, client) = start(Options::default()).await;
    let order = |amount: u64, receipt: Value, sku: &str| {
        let url = format!("{}/v1/orders?by=own", sandbox.base_url());
        let lines = json!([{"mark": "own:line", "sku": sku}]);
        let body = json!({"amount": amount, "receipt": receipt, "lines": lines});
        let request = client.post(url).header("content-type", "application/json").body(body.to_string());
        async { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(order(100, json!("own"), "a").await, 200);
    assert_ne!(order(200, json!("own"), "a").await, 200, "other numbers are compared as ever");
    assert_ne!(order(100, json!("own"), "b").await, 200, "other texts are compared as ever");
    assert_ne!(order(100, json!(7), "a").await, 200, "a key is a text");
}

//! What is refused before anything happens: no connection, no lookup, no record.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use gatehouse_broker::{Broker, BrokerConfig, Method, Request, Resolve, Resolving, SendError};
use gatehouse_domain::capability::Effect;
use gatehouse_domain::integration::Environment;
use gatehouse_domain::manifest::Rule;
use serde_json::json;

use crate::provider::Provider;
use crate::setup::{Setup, get, pairs, post};

/// Answers one list after the other and keeps the names it was asked for.
struct Scripted {
    answers: Mutex<Vec<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Scripted {
    fn new(answers: &[&str]) -> Arc<Self> {
        let list = |text: &&str| text.split_whitespace().map(|ip| ip.parse().unwrap()).collect();
        Arc::new(Self { answers: Mutex::new(answers.iter().rev().map(list).collect()), asked: Mutex::default() })
    }
}

impl Resolve for Scripted {
    fn resolve(&self, host: String) -> Resolving {
        self.asked.lock().unwrap().push(host);
        let answer = self.answers.lock().unwrap().pop();
        Box::pin(async move { answer.ok_or_else(|| std::io::Error::other("no such name")) })
    }
}

fn resolved_by(resolver: Arc<Scripted>) -> Setup {
    Setup::with(BrokerConfig { resolver, ..BrokerConfig::default() })
}

async fn check(setup: &Setup, request: Request, expect: &str) {
    let session = setup.open();
    match session.send(request.clone()).await {
        Err(SendError::Denied(text) | SendError::Invalid(text)) => assert!(text.contains(expect), "{text}"),
        other => panic!("{request:?}: {other:?}"),
    }
    assert!(session.calls().is_empty());
}

#[tokio::test]
async fn a_denial_names_the_rule_and_reaches_no_resolver() {
    let resolver = Scripted::new(&[]);
    let mut setup = resolved_by(resolver.clone());
    check(&setup, get("https://data.evil.example/x"), r#"add `{ host = "data.evil.example""#).await;
    check(&setup, get("/v2/x"), "not allowed by the manifest").await;
    check(&setup, get("https://api.acme.example@evil.example/v1/x"), "user name").await;
    check(&setup, Request { headers: pairs(&[("Authorization", "Bearer mine")]), ..get("/v1/x") }, "set by the host")
        .await;
    check(&setup, Request { headers: pairs(&[("x_api_key", "mine")]), ..get("/v1/x") }, "set by the host").await;
    check(&setup, Request { query: pairs(&[("API_KEY", "mine")]), ..get("/v1/x") }, "set by the host").await;
    check(&setup, get("/v1/x?api_key=mine"), "set by the host").await;
    check(&setup, post("/v1/x", "{"), "does not parse").await;
    let typed = Request { headers: pairs(&[("content-type", "text/plain")]), ..post("/v1/x", "{}") };
    check(&setup, typed, "content-type").await;

    setup.effect = Effect::Read;
    check(&setup, post("/v1/x", "{}"), "effect = \"read\"").await;
    check(&setup, Request::new(Method::Delete, "/v1/x"), "effect = \"read\"").await;
    setup.consent.requests.clear();
    check(&setup, get("/v1/x"), "what the tenant consented to").await;
    setup.consent.requests = vec![Rule {
        host: "api.acme.example".to_owned(),
        methods: vec!["POST".to_owned()],
        paths: vec!["/**".to_owned()],
        reads: None,
    }];
    check(&setup, get("/v1/x"), "what the tenant consented to").await;
    assert!(resolver.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_however_often_it_is_asked() {
    for answers in [
        &["127.0.0.1"][..],
        &["169.254.169.254"],
        &["::ffff:10.0.0.1"],
        &["1.1.1.1 10.0.0.1"],
        &["2606:4700::1111 ::1"],
        &["fd00:ec2::254"],
    ] {
        let resolver = Scripted::new(answers);
        let session = resolved_by(resolver.clone()).open();
        match session.send(post("/v1/x", "{}")).await {
            Err(SendError::Denied(text)) => assert!(text.contains("`api.acme.example` leads to"), "{text}"),
            other => panic!("{answers:?}: {other:?}"),
        }
        assert_eq!(*resolver.asked.lock().unwrap(), ["api.acme.example"]);
        assert!(!session.calls()[0].answer_lost);
    }
}

#[tokio::test]
async fn the_environment_chooses_the_providers_host() {
    let resolver = Scripted::new(&["127.0.0.1", "127.0.0.1"]);
    let mut setup = resolved_by(resolver.clone());
    setup.manifest.egress.sandbox_base_url = Some("https://sandbox.acme.example/v1".to_owned());
    setup.environment = Environment::Sandbox;
    check(&setup, get("/x"), "GET https://sandbox.acme.example/v1/x is not allowed by the manifest").await;
    let rule = setup.manifest.egress.allow[0].clone();
    let rule = Rule { host: "sandbox.acme.example".to_owned(), ..rule };
    setup.manifest.egress.allow.push(rule.clone());
    check(&setup, get("/x"), "what the tenant consented to").await;
    setup.consent.requests.push(rule);
    assert!(matches!(setup.open().send(get("/x")).await, Err(SendError::Denied(_))), "it leads inside");
    // The same integration's rules are not taken for another environment's.
    setup.environment = Environment::Live;
    assert!(matches!(setup.open().send(get("/v1/x")).await, Err(SendError::Denied(_))), "it leads inside");
    assert_eq!(*resolver.asked.lock().unwrap(), ["sandbox.acme.example", "api.acme.example"]);
    setup.manifest.egress.sandbox_base_url = Some("https://{shop}.acme.example".to_owned());
    assert!(
        setup.broker.check_settings(&setup.manifest, &setup.settings).is_err(),
        "the sandbox's host needs a setting"
    );
}

#[tokio::test]
async fn our_own_address_is_refused() {
    let resolver = Scripted::new(&["9.9.9.9"]);
    let config = BrokerConfig { resolver, own_addresses: vec!["9.9.9.9".parse().unwrap()], ..BrokerConfig::default() };
    match Setup::with(config).open().send(get("/v1/x")).await {
        Err(SendError::Denied(text)) => assert!(text.contains("server's own"), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_unknown_name_is_no_connection() {
    let session = resolved_by(Scripted::new(&[])).open();
    assert!(matches!(session.send(post("/v1/x", "{}")).await, Err(SendError::Connect(_))));
    assert!(!session.calls()[0].answer_lost);
}

#[tokio::test]
async fn an_origin_has_to_be_allowed_by_the_operator() {
    let provider = Provider::agreeable().await;
    let mut setup = Setup::with(BrokerConfig::default());
    setup.settings.insert("base_url".to_owned(), json!(provider.origin));
    let error = setup.broker.open(&setup.vault, setup.spec()).err().unwrap().to_string();
    assert!(error.contains("$.settings.base_url") && error.contains("`egress.allow` in the configuration"), "{error}");
    assert!(setup.broker.check_settings(&setup.manifest, &setup.settings).is_err());

    setup.broker =
        Broker::new(BrokerConfig { allow_origins: vec![provider.origin.clone()], ..BrokerConfig::default() }).unwrap();
    setup.broker.check_settings(&setup.manifest, &setup.settings).unwrap();
    setup.open().send(get("/v1/x")).await.unwrap();
    for base in [
        json!("http://127.0.0.1:1"),
        json!("https://127.0.0.1"),
        json!("x"),
        json!(7),
        json!(format!("{}?x", provider.origin)),
    ] {
        setup.settings.insert("base_url".to_owned(), base);
        assert!(setup.broker.check_settings(&setup.manifest, &setup.settings).is_err(), "{:?}", setup.settings);
    }
}

#[tokio::test]
async fn a_settings_placeholder_is_checked_when_it_is_kept() {
    let mut setup = Setup::with(BrokerConfig::default());
    setup.manifest.egress.base_url = "https://{shop}.acme.example".to_owned();
    let mut check = |shop: serde_json::Value, fits: bool| {
        setup.settings.insert("shop".to_owned(), shop.clone());
        let result = setup.broker.check_settings(&setup.manifest, &setup.settings);
        assert_eq!(result.is_ok(), fits, "{shop}: {result:?}");
    };
    check(json!("north"), true);
    check(json!("evil.example/"), false);
    check(json!("a.b"), false);
    check(json!(null), false);
}

#[tokio::test]
async fn a_credential_of_another_tenant_does_not_open() {
    let mut setup = Setup::with(BrokerConfig::default());
    let sealed = setup.sealed.clone();
    setup.become_tenant(2);
    setup.sealed = sealed;
    let error = setup.broker.open(&setup.vault, setup.spec()).err().unwrap();
    assert_eq!(error.kind, gatehouse_domain::ErrorKind::Corrupt);
}

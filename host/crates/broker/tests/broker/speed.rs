//! What the broker adds to a request. Printed, not asserted: machines differ.

use std::time::Instant;

use bytes::Bytes;
use reqwest::Client;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

use crate::provider::Provider;
use crate::setup::{Setup, post};

const ROUNDS: u32 = 2_000;

fn micros(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS)
}

fn no_tls() -> ClientConfig {
    let config = ClientConfig::builder_with_provider(ring::default_provider().into());
    let config = config.with_safe_default_protocol_versions().unwrap();
    config.with_root_certificates(RootCertStore::empty()).with_no_client_auth()
}

#[tokio::test]
async fn opening_and_sending_are_measured_against_the_bare_client() {
    let provider = Provider::agreeable().await;
    let setup = Setup::at(&provider.origin);
    setup.open().send(post("/v1/x", "{}")).await.unwrap();

    let began = Instant::now();
    for _ in 0..ROUNDS {
        assert!(setup.open().calls().is_empty());
    }
    println!("open a session, two fields unsealed: {:.1} µs", micros(began));

    let session = setup.open();
    let began = Instant::now();
    for _ in 0..ROUNDS {
        assert!(session.send(post("/v2/x", "{}")).await.is_err());
    }
    println!("judge and refuse a request: {:.1} µs", micros(began));

    let began = Instant::now();
    for _ in 0..ROUNDS {
        let answer = setup.open().send(post("/v1/x", r#"{"amount":1999}"#)).await.unwrap();
        assert_eq!(answer.body, b"{}");
    }
    println!("open, send over loopback, receive, scrub: {:.1} µs", micros(began));

    let bare = Client::builder().tls_backend_preconfigured(no_tls()).no_proxy().build().unwrap();
    let began = Instant::now();
    for _ in 0..ROUNDS {
        let request = bare.post(format!("{}/v1/x", provider.origin)).header("content-type", "application/json");
        let answer = request.body(Bytes::from_static(br#"{"amount":1999}"#)).send().await.unwrap();
        assert_eq!(answer.bytes().await.unwrap(), "{}");
    }
    println!("the same with a bare client: {:.1} µs", micros(began));
}

//! Who shares a connection, and with whom it is made.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gatehouse_broker::{BrokerConfig, SendError};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio_rustls::TlsAcceptor;

use crate::provider::{Provider, Reply, answer};
use crate::setup::{Setup, get, post};

#[tokio::test]
async fn calls_of_one_integration_share_a_connection_and_those_of_two_tenants_do_not() {
    let provider = Provider::agreeable().await;
    let mut setup = Setup::at(&provider.origin);
    for _ in 0..3 {
        setup.open().send(get("/v1/x")).await.unwrap();
        setup.open().send(post("/v1/x", "{}")).await.unwrap();
    }
    assert_eq!(provider.connections(), 1);
    setup.become_tenant(2);
    setup.open().send(get("/v1/x")).await.unwrap();
    assert_eq!(provider.connections(), 2);
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_costs_no_write() {
    let closing = AtomicBool::new(true);
    let provider = Provider::start(move |_| match closing.swap(false, Ordering::SeqCst) {
        true => Reply::Close(answer("200 OK", &[], b"{}")),
        false => Reply::Bytes(answer("200 OK", &[], b"{}")),
    })
    .await;
    let setup = Setup::at(&provider.origin);
    setup.open().send(get("/v1/x")).await.unwrap();
    // The close reaches us at some moment; whenever it does, no request is lost to it.
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    setup.open().send(post("/v1/x", "{}")).await.unwrap();
    assert_eq!((provider.seen().len(), provider.connections()), (2, 2));
}

#[tokio::test]
async fn a_name_that_the_operator_allows_may_lead_to_loopback() {
    let provider = Provider::agreeable().await;
    let origin = provider.origin.replace("127.0.0.1", "localhost");
    let setup = Setup::at(&origin);
    setup.open().send(get("/v1/x")).await.unwrap();
    assert_eq!(provider.seen().len(), 1);
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_no_connection() {
    let provider = Provider::agreeable().await;
    let origin = provider.origin.replace("http://", "https://");
    let session = Setup::at(&origin).open();
    assert!(matches!(session.send(post("/v1/x", "{}")).await, Err(SendError::Connect(_))));
    assert!(provider.seen().is_empty() && !session.calls()[0].answer_lost);
}

#[tokio::test]
async fn a_server_that_no_one_vouches_for_is_no_connection() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let (got, mut bytes) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut first = [0; 1];
            let read = match self_signed().accept(stream).await {
                Ok(mut stream) => stream.read(&mut first).await.unwrap_or(0),
                Err(_) => 0,
            };
            got.send(read).unwrap();
        }
    });
    let session = Setup::at(&origin).open();
    match session.send(post("/v1/x", "{}")).await {
        Err(SendError::Connect(text)) => assert!(text.contains("certificate"), "{text}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(bytes.recv().await, Some(0), "a request went to a server that was not verified");
    assert!(!session.calls()[0].answer_lost);
}

fn self_signed() -> TlsAcceptor {
    let certificate = CertificateDer::from(include_bytes!("self_signed.der").to_vec());
    let key = PrivateKeyDer::Pkcs8(include_bytes!("self_signed.key.der").to_vec().into());
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    TlsAcceptor::from(std::sync::Arc::new(config))
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_no_connection() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://{}", listener.local_addr().unwrap());
    let config = BrokerConfig {
        allow_origins: vec![origin.clone()],
        connect_timeout: Duration::from_millis(100),
        ..BrokerConfig::default()
    };
    let mut setup = Setup::with(config);
    setup.settings.insert("base_url".to_owned(), json!(origin));
    let session = setup.open();
    assert!(matches!(session.send(post("/v1/x", "{}")).await, Err(SendError::Connect(_))));
    assert!(!session.calls()[0].answer_lost);
    drop(listener);
}

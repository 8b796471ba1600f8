//! What is known of a request that ends while it has no connection, or just got one.

use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Waker};
use std::time::Duration;

use gatehouse_broker::{BrokerConfig, Resolve, Resolving, SendError};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::provider::{Provider, Reply, json as answered};
use crate::setup::{Setup, get, post};

/// Finds loopback the first time and never answers again.
#[derive(Default)]
struct Once(AtomicUsize);

impl Resolve for Once {
    fn resolve(&self, _: String) -> Resolving {
        let asked_before = self.0.fetch_add(1, Ordering::SeqCst) > 0;
        Box::pin(async move {
            if asked_before {
                std::future::pending::<()>().await;
            }
            Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)])
        })
    }
}

fn is_pending(future: &mut Pin<Box<impl Future>>) -> bool {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

/// A setup whose second connection is never made, with long limits.
fn with_one_connection(origin: &str) -> (Setup, Arc<Once>) {
    let origin = origin.replace("127.0.0.1", "localhost");
    let resolver = Arc::new(Once::default());
    let config = BrokerConfig {
        allow_origins: vec![origin.clone()],
        connect_timeout: Duration::from_secs(60),
        resolver: resolver.clone(),
        ..BrokerConfig::default()
    };
    let mut setup = Setup::with(config);
    setup.settings.insert("base_url".to_owned(), json!(origin));
    (setup, resolver)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_that_takes_over_a_connection_while_its_own_is_made_may_have_arrived() {
    let (go, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let provider = Provider::start(move |seen| match seen.line.contains("first") {
        true => wait.lock().unwrap().recv().map_or(Reply::Close(Vec::new()), |()| answered(b"{}")),
        false => Reply::Stall(Vec::new()),
    })
    .await;
    let (setup, resolver) = with_one_connection(&provider.origin);
    let first = setup.open();
    let first = tokio::spawn(async move { first.send(get("/v1/first")).await.map(|answer| answer.status) });
    while provider.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    let session = setup.open();
    let mut sending = Box::pin(session.send(post("/v1/second", "{}")));
    while resolver.0.load(Ordering::SeqCst) < 2 {
        assert!(is_pending(&mut sending));
        tokio::task::yield_now().await;
    }
    assert_eq!(provider.seen().len(), 1, "the second waits");
    go.send(()).unwrap();
    assert_eq!(first.await.unwrap(), Ok(200));
    while provider.seen().len() < 2 {
        assert!(is_pending(&mut sending));
        tokio::task::yield_now().await;
    }
    drop(sending);
    assert!(session.calls()[0].answer_lost && provider.connections() == 1);
}

#[tokio::test]
async fn a_write_that_never_got_a_connection_did_not_arrive() {
    let provider = Provider::start(|_| Reply::Stall(Vec::new())).await;
    let (mut setup, resolver) = with_one_connection(&provider.origin);
    resolver.0.store(1, Ordering::SeqCst);
    let stopped = setup.open();
    let sent = timeout(Duration::from_millis(50), stopped.send(post("/v1/x", "{}"))).await;
    assert!(sent.is_err() && !stopped.calls()[0].answer_lost);
    setup.deadline = Duration::from_millis(50);
    let late = setup.open();
    let sent = late.send(post("/v1/x", "{}")).await;
    assert_eq!(sent, Err(SendError::Connect("no connection was made in time".to_owned())));
    assert!(!late.calls()[0].answer_lost && provider.connections() == 0);
}

#[tokio::test]
async fn a_write_that_is_stopped_within_the_handshake_did_not_arrive() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let accepted = Arc::new(Semaphore::new(0));
    let setup = Setup::at(&format!("https://{}", listener.local_addr().unwrap()));
    let count = accepted.clone();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            kept.push(stream);
            count.add_permits(1);
        }
    });
    let session = setup.open();
    tokio::select! {
        sent = session.send(post("/v1/x", "{}")) => panic!("{sent:?}"),
        _ = accepted.acquire() => {}
    }
    assert!(!session.calls()[0].answer_lost);
}

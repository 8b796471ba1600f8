//! Upgrading while calls run: none fails, those that run end on the version they began with, and
//! a version that nobody has any more leaves no code in memory.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{Shop, adds, breaks, publish_with};
use crate::harness::story::{self, payment};
use crate::harness::{Server, eventually};
use crate::observe::metrics::{scrape, value};

const CALLERS: usize = 3;

/// Waits until so many plugin versions have their code in memory.
async fn in_memory(server: &Server, expect: f64) {
    eventually(&format!("{expect} versions in memory"), async || {
        (value(&scrape(server).await, "gatehouse_plugin_versions_in_memory") == expect).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_while_versions_come_and_go() {
    let shop = Arc::new(Shop::open().await);
    let stop = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicUsize::new(0));
    let callers: Vec<_> = (0..CALLERS).map(|_| tokio::spawn(call(shop.clone(), stop.clone(), done.clone()))).collect();
    let more = async || {
        let before = done.load(Ordering::Relaxed);
        eventually("further calls", async || (done.load(Ordering::Relaxed) >= before + 4 * CALLERS).then_some(()))
            .await;
    };
    more().await;
    publish_with(&shop.server, "1.1.0", adds).await;
    shop.upgrade(json!({ "version": "1.1.0" })).await.expect(200);
    more().await;
    publish_with(&shop.server, "2.0.0", breaks).await;
    shop.upgrade(json!({ "version": "2.0.0", "accept_breaking": true })).await.expect(200);
    more().await;
    shop.rollback().await.expect(200);
    more().await;
    assert_eq!(shop.version_of(&shop.integration).await, "1.1.0");
    stop.store(true, Ordering::Relaxed);
    let mut versions = BTreeSet::new();
    for caller in callers {
        versions.extend(caller.await.unwrap());
    }
    assert_eq!(versions.into_iter().collect::<Vec<_>>(), ["1.0.0", "1.1.0", "2.0.0"]);
    assert_eq!(shop.upstream.payments(), done.load(Ordering::Relaxed));
    // Of three versions one is in use.
    in_memory(&shop.server, 1.0).await;
}

/// Calls until it is told to stop, and tells which versions served. A call that fails ends the test.
async fn call(shop: Arc<Shop>, stop: Arc<AtomicBool>, done: Arc<AtomicUsize>) -> BTreeSet<String> {
    let path = format!("/integrations/{}/execute", shop.integration);
    let mut versions = BTreeSet::new();
    while !stop.load(Ordering::Relaxed) {
        let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("a book") });
        let answer = shop.tenant.post(&path, ask).await.expect(200);
        let execution = answer["execution"].as_str().unwrap();
        let record = shop.tenant.get(&format!("/executions/{execution}")).await.expect(200);
        assert_eq!(record["outcome"], "succeeded");
        versions.insert(record["plugin"]["version"].as_str().unwrap().to_owned());
        done.fetch_add(1, Ordering::Relaxed);
    }
    versions
}

/// A provider that answers a payment only when it is let to.
async fn slow_provider() -> (String, Arc<Semaphore>, Arc<AtomicUsize>) {
    let (gate, waiting) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let state = (gate.clone(), waiting.clone());
    let router = Router::new().fallback(answer).with_state(state);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (origin, gate, waiting)
}

async fn answer(State((gate, waiting)): State<(Arc<Semaphore>, Arc<AtomicUsize>)>, _: Bytes) -> axum::Json<Value> {
    waiting.fetch_add(1, Ordering::SeqCst);
    gate.acquire().await.unwrap().forget();
    axum::Json(json!({
        "id": "pi_0001", "object": "payment_intent", "status": "succeeded", "created": 1_700_000_000,
        "livemode": false, "amount": 1999, "amount_received": 1999, "currency": "eur", "metadata": {},
    }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_ends_on_the_version_it_began_with_and_that_leaves_with_it() {
    let (origin, gate, waiting) = slow_provider().await;
    let server = Server::start(std::slice::from_ref(&origin));
    super::publish(&server, "1.0.0").await;
    let tenant = story::new_tenant(&server, "Acme").await;
    story::enable(&tenant).await;
    let integration = super::id(&story::create(&tenant, &origin).await);
    let path = format!("/integrations/{integration}/execute");
    let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("a book") });
    let running = tokio::spawn({
        let (tenant, path, ask) = (tenant.clone(), path.clone(), ask.clone());
        async move { tenant.post(&path, ask).await.expect(200) }
    });
    eventually("the request to the provider", async || (waiting.load(Ordering::SeqCst) == 1).then_some(())).await;
    publish_with(&server, "1.1.0", adds).await;
    tenant.post("/plugins/tenant/stripe/upgrade", json!({})).await.expect(200);
    // The new one is ready, and the old one is there for the call alone.
    in_memory(&server, 2.0).await;
    gate.add_permits(1);
    let ended = running.await.unwrap();
    let record = tenant.get(&format!("/executions/{}", ended["execution"].as_str().unwrap())).await.expect(200);
    assert_eq!(record["plugin"]["version"], "1.0.0");
    in_memory(&server, 1.0).await;
    gate.add_permits(1);
    let after = tenant.post(&path, ask).await.expect(200);
    let record = tenant.get(&format!("/executions/{}", after["execution"].as_str().unwrap())).await.expect(200);
    assert_eq!(record["plugin"]["version"], "1.1.0");
}

//! Who takes part: the server, which comes and goes, the providers and the receiver, which stay, and
//! the tenants. It asks until it is answered and counts what is under way.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;
use tokio::sync::watch;

use super::tenant::{self, Tenant};
use crate::harness::client::Answer;
use crate::harness::faulty::Rules;
use crate::harness::story::upload_bytes;
use crate::harness::{Client, Faulty, Receiver, Server, artefacts};

/// How long one thing may take, with all kills, on a machine that is busy with much else.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Everybody who takes part.
pub(super) struct World {
    pub(super) seed: u64,
    /// The provider of payments, of which some go wrong.
    pub(super) payments: Faulty,
    /// The host app of all tenants, each at a path of its own.
    pub(super) receiver: Receiver,
    pub(super) tenants: Vec<Tenant>,
    /// Where the server is.
    pub(super) place: watch::Sender<String>,
    server: Mutex<Option<Server>>,
    client: Client,
    over: AtomicBool,
    tally: Mutex<BTreeMap<String, u64>>,
    under_way: Mutex<BTreeMap<&'static str, usize>>,
}

impl World {
    /// Sets the stage with so many tenants.
    pub(super) async fn begin(seed: u64, tenants: usize) -> Arc<Self> {
        let payments = Faulty::start(Rules { seed, faults: 30, remembers_keys: true }).await;
        let receiver = Receiver::start().await;
        let peers = tenant::peers(tenants).await;
        let mut origins = vec![payments.origin.clone(), receiver.origin.clone()];
        origins.extend(peers.iter().flat_map(|peers| [peers.books.origin.clone(), peers.authority.origin.clone()]));
        let server = Server::start_also(&origins, &settings());
        for wasm in [tenant::till(), std::fs::read(artefacts::guest("syncing")).unwrap(), tenant::signing_in()] {
            upload_bytes(&server, wasm).await;
        }
        tenant::register_app(&server).await;
        let mut made = Vec::new();
        for (number, peers) in peers.into_iter().enumerate() {
            made.push(Tenant::open(&server, number, peers, &payments.origin, &receiver).await);
        }
        receiver.fail_by_chance(seed, 35);
        let (client, place) = (server.client(), watch::Sender::new(server.base.clone()));
        let (tally, under_way) = (Mutex::default(), Mutex::default());
        let (over, server) = (AtomicBool::new(false), Mutex::new(Some(server)));
        Arc::new(Self { seed, payments, receiver, tenants: made, place, server, client, over, tally, under_way })
    }

    /// Whether nothing new is to be asked for.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// Kills the server, does something while there is none, and starts it again.
    pub(super) fn kill(&self, meanwhile: impl FnOnce()) {
        let mut server = self.server();
        let stopped = server.take().unwrap().kill_unsearched();
        meanwhile();
        let started = stopped.start_again();
        self.place.send_replace(started.base.clone());
        *server = Some(started);
    }

    /// Lets the server end in good order; what it says of its data, and how it ends.
    pub(super) fn stop(&self) -> std::process::Output {
        let server = self.server().take().unwrap();
        server.kill().command(&["audit", "verify"])
    }

    fn server(&self) -> MutexGuard<'_, Option<Server>> {
        self.server.lock().unwrap()
    }

    /// A client of the server of this moment.
    pub(super) fn client(&self, token: &str) -> Client {
        self.client.at(&self.place.borrow()).with_key(token)
    }

    /// Asks until there is an answer that stays.
    pub(super) async fn ask(
        &self,
        token: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let end = Instant::now() + PATIENCE;
        let headers = [headers, &[("content-type", "application/json")]].concat();
        loop {
            let asking = self.client(token);
            let asking = asking.try_send(method.clone(), path, &headers, body.to_vec());
            match tokio::time::timeout(PATIENCE, asking).await {
                Ok(Ok(answer)) if stays(&method, &answer) => return answer,
                Ok(Ok(answer)) => self.count(&format!("asked again after {}", answer.status)),
                Ok(Err(_)) => self.count("asked again after a kill"),
                Err(_) => panic!("{method} {path} hangs"),
            }
            assert!(Instant::now() < end, "{method} {path} is not answered");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Posts under an idempotency key until there is an answer that stays.
    pub(super) async fn post(&self, token: &str, key: &str, path: &str, body: &Value) -> Answer {
        self.ask(token, Method::POST, path, &[("idempotency-key", key)], body.to_string().as_bytes()).await
    }

    pub(super) async fn get(&self, token: &str, path: &str) -> Value {
        self.ask(token, Method::GET, path, &[], &[]).await.expect(200)
    }

    /// Every item of a list, however many pages it has. Feeds say `more` and `cursor`, lists `next`.
    pub(super) async fn all(&self, token: &str, path: &str) -> Vec<Value> {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        let sign = if path.contains('?') { '&' } else { '?' };
        loop {
            let page = self.get(token, &format!("{path}{sign}limit=200{cursor}")).await;
            found.extend(page["items"].as_array().unwrap().iter().cloned());
            let next = if page["more"] == true { &page["cursor"] } else { &page["next"] };
            let Some(next) = next.as_str() else { return found };
            cursor = format!("&cursor={next}");
        }
    }

    /// Counts one of something for the report.
    pub(super) fn count(&self, what: &str) {
        self.add(what, 1);
    }

    pub(super) fn add(&self, what: &str, count: u64) {
        *self.tally.lock().unwrap().entry(what.to_owned()).or_default() += count;
    }

    /// What was counted, a line each.
    pub(super) fn tally(&self) -> String {
        let tally = self.tally.lock().unwrap();
        tally.iter().map(|(what, count)| format!("{count:>9}  {what}\n")).collect()
    }

    /// Says that something is under way until the answer is dropped.
    pub(super) fn doing(self: &Arc<Self>, what: &'static str) -> Doing {
        *self.under_way.lock().unwrap().entry(what).or_default() += 1;
        Doing { world: Arc::clone(self), what }
    }

    /// What is under way at this moment.
    pub(super) fn under_way(&self) -> Vec<&'static str> {
        let under_way = self.under_way.lock().unwrap();
        under_way.iter().filter(|(_, count)| **count > 0).map(|(what, _)| *what).collect()
    }
}

/// Something that is under way.
pub(super) struct Doing {
    world: Arc<World>,
    what: &'static str,
}

impl Drop for Doing {
    fn drop(&mut self) {
        *self.world.under_way.lock().unwrap().entry(self.what).or_default() -= 1;
    }
}

/// Whether an answer is the last word: not where it says that the request is at work or that
/// nobody has time for it. What is put in the place of something can meet a lasting conflict.
fn stays(method: &Method, answer: &Answer) -> bool {
    match answer.body["outcome"].as_str() {
        Some(outcome) => outcome != "running",
        None if answer.status == 409 => *method == Method::PUT || answer.headers.contains_key("idempotent-replayed"),
        None => ![429, 503].contains(&answer.status),
    }
}

fn settings() -> Vec<(&'static str, String)> {
    let wide = [
        "GATEHOUSE_RESILIENCE__FAILURES_IN_A_ROW",
        "GATEHOUSE_RESILIENCE__FAILURE_CALLS",
        "GATEHOUSE_RESILIENCE__PER_INTEGRATION",
        "GATEHOUSE_RESILIENCE__PER_PROVIDER",
        "GATEHOUSE_RESILIENCE__PER_TENANT",
        "GATEHOUSE_RESILIENCE__IN_ALL",
    ];
    // A third of all calls fails on purpose: a breaker that held them back would leave nothing to see.
    let mut settings: Vec<_> = wide.into_iter().map(|name| (name, "10000".to_owned())).collect();
    settings.extend([
        // Longer than a look-up takes on a machine that is busy with much else: it reads the provider's
        // list of all tenants' payments.
        ("GATEHOUSE_LIMITS__WALL_MS", "8000".to_owned()),
        ("GATEHOUSE_LIMITS__EGRESS_MS", "6000".to_owned()),
        ("GATEHOUSE_LEDGER__FIRST_RETRY_MS", "100".to_owned()),
        ("GATEHOUSE_LEDGER__MAX_RETRY_MS", "1000".to_owned()),
        // With a third of all requests failing, some are given up.
        ("GATEHOUSE_DELIVERIES__PAUSES_MS", "[20, 20, 50, 100]".to_owned()),
    ]);
    settings
}

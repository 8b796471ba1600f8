//! One tenant with everything that a tenant can have, and what it has asked for so far.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use gatehouse_domain::manifest::{CapabilityRules, Idempotency};
use serde_json::{Value, json};

use crate::harness::authority::CLIENT;
use crate::harness::canary::{SECRET_KEY, WEBHOOK_SECRET};
use crate::harness::story::enable_plugin;
use crate::harness::{Authority, Books, Client, Receiver, Server, artefacts};
use crate::oauth;

/// The records that its provider begins with, on each shelf.
pub(super) const RECORDS: usize = 300;
/// The shelves that are synchronised.
pub(super) const SHELVES: [&str; 2] = ["items", "contacts"];

/// The providers of one tenant alone.
pub(super) struct Peers {
    pub(super) books: Books,
    pub(super) authority: Authority,
}

/// A tenant.
pub(super) struct Tenant {
    pub(super) name: String,
    pub(super) token: String,
    pub(super) peers: Peers,
    /// Its integrations for payments.
    pub(super) tills: Vec<Till>,
    /// Its integration of records.
    pub(super) library: String,
    /// Its integration that a person signs in to.
    pub(super) signed_in: String,
    pub(super) subscription: String,
    asked: Mutex<Asked>,
}

/// An integration for payments.
pub(super) struct Till {
    pub(super) id: String,
    /// Where its provider's webhooks reach us.
    pub(super) hook: String,
}

/// What was asked for.
#[derive(Default)]
pub(super) struct Asked {
    /// Payments, by their description, with the execution where one was told of.
    pub(super) payments: BTreeMap<String, Option<String>>,
    /// Those that were asked for asynchronously, and alone.
    pub(super) later: BTreeSet<String>,
    pub(super) batches: Vec<String>,
    /// The provider's ids of the webhooks that were taken, by the till.
    pub(super) hooks: BTreeMap<String, BTreeSet<String>>,
    pub(super) runs: Vec<String>,
    /// Changes that were handed in.
    pub(super) changes: BTreeSet<String>,
    /// How far the feeds were read, and what was found.
    pub(super) read: BTreeMap<&'static str, (BTreeMap<String, Value>, Option<String>)>,
}

/// The providers of so many tenants.
pub(super) async fn peers(count: usize) -> Vec<Peers> {
    let mut peers = Vec::new();
    for _ in 0..count {
        let (books, authority) = (Books::open().await, Authority::start().await);
        for shelf in SHELVES {
            for number in 0..RECORDS {
                books.kept().put(shelf, &format!("r{number:05}"), json!({ "number": number }));
            }
        }
        authority.known().lag = std::time::Duration::from_millis(60);
        peers.push(Peers { books, authority });
    }
    peers
}

/// The gateway for payments, with times that suit a test.
pub(super) fn till() -> Vec<u8> {
    artefacts::plugin_with("stripe", |manifest| {
        let rules = CapabilityRules {
            idempotency: Idempotency::Header { name: "Idempotency-Key".to_owned() },
            window_hours: Some(24),
            absent_after_seconds: Some(10),
            ..CapabilityRules::default()
        };
        manifest.capabilities.insert("PROCESS_PAYMENT".to_owned(), rules);
    })
}

/// The same gateway for a provider that people sign in to.
pub(super) fn signing_in() -> Vec<u8> {
    artefacts::plugin_with("stripe", |manifest| {
        (manifest.id, manifest.provider) = ("signing-in".to_owned(), "signing-in".to_owned());
        manifest.name = "Signing in".to_owned();
        oauth::rules(manifest, &|_| {});
    })
}

/// Tells the server the client that it is at the authorization servers.
pub(super) async fn register_app(server: &Server) {
    let app = json!({ "client_id": CLIENT, "credentials": { "client_secret": SECRET_KEY } });
    server.operator().put("/providers/signing-in/oauth-app", app).await.expect(200);
}

impl Tenant {
    /// Opens it. It subscribes before anything else happens to it.
    pub(super) async fn open(
        server: &Server,
        number: usize,
        peers: Peers,
        payments: &str,
        receiver: &Receiver,
    ) -> Self {
        let name = format!("t{number}");
        let operator = server.operator();
        let tenant = operator.post("/tenants", json!({ "name": name })).await.expect(201);
        let key = operator.post("/keys", json!({ "tenant": tenant["id"], "name": "soak" })).await.expect(201);
        let token = text(&key["token"]);
        let client = server.client().with_key(&token);
        let new = json!({ "url": receiver.url(&format!("/{name}")), "events": ["*"], "concurrency": 8, "rate_per_second": 1000 });
        let subscription = text(&client.post("/subscriptions", new).await.expect(201)["id"]);
        for plugin in ["stripe", "books", "signing-in"] {
            enable_plugin(&client, plugin).await;
        }
        let mut tills = Vec::new();
        for number in 0..2 {
            let secrets = json!({ "secret_key": SECRET_KEY, "webhook_secret": WEBHOOK_SECRET });
            let view = integrate(&client, "stripe", &format!("Till {number}"), payments, secrets).await;
            let hook = text(&view["webhook_url"]).split_once("/api/v1").unwrap().1.to_owned();
            tills.push(Till { id: text(&view["id"]), hook });
        }
        let secrets = json!({ "token": SECRET_KEY });
        let library = integrate(&client, "books", "Library", &peers.books.origin, secrets).await;
        let signed_in = integrate(&client, "signing-in", "Signed in", &peers.authority.origin, json!({})).await;
        let (library, signed_in) = (text(&library["id"]), text(&signed_in["id"]));
        Self { name, token, peers, tills, library, signed_in, subscription, asked: Mutex::default() }
    }

    pub(super) fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap()
    }
}

async fn integrate(client: &Client, provider: &str, name: &str, origin: &str, secrets: Value) -> Value {
    let new = json!({ "provider": provider, "name": name, "credentials": secrets, "settings": { "base_url": origin } });
    client.post("/integrations", new).await.expect(201)
}

/// A text of an answer.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value:#} is no text")).to_owned()
}

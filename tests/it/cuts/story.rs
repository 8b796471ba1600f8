//! A caller who asks for one thing after another and repeats what was not answered, under the same
//! idempotency key, after every death of the server. Then it holds what we say against what happened.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::life::{Life, Place};
use super::storage::Cut;
use crate::api::webhooks::{now, signature};
use crate::harness::canary::{SECRET_KEY, WEBHOOK_SECRET};
use crate::harness::client::Answer;
use crate::harness::server::OPERATOR;
use crate::harness::story::payment;
use crate::harness::{Books, Client, Receiver, Upstream, artefacts};

/// How long one thing may take, with all that is asked again.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is told and what happened, with the process of the time.
pub(crate) struct Story<'t> {
    threads: &'t tokio::runtime::Runtime,
    place: Place,
    life: Life,
    upstream: Upstream,
    books: Books,
    receiver: Receiver,
    /// The name of the commit at which it was cut off.
    pub(crate) cut_at: Option<String>,
    key: String,
    tenant: String,
    integration: String,
    library: String,
    subscription: String,
}

impl<'t> Story<'t> {
    /// Begins on a deployment of its own, of which the first process ends at `cut`.
    pub(crate) fn begin(threads: &'t tokio::runtime::Runtime, cut: Cut) -> Self {
        let (upstream, books, receiver) =
            threads.block_on(async { (Upstream::start().await, Books::open().await, Receiver::start().await) });
        let origins = [upstream.origin.clone(), books.origin.clone(), receiver.origin.clone()];
        let place = Place::new(threads, &origins);
        let (life, cut_at) = match place.start(cut) {
            Ok(life) => (life, None),
            Err(storage) => (place.start(Cut::Never).ok().unwrap(), storage.passed().pop()),
        };
        let none = String::new;
        let (key, tenant, integration, library, subscription) = (none(), none(), none(), none(), none());
        Self {
            threads,
            place,
            life,
            upstream,
            books,
            receiver,
            cut_at,
            key,
            tenant,
            integration,
            library,
            subscription,
        }
    }

    /// The names of the commits of the present process.
    pub(crate) fn passed(&self) -> Vec<String> {
        self.life.storage.passed()
    }

    fn restart(&mut self) {
        self.cut_at = self.life.storage.passed().pop();
        let next = self.place.start(Cut::Never).ok().unwrap();
        self.life = next;
    }

    /// Asks until there is an answer of a process that lives.
    fn ask(&mut self, token: &str, method: Method, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let end = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < end, "{method} {path} is not answered");
            let client = Client::new(&self.life.base).with_key(token);
            let mut dead = self.life.storage.dead();
            let asking = client.try_send(method.clone(), path, headers, body.to_vec());
            let answer = self.threads.block_on(async {
                tokio::select! {
                    biased;
                    _ = dead.wait_for(|dead| *dead) => None,
                    answer = asking => answer.ok(),
                }
            });
            let is_dead = *dead.borrow();
            match answer {
                Some(answer) if !is_dead && ![409, 503].contains(&answer.status) => return answer,
                _ if is_dead => self.restart(),
                // It still works on what was asked before.
                _ => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    fn post_as(&mut self, token: &str, name: &str, path: &str, body: &Value) -> Value {
        let headers = [("content-type", "application/json"), ("idempotency-key", name)];
        let answer = self.ask(token, Method::POST, path, &headers, body.to_string().as_bytes());
        assert!((200..300).contains(&answer.status), "{path}: {} {:#}", answer.status, answer.body);
        answer.body
    }

    fn post(&mut self, name: &str, path: &str, body: &Value) -> Value {
        let key = self.key.clone();
        self.post_as(&key, name, path, body)
    }

    fn put(&mut self, path: &str, body: &Value) {
        let key = self.key.clone();
        let json = [("content-type", "application/json")];
        let answer = self.ask(&key, Method::PUT, path, &json, body.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{path}: {:#}", answer.body);
    }

    fn get(&mut self, path: &str) -> Value {
        let key = self.key.clone();
        let answer = self.ask(&key, Method::GET, path, &[], &[]);
        assert_eq!(answer.status, 200, "{path}: {:#}", answer.body);
        answer.body
    }

    /// Reads until it is as wanted.
    fn until(&mut self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let found = self.get(path);
            if wanted(&found) {
                return found;
            }
            assert!(Instant::now() < end, "{path} stays {found:#}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Everything there is to ask for, once.
    pub(crate) fn tell(&mut self) {
        self.open();
        self.call();
        self.hear();
        self.synchronise();
        self.administer();
        self.tidy_up();
    }

    fn open(&mut self) {
        let tenant = self.post_as(OPERATOR, "tenant", "/tenants", &json!({ "name": "Acme" }));
        self.tenant = text(&tenant["id"]);
        let key = self.post_as(OPERATOR, "key", "/keys", &json!({ "tenant": self.tenant, "name": "app" }));
        self.key = text(&key["token"]);
        for (plugin, file) in [("stripe", artefacts::plugin("stripe")), ("books", artefacts::guest("syncing"))] {
            let wasm = std::fs::read(file).unwrap();
            let headers = [("content-type", "application/wasm"), ("idempotency-key", plugin)];
            let answer = self.ask(OPERATOR, Method::POST, "/plugins", &headers, &wasm);
            assert!([200, 201].contains(&answer.status), "{:#}", answer.body);
            let sheet = self.get(&format!("/plugins/{plugin}/permissions"));
            let toggle = json!({ "enabled": true, "consent": sheet["digest"] });
            self.post(&format!("enable-{plugin}"), &format!("/plugins/tenant/{plugin}/toggle"), &toggle);
        }
        let new = json!({ "provider": "stripe", "name": "Primary", "settings": { "base_url": self.upstream.origin },
            "credentials": { "secret_key": SECRET_KEY, "webhook_secret": WEBHOOK_SECRET } });
        self.integration = text(&self.post("integration", "/integrations", &new)["id"]);
        let new = json!({ "provider": "books", "name": "Library", "credentials": { "token": SECRET_KEY },
            "settings": { "base_url": self.books.origin } });
        self.library = text(&self.post("library", "/integrations", &new)["id"]);
        let url = self.receiver.url("/all");
        let new = json!({ "url": url, "events": ["*"] });
        self.subscription = text(&self.post("subscription", "/subscriptions", &new)["id"]);
    }

    fn call(&mut self) {
        let link = json!({ "integration_id": self.integration, "purpose": "payments", "is_default": true });
        self.post("link", "/entities/customer/c-1/integrations", &link);
        let path = format!("/integrations/{}/execute", self.integration);
        for wish in ["first", "second"] {
            // Whatever it answers: the records have to say what came of it.
            let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment(wish) }).to_string();
            let headers = [("content-type", "application/json"), ("idempotency-key", wish)];
            let key = self.key.clone();
            self.ask(&key, Method::POST, &path, &headers, ask.as_bytes());
        }
        let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("later") }).to_string();
        let headers = [("content-type", "application/json"), ("idempotency-key", "later"), ("prefer", "respond-async")];
        let key = self.key.clone();
        let later = self.ask(&key, Method::POST, &path, &headers, ask.as_bytes()).body["execution"].clone();
        self.until(&format!("/executions/{}", text(&later)), |record| record["outcome"] == "succeeded");
        let item = |wish| json!({ "capability": "PROCESS_PAYMENT", "integration": self.integration, "parameters": payment(wish) });
        let batch = json!({ "items": [item("batch-1"), item("batch-2")] });
        let batch = self.post("batch", "/batches", &batch);
        self.until(&format!("/batches/{}", text(&batch["id"])), |batch| !batch["finished_at"].is_null());
    }

    /// A provider tells of something, twice, and somebody of what does not verify.
    fn hear(&mut self) {
        let view = self.get(&format!("/integrations/{}", self.integration));
        let url = text(&view["webhook_url"]);
        let path = url.split_once("/api/v1").unwrap().1.to_owned();
        let object = json!({ "id": "pi_1", "object": "payment_intent", "status": "succeeded", "amount": 1999,
            "amount_received": 1999, "currency": "eur", "created": 1_700_000_000, "metadata": {} });
        let body = json!({ "id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "livemode": false,
            "created": 1_700_000_000, "data": { "object": object } });
        let body = body.to_string().into_bytes();
        let signed = signature(WEBHOOK_SECRET, now(), &body);
        for _ in 0..2 {
            let answer = self.ask("none", Method::POST, &path, &[("stripe-signature", &signed)], &body);
            assert_eq!(answer.status, 200, "{:#}", answer.body);
        }
        self.ask("none", Method::POST, &path, &[("stripe-signature", "t=1,v1=00")], &body);
        let events = format!("/integrations/{}/events", self.integration);
        self.until(&events, |list| {
            list["items"].as_array().unwrap().iter().any(|event| event["told"]["id"] == "evt_1")
        });
    }

    fn synchronise(&mut self) {
        for number in 0..30 {
            self.books.kept().put("items", &format!("r{number:02}"), json!({ "number": number }));
        }
        let sync = format!("/integrations/{}/sync", self.library);
        for round in 0..2 {
            let run = self.post(&format!("sync-{round}"), &format!("{sync}/items"), &json!({}));
            let run = format!("{sync}/runs/{}", text(&run["id"]));
            self.until(&run, |run| run["state"] == "succeeded");
            self.books.kept().remove("items", "r07");
            self.books.kept().put("items", "r08", json!({ "number": "eight" }));
        }
        self.books.kept().put("items", "r07", json!({ "number": 7 }));
        self.books.kept().remove("items", "r07");
    }

    fn administer(&mut self) {
        let (integration, subscription) = (self.integration.clone(), self.subscription.clone());
        self.post("rotate-secret", &format!("/subscriptions/{subscription}/rotate-secret"), &json!({}));
        self.put(&format!("/integrations/{integration}"), &json!({ "disabled": true }));
        self.put(&format!("/integrations/{integration}"), &json!({ "disabled": false }));
        self.post("test", &format!("/integrations/{integration}/test"), &json!({}));
        let role = json!({ "name": "clerk", "permissions": ["integrations:read"] });
        self.post("role", "/roles", &role);
        let keys = self.get("/keys");
        let key = text(&keys["items"][0]["id"]);
        self.post("rotate-api-key", &format!("/keys/{key}/rotate"), &json!({}));
        let rotate = format!("/tenants/{}/rotate-key", self.tenant);
        self.post_as(OPERATOR, "rotate-key", &rotate, &json!({}));
        let end = Instant::now() + PATIENCE;
        while !self.ask(OPERATOR, Method::GET, &rotate, &[], &[]).body["rotation"].is_null() {
            assert!(Instant::now() < end, "the exchange of the tenant's key does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
        let other = self.post_as(OPERATOR, "other", "/tenants", &json!({ "name": "Gone" }));
        let path = format!("/tenants/{}", text(&other["id"]));
        let gone = self.ask(OPERATOR, Method::DELETE, &path, &[], &[]);
        assert!([200, 202, 204, 404].contains(&gone.status), "{:#}", gone.body);
    }

    /// What is changed and taken away again.
    fn tidy_up(&mut self) {
        let tenant = format!("/tenants/{}", self.tenant);
        let json = [("content-type", "application/json")];
        let renamed = self.ask(OPERATOR, Method::PUT, &tenant, &json, br#"{"name":"Acme and sons"}"#);
        assert_eq!(renamed.status, 200, "{:#}", renamed.body);
        for step in ["suspend", "resume"] {
            self.post_as(OPERATOR, step, &format!("{tenant}/{step}"), &json!({}));
        }
        self.put("/roles/clerk", &json!({ "permissions": ["integrations:read", "events:read"] }));
        self.delete("/roles/clerk");
        let key = self.post("second-key", "/keys", &json!({ "name": "second" }));
        self.delete(&format!("/keys/{}", text(&key["id"])));
        self.post("told", &format!("/subscriptions/{}/test", self.subscription), &json!({}));
        self.post("disable", "/plugins/tenant/books/toggle", &json!({ "enabled": false }));
        let sheet = self.get("/plugins/books/permissions");
        let toggle = json!({ "enabled": true, "consent": sheet["digest"] });
        self.post("enable", "/plugins/tenant/books/toggle", &toggle);
        let integration = self.integration.clone();
        self.delete(&format!("/entities/customer/c-1/integrations/{integration}"));
        let credentials = json!({ "secret_key": SECRET_KEY, "webhook_secret": WEBHOOK_SECRET });
        let rotate = json!({ "credentials": credentials });
        self.post("rotate", &format!("/integrations/{integration}/rotate"), &rotate);
        let new = json!({ "provider": "stripe", "name": "Spare", "settings": { "base_url": self.upstream.origin },
            "credentials": credentials });
        let spare = format!("/integrations/{}", text(&self.post("spare", "/integrations", &new)["id"]));
        self.delete(&format!("{spare}/disconnect"));
        self.post("connect", &format!("{spare}/connect"), &rotate);
        self.delete(&spare);
    }

    fn delete(&mut self, path: &str) {
        let key = self.key.clone();
        let answer = self.ask(&key, Method::DELETE, path, &[], &[]);
        // One that was done before its process ended is not found any more.
        assert!([200, 204, 404].contains(&answer.status), "{path}: {:#}", answer.body);
    }

    /// Holds everything that we say against everything that happened.
    pub(crate) fn check(&mut self) {
        let settled = |list: &Value| {
            let open = ["running", "unknown", "queued"];
            list["items"].as_array().unwrap().iter().all(|record| !open.contains(&record["outcome"].as_str().unwrap()))
        };
        let records = self.until("/executions?limit=200", settled);
        let wishes = ["first", "second", "later", "batch-1", "batch-2"];
        let mut found = Vec::new();
        for record in records["items"].as_array().unwrap() {
            let Some(wish) = record["parameters"]["description"].as_str() else { continue };
            assert_eq!(record["outcome"], "succeeded", "{record:#}");
            found.push(wish.to_owned());
        }
        found.sort();
        let mut expect = wishes.map(str::to_owned);
        expect.sort();
        assert_eq!(found, expect, "one record of each payment");
        assert_eq!(self.upstream.payments(), wishes.len(), "each payment was made once");

        let heard = self.get(&format!("/integrations/{}/events", self.integration));
        let heard = heard["items"].as_array().unwrap().iter().filter(|event| event["told"]["id"] == "evt_1").count();
        assert_eq!(heard, 1, "a delivery becomes one event");

        let subscription = format!("/subscriptions/{}", self.subscription);
        let view = self.until(&subscription, |view| view["counts"]["pending"] == 0);
        let count = |name: &str| view["counts"][name].as_u64().unwrap();
        assert_eq!(count("accepted"), count("delivered") + count("pending") + count("dead"), "{view:#}");
        let told: BTreeSet<String> = self.receiver.told("/all").iter().map(|told| told.id().to_owned()).collect();
        assert_eq!((told.len() as u64, count("dead")), (count("accepted"), 0), "each event is told of under one id");

        let path = format!("/integrations/{}/records/items?limit=200", self.library);
        let sync = format!("/integrations/{}/sync", self.library);
        let run = self.post("sync-last", &format!("{sync}/items"), &json!({}));
        self.until(&format!("{sync}/runs/{}", text(&run["id"])), |run| run["state"] == "succeeded");
        let mut ours = BTreeMap::new();
        let feed = self.get(&path);
        crate::sync::replay(&mut ours, feed["items"].as_array().unwrap());
        assert_eq!(ours, self.books.kept().shelf("items"), "our records are the provider's");

        let audit = self.get("/audit/verify");
        assert_eq!(audit["broken"], json!([]), "{audit:#}");
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value:#} is no text")).to_owned()
}

//! Records pulled from a provider: how many in a second, and whether memory stays flat. The
//! provider is on the side of the load.

use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};

use crate::artefacts;
use crate::execute::own_role;
use crate::execute::story::{OPERATOR, SECRET_KEY, answer, start};
use crate::machine::Side;
use crate::process::Process;
use crate::report::{Row, Section};

pub(crate) mod records;

/// How often the run is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// What one run took.
struct Found {
    per_second: f64,
    /// Resident memory in MiB after each share of the records.
    memory: Vec<f64>,
}

/// Pulls everything once, and once more when all of it is as known.
pub(crate) fn measure() -> Vec<Section> {
    let provider = Process::start(Side::Generator, &mut own_role("records"));
    let folder = tempfile::Builder::new().prefix("gatehouse-bench-").tempdir_in(artefacts::folder()).unwrap();
    let server = start(folder.path(), &provider.origin);
    let thread = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (new, known) = thread.block_on(async {
        let tenant = Tenant::set_up(&server.origin, &provider.origin).await;
        (tenant.pull(&server).await, tenant.pull(&server).await)
    });
    let count = records::COUNT;
    let peak = |found: &Found| found.memory.iter().copied().fold(0.0, f64::max);
    let at = |share: usize| new.memory.get(share).copied().unwrap_or_default();
    let rows = vec![
        Row::new(format!("{count} new records in pages of {}", records::PAGE), "records/s", new.per_second),
        Row::new("the same again, all as known", "records/s", known.per_second),
        Row::new("resident after a fifth of the new records", "MiB", at(1)),
        Row::new("resident after all of them", "MiB", at(5)),
        Row::new("most, new", "MiB", peak(&new)),
        Row::new("most, as known", "MiB", peak(&known)),
    ];
    let notes = vec!["Each page is one commit that is on the disk before the next page is asked for.".to_owned()];
    vec![Section { title: "syncs".to_owned(), against: "", rows, notes }]
}

/// A tenant with an integration whose records are pulled.
struct Tenant {
    http: Client,
    base: String,
    token: String,
}

impl Tenant {
    async fn set_up(origin: &str, provider: &str) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let http = Client::builder().no_proxy().build().unwrap();
        let mut tenant = Self { http, base: format!("{origin}/api/v1"), token: OPERATOR.to_owned() };
        let made = tenant.post("/tenants", json!({ "name": "Acme" })).await;
        let upload = tenant.http.post(format!("{}/plugins", tenant.base)).bearer_auth(OPERATOR);
        answer(upload.header("content-type", "application/wasm").body(artefacts::syncing_guest())).await;
        let key = tenant.post("/keys", json!({ "tenant": made["id"], "name": "bench" })).await;
        tenant.token = key["token"].as_str().unwrap().to_owned();
        let sheet = tenant.get("/plugins/books/permissions").await;
        let toggle = json!({ "enabled": true, "consent": sheet["digest"] });
        tenant.post("/plugins/tenant/books/toggle", toggle).await;
        let new = json!({
            "provider": "books", "name": "Library", "credentials": { "token": SECRET_KEY },
            "settings": { "base_url": provider },
        });
        let made = tenant.post("/integrations", new).await;
        tenant.base = format!("{}/integrations/{}", tenant.base, made["id"].as_str().unwrap());
        tenant
    }

    /// Pulls everything and watches the server's memory meanwhile.
    async fn pull(&self, server: &Process) -> Found {
        let begun = Instant::now();
        let run = self.post("/sync/items", json!({})).await;
        let path = format!("/sync/runs/{}", run["id"].as_str().unwrap());
        let mut memory = vec![server.memory()];
        loop {
            let run = self.get(&path).await;
            let read = run["counts"]["read"].as_u64().unwrap() as usize;
            let shares = read * 5 / records::COUNT + 1;
            let now = server.memory();
            memory.resize(shares.max(memory.len()), now);
            memory.last_mut().into_iter().for_each(|last| *last = last.max(now));
            if run["finished_at"].is_string() {
                assert_eq!(run["state"], "succeeded", "{run:#}");
                return Found { per_second: records::COUNT as f64 / begun.elapsed().as_secs_f64(), memory };
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn post(&self, to: &str, body: Value) -> Value {
        let request = self.http.post(format!("{}{to}", self.base)).bearer_auth(&self.token);
        answer(request.header("content-type", "application/json").body(body.to_string())).await
    }

    async fn get(&self, from: &str) -> Value {
        answer(self.http.get(format!("{}{from}", self.base)).bearer_auth(&self.token)).await
    }
}

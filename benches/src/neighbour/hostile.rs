//! The hostile tenant: its guests, and the calls that it makes without an end.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use gatehouse_domain::capability::Effect;
use gatehouse_runtime::{Inspection, package};
use reqwest::Client;
use serde_json::{Value, json};

use crate::artefacts;
use crate::execute::story::{OPERATOR, Story, answer};

/// Calls of the hostile tenant at a time.
pub(super) const CONNECTIONS: usize = 8;
/// The pause after each, so that it is the guests that are measured and not a flood of refusals.
const PAUSE: Duration = Duration::from_millis(20);

/// How many versions can be uploaded.
const UPLOADS: usize = 40;
/// The nice value of the thread that plays the hostile tenant: what is measured has its core first.
const NICE: i32 = 19;

/// A kind of hostile guest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) says: &'static str,
    does: Does,
}

#[derive(Debug, Clone, Copy)]
enum Does {
    /// A behaviour of the hostile guest, how much of it, and with what text.
    Behave(&'static str, u64, &'static str),
    /// An operator uploads one version after the other.
    Upload,
}

/// Every kind. What traps comes last: after three traps the version is held back.
pub(super) const ALL: [Kind; 12] = [
    behaves("nothing but echoes", "echo", 0, "hello"),
    behaves("spins", "spin", 0, ""),
    behaves("asks for the time", "spin_clock", 0, ""),
    behaves("60 MiB at once", "allocate", 60 << 20, ""),
    behaves("60 MiB piece by piece", "grow", 60, ""),
    behaves("9,000 host calls", "host_calls", 9_000, ""),
    behaves("1,000 log lines", "log", 1_000, LINE),
    behaves("answers 3 MiB", "output", 3 << 20, ""),
    behaves("is sent 7 MiB", "send", 1, "/huge"),
    behaves("a provider that is slow", "send", 1, "/slow"),
    Kind { says: "uploads that compile", does: Does::Upload },
    behaves("recurses", "recurse", 0, ""),
];

/// A line of a flooded log.
const LINE: &str =
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789";

const fn behaves(says: &'static str, behaviour: &'static str, count: u64, text: &'static str) -> Kind {
    Kind { says, does: Does::Behave(behaviour, count, text) }
}

/// The hostile tenant.
pub(super) struct Tenant {
    origin: String,
    token: String,
    integration: String,
    /// Versions that nobody has compiled.
    uploads: Mutex<Vec<Vec<u8>>>,
}

impl Tenant {
    /// Publishes the guest, and makes a tenant with an integration of it.
    pub(super) async fn begin(http: &Client, story: &Story, upstream: &str) -> Self {
        let origin = story.process.origin.clone();
        let path = |path: &str| format!("{origin}/api/v1{path}");
        let post = |to: &str, token: &str, body: Value| {
            let request = http.post(path(to)).bearer_auth(token).header("content-type", "application/json");
            answer(request.body(body.to_string()))
        };
        let upload = http.post(path("/plugins")).bearer_auth(OPERATOR).header("content-type", "application/wasm");
        answer(upload.body(guest())).await;
        let tenant = post("/tenants", OPERATOR, json!({ "name": "Hostile" })).await;
        let key = post("/keys", OPERATOR, json!({ "tenant": tenant["id"], "name": "bench" })).await;
        let token = key["token"].as_str().unwrap().to_owned();
        let sheet = answer(http.get(path("/plugins/hostile/permissions")).bearer_auth(&token)).await;
        let toggle = json!({ "enabled": true, "consent": sheet["digest"] });
        post("/plugins/tenant/hostile/toggle", &token, toggle).await;
        let new = json!({
            "provider": "hostile", "name": "Hostile", "credentials": {}, "settings": { "base_url": upstream },
        });
        let integration = post("/integrations", &token, new).await;
        let integration = integration["id"].as_str().unwrap().to_owned();
        let uploads = Mutex::new((1..=UPLOADS).map(another).collect());
        Self { origin, token, integration, uploads }
    }

    /// Misbehaves on a thread of its own until it is told to stop; counts what ran and what was refused.
    pub(super) fn misbehave(
        self: &Arc<Self>,
        kind: Kind,
        stop: &Arc<AtomicBool>,
        counts: &Arc<[AtomicUsize; 2]>,
    ) -> JoinHandle<()> {
        let (tenant, stop, counts) = (Arc::clone(self), Arc::clone(stop), Arc::clone(counts));
        std::thread::spawn(move || {
            rustix::process::setpriority_process(None, NICE).unwrap();
            let thread = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            thread.block_on(async {
                let connections = if matches!(kind.does, Does::Upload) { 1 } else { CONNECTIONS };
                for _ in 0..connections {
                    tokio::spawn(Arc::clone(&tenant).go_on(kind, Arc::clone(&counts)));
                }
                while !stop.load(Ordering::Relaxed) {
                    tokio::time::sleep(PAUSE).await;
                }
            });
            // What is under way is cut off here.
        })
    }

    async fn go_on(self: Arc<Self>, kind: Kind, counts: Arc<[AtomicUsize; 2]>) {
        let http = Client::builder().no_proxy().build().unwrap();
        loop {
            let ran = self.once(&http, kind).await;
            counts[usize::from(!ran)].fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Whether it ran, however it ended.
    async fn once(&self, http: &Client, kind: Kind) -> bool {
        let request = match kind.does {
            Does::Behave(behaviour, count, text) => {
                let body = json!({ "capability": "MISBEHAVE", "parameters": { "behaviour": behaviour, "count": count, "text": text } });
                let path = format!("{}/api/v1/integrations/{}/execute", self.origin, self.integration);
                let request = http.post(path).bearer_auth(&self.token).header("content-type", "application/json");
                request.body(body.to_string())
            }
            Does::Upload => {
                let Some(component) = self.uploads.lock().unwrap().pop() else { return false };
                let upload = http.post(format!("{}/api/v1/plugins", self.origin)).bearer_auth(OPERATOR);
                upload.header("content-type", "application/wasm").body(component)
            }
        };
        let Ok(response) = request.send().await else { return false };
        let good = response.status().is_success();
        let Ok(body) = response.bytes().await else { return false };
        // What was refused before anything ran has no execution.
        good || serde_json::from_slice::<Value>(&body).is_ok_and(|body| body["execution"].is_string())
    }
}

/// The hostile guest as one that only reads, so that nothing has to be found out about calls that were cut off.
fn guest() -> Vec<u8> {
    let bytes = artefacts::hostile_guest();
    let mut manifest = Inspection::of(&bytes).unwrap().manifest;
    for rules in manifest.capabilities.values_mut() {
        rules.effect = Effect::Read;
    }
    package(&bytes, &manifest, &[], &Value::Null).unwrap()
}

/// A version of a real gateway that nobody has compiled.
fn another(number: usize) -> Vec<u8> {
    let bytes = artefacts::gateway_as_built("stripe");
    let mut manifest = Inspection::of(&bytes).unwrap().manifest;
    manifest.version.patch += number as u64;
    package(&bytes, &manifest, &[], &Value::Null).unwrap()
}

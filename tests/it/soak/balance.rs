//! The end: everybody behaves, what is open is waited for, a person settles what only a person can,
//! and then the sums are made.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::load;
use super::sums;
use super::tenant::{SHELVES, Tenant, text};
use super::world::{PATIENCE, World};
use crate::harness::client::http;
use crate::harness::server::OPERATOR;

/// How often it says what it waits for.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// What does not add up, a line each.
#[derive(Default)]
pub(super) struct Off(Vec<String>);

impl Off {
    /// Notes a difference where there is one.
    pub(super) fn unless(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.0.push(what());
        }
    }

    /// Waits until nothing is open any more; notes what stays so.
    async fn until_none(&mut self, what: &str, mut open: impl AsyncFnMut() -> Option<String>) {
        // Where something is off already, the rest is only looked at.
        let patience = if self.0.is_empty() { 2 * PATIENCE } else { PATIENCE / 20 };
        let (end, mut said) = (Instant::now() + patience, Instant::now());
        while let Some(left) = open().await {
            if said.elapsed() > SIGN_OF_LIFE {
                println!("waiting for {what}: {left}");
                said = Instant::now();
            }
            if Instant::now() > end {
                return self.0.push(format!("{what} is still open: {left}"));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Waits for the end of everything and holds it against what was accepted.
pub(super) async fn of(world: &Arc<World>) -> Vec<String> {
    let mut off = Off::default();
    for tenant in &world.tenants {
        tenant.peers.books.kept().behave();
        settle_calls(world, tenant, &mut off).await;
        settle_records(world, tenant, &mut off).await;
    }
    settle_jobs(world, &mut off).await;
    for tenant in &world.tenants {
        settle_deliveries(world, tenant, &mut off).await;
    }
    let mut effects = world.payments.books().effects();
    for tenant in &world.tenants {
        sums::payments::check(world, tenant, &mut effects, &mut off).await;
        sums::told::check(world, tenant, &mut off).await;
        sums::records::check(world, tenant, &mut off).await;
        sums::tokens::check(world, tenant, &mut off).await;
        let audit = world.get(&tenant.token, "/audit/verify").await;
        off.unless(audit["broken"] == json!([]), || format!("{}: the audit trail is broken: {audit}", tenant.name));
    }
    off.unless(effects.is_empty(), || format!("payments that were made and are in no record: {effects:?}"));
    let verified = tokio::task::block_in_place(|| world.stop());
    off.unless(verified.status.success(), || {
        format!("`gatehouse audit verify` says {}", String::from_utf8_lossy(&verified.stderr))
    });
    off.0
}

async fn settle_calls(world: &Arc<World>, tenant: &Tenant, off: &mut Off) {
    off.until_none(&format!("the sign-in of {}", tenant.name), async || match load::call(world, tenant).await {
        200 => None,
        409 => {
            load::connect(world, tenant).await;
            Some("409".to_owned())
        }
        status => Some(status.to_string()),
    })
    .await;
    off.until_none(&format!("a call of {}", tenant.name), async || {
        let list = world.get(&tenant.token, "/executions?outcome=unknown&limit=1").await;
        list["items"].as_array().unwrap().first().map(Value::to_string)
    })
    .await;
    let batches = tenant.asked().batches.clone();
    for batch in batches {
        off.until_none("a batch", async || {
            let batch = world.get(&tenant.token, &format!("/batches/{batch}")).await;
            batch["finished_at"].is_null().then(|| batch.to_string())
        })
        .await;
    }
}

async fn settle_records(world: &Arc<World>, tenant: &Tenant, off: &mut Off) {
    let library = format!("/integrations/{}", tenant.library);
    quiet(world, tenant, off).await;
    let changes = tenant.asked().changes.clone();
    for change in changes {
        let path = format!("{library}/records/contacts/changes/{change}");
        off.until_none("a change", async || {
            let found = world.get(&tenant.token, &path).await;
            if found["state"] == "held" {
                resolve(world, tenant, &path, &change).await;
            }
            found["settled_at"].is_null().then(|| found.to_string())
        })
        .await;
    }
    for shelf in SHELVES {
        // What was pushed last comes back with a run of its own.
        let path = format!("{library}/sync/{shelf}");
        let begun = world.post(&tenant.token, &format!("last-{shelf}"), &path, &json!({})).await.expect(202);
        tenant.asked().runs.push(text(&begun["id"]));
        quiet(world, tenant, off).await;
        load::read(world, tenant, shelf).await;
    }
}

/// Waits until no run is under way.
async fn quiet(world: &Arc<World>, tenant: &Tenant, off: &mut Off) {
    off.until_none(&format!("a sync of {}", tenant.name), async || {
        let status = world.get(&tenant.token, &format!("/integrations/{}/sync/status", tenant.library)).await;
        let mut open = status["items"].as_array().unwrap().iter().filter(|one| !one["current"].is_null());
        open.next().map(Value::to_string)
    })
    .await;
}

/// A person looks at the provider's own books and says what became of a change.
async fn resolve(world: &Arc<World>, tenant: &Tenant, path: &str, change: &str) {
    let found = {
        let kept = tenant.peers.books.kept();
        kept.shelf("contacts").into_iter().find(|(_, data)| data["reference"] == change).map(|(id, _)| id)
    };
    let outcome = match found {
        Some(id) => json!({ "outcome": "pushed", "record": id }),
        None => json!({ "outcome": "retry" }),
    };
    world.count(&format!("changes that a person settled as {}", text(&outcome["outcome"])));
    let key = format!("resolve-{change}-{}", Instant::now().elapsed().as_nanos());
    world.post(&tenant.token, &key, &format!("{path}/resolve"), &outcome).await;
}

async fn settle_deliveries(world: &Arc<World>, tenant: &Tenant, off: &mut Off) {
    let path = format!("/subscriptions/{}", tenant.subscription);
    off.until_none(&format!("a delivery to {}", tenant.name), async || {
        let view = world.get(&tenant.token, &path).await;
        (view["counts"]["pending"] != 0).then(|| view["counts"].to_string())
    })
    .await;
}

/// Waits until no job is ready, delayed, queued or running, and counts those that were given up.
async fn settle_jobs(world: &Arc<World>, off: &mut Off) {
    let mut dead = 0;
    off.until_none("a job", async || {
        let counts = jobs(world).await;
        dead = counts.iter().filter(|(labels, _)| labels.contains("\"dead\"")).map(|(_, count)| count).sum();
        let mut open = counts.iter().filter(|(labels, count)| *count > 0 && !labels.contains("\"dead\""));
        open.next().map(|(labels, count)| format!("{count} of {labels}"))
    })
    .await;
    off.unless(dead == 0, || format!("{dead} jobs were given up"));
    world.add("jobs given up", dead);
}

/// How many jobs there are, by the labels of their series.
async fn jobs(world: &World) -> Vec<(String, u64)> {
    let place = world.place.borrow().clone();
    let answer = http().get(format!("{place}/metrics")).bearer_auth(OPERATOR).send().await.unwrap();
    let text = answer.text().await.unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("gatehouse_jobs_queued"));
    let counts = lines.filter_map(|line| line.rsplit_once(' '));
    counts.map(|(labels, count)| (labels.to_owned(), count.parse().unwrap())).collect()
}

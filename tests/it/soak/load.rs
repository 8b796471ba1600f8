//! Who asks for what: for each tenant some workers that go on until the end, and that repeat what
//! was not answered as a careful caller does.

mod pay;
mod records;
mod sign_in;

pub(super) use records::read;
pub(super) use sign_in::{call, connect};

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinHandle;

use super::dice::Dice;
use super::world::World;
use crate::api::webhooks::{now, signature};
use crate::harness::canary::WEBHOOK_SECRET;

/// What one worker needs.
struct Worker {
    world: Arc<World>,
    /// The place of its tenant.
    tenant: usize,
    /// Tells it from the others of its tenant, and begins the names of what it asks for.
    name: String,
    dice: Dice,
}

impl Worker {
    async fn rest(&mut self, at_most_ms: u64) {
        tokio::time::sleep(Duration::from_millis(self.dice.below(at_most_ms))).await;
    }
}

/// Starts all workers.
pub(super) fn begin(world: &Arc<World>) -> Vec<JoinHandle<()>> {
    let mut tasks = Vec::new();
    for tenant in 0..world.tenants.len() {
        let worker = |kind: &str| {
            let name = format!("{}-{kind}", world.tenants[tenant].name);
            let dice = Dice::of(world.seed, &name);
            Worker { world: Arc::clone(world), tenant, name, dice }
        };
        tasks.push(tokio::spawn(pay::now(worker("pay-a"))));
        tasks.push(tokio::spawn(pay::now(worker("pay-b"))));
        tasks.push(tokio::spawn(pay::later(worker("later"))));
        tasks.push(tokio::spawn(hooks(worker("hook-a"))));
        tasks.push(tokio::spawn(hooks(worker("hook-b"))));
        tasks.push(tokio::spawn(records::synchronise(worker("sync"))));
        tasks.push(tokio::spawn(records::hand_in(worker("push"))));
        tasks.push(tokio::spawn(sign_in::stay(worker("sign"))));
    }
    tasks
}

/// Asks for nothing new and waits for what was asked.
pub(super) async fn end(world: &World, tasks: Vec<JoinHandle<()>>) {
    world.end();
    for task in tasks {
        task.await.unwrap();
    }
}

/// A provider that tells of payments, again where it was not heard, and sometimes all the same.
async fn hooks(mut worker: Worker) {
    let world = Arc::clone(&worker.world);
    let tenant = &world.tenants[worker.tenant];
    let mut count = 0;
    while !world.is_over() {
        let till = worker.dice.one(&tenant.tills);
        let id = format!("evt-{}-{count}", worker.name);
        count += 1;
        let object = json!({ "id": format!("pi-{id}"), "object": "payment_intent", "status": "succeeded",
            "amount": 1999, "amount_received": 1999, "currency": "eur", "created": 1_700_000_000, "metadata": {} });
        let body = json!({ "id": id, "object": "event", "type": "payment_intent.succeeded", "livemode": false,
            "created": 1_700_000_000, "data": { "object": object } });
        let body = body.to_string().into_bytes();
        let times = if worker.dice.chance(20) { 2 } else { 1 };
        for _ in 0..times {
            let _doing = world.doing("a webhook that arrives");
            let signed = [("stripe-signature", signature(WEBHOOK_SECRET, now(), &body))];
            let signed = signed.each_ref().map(|(name, value)| (*name, value.as_str()));
            world.ask("none", reqwest::Method::POST, &till.hook, &signed, &body).await.expect(200);
            world.count("webhooks acknowledged");
        }
        tenant.asked().hooks.entry(till.id.clone()).or_default().insert(id);
        worker.rest(200).await;
    }
}

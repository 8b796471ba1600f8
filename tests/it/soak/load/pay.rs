//! Payments: asked for and waited for, asked for and not waited for, and by the batch.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};

use super::Worker;
use crate::harness::story::payment;
use crate::soak::tenant::text;

/// Pays and waits for the outcome.
pub(super) async fn now(mut worker: Worker) {
    let mut count = 0;
    while !worker.world.is_over() {
        let name = format!("{}-{count}", worker.name);
        count += 1;
        let answer = pay(&mut worker, &name, &[]).await;
        worker.world.count(&format!("payments answered {}", answer.0));
        worker.world.tenants[worker.tenant]
            .asked()
            .payments
            .insert(name, answer.1["execution"].as_str().map(str::to_owned));
        worker.rest(120).await;
    }
}

/// Asks for payments alone and in batches without waiting for them.
pub(super) async fn later(mut worker: Worker) {
    let mut count = 0;
    while !worker.world.is_over() {
        let name = format!("{}-{count}", worker.name);
        count += 1;
        if worker.dice.chance(25) {
            batch(&mut worker, &name).await;
        } else {
            let (status, body) = pay(&mut worker, &name, &[("prefer", "respond-async")]).await;
            // Who asks again after a kill may be told what has become of it meanwhile.
            assert!(status == 202 || body["execution"].is_string(), "{body:#}");
            worker.world.count("payments accepted for later");
            let mut asked = worker.world.tenants[worker.tenant].asked();
            asked.later.insert(name.clone());
            asked.payments.insert(name, Some(text(&body["execution"])));
        }
        worker.rest(300).await;
    }
}

async fn pay(worker: &mut Worker, name: &str, headers: &[(&str, &str)]) -> (u16, Value) {
    let world = Arc::clone(&worker.world);
    let tenant = &world.tenants[worker.tenant];
    let path = format!("/integrations/{}/execute", worker.dice.one(&tenant.tills).id);
    let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment(name) }).to_string();
    let _doing = world.doing(if headers.is_empty() { "a payment" } else { "the acceptance of a payment" });
    let headers = [headers, &[("idempotency-key", name)]].concat();
    let answer = world.ask(&tenant.token, Method::POST, &path, &headers, ask.as_bytes()).await;
    (answer.status, answer.body)
}

async fn batch(worker: &mut Worker, name: &str) {
    let world = Arc::clone(&worker.world);
    let tenant = &world.tenants[worker.tenant];
    let names: Vec<String> = (0..=worker.dice.below(4)).map(|number| format!("{name}-{number}")).collect();
    let line = |name: &String, till: &str| json!({ "capability": "PROCESS_PAYMENT", "integration": till, "parameters": payment(name), "reference": name });
    let items: Vec<Value> = names.iter().map(|name| line(name, &worker.dice.one(&tenant.tills).id)).collect();
    let _doing = world.doing("the acceptance of a batch");
    let batch = world.post(&tenant.token, name, "/batches", &json!({ "items": items })).await.expect(202);
    world.add("payments accepted in batches", names.len() as u64);
    let mut asked = tenant.asked();
    asked.batches.push(text(&batch["id"]));
    asked.payments.extend(names.into_iter().map(|name| (name, None)));
}

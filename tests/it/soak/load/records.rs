//! Records that change on both sides: the provider's behind our back, and ours as a host app hands
//! them in. What is read of the feeds on the way has to make sense at every moment.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::Worker;
use crate::harness::books::Fault;
use crate::soak::tenant::{RECORDS, SHELVES, Tenant, text};
use crate::soak::world::World;
use crate::sync::replay;

/// Changes the provider's records and has them pulled, again and again.
pub(super) async fn synchronise(mut worker: Worker) {
    let world = Arc::clone(&worker.world);
    let tenant = &world.tenants[worker.tenant];
    let mut count = 0;
    while !world.is_over() {
        let shelf = *worker.dice.one(&SHELVES);
        change(&mut worker, shelf, count);
        misbehave(&mut worker);
        let doing = world.doing("a sync");
        let path = format!("/integrations/{}/sync", tenant.library);
        let key = format!("{}-{count}", worker.name);
        let begun = world.post(&tenant.token, &key, &format!("{path}/{shelf}"), &json!({})).await;
        count += 1;
        let run = text(&begun.expect(202)["id"]);
        tenant.asked().runs.push(run.clone());
        let run = format!("{path}/runs/{run}");
        while world.get(&tenant.token, &run).await["finished_at"].is_null() && !world.is_over() {
            worker.rest(60).await;
        }
        drop(doing);
        read(&world, tenant, shelf).await;
        worker.rest(200).await;
    }
}

/// Some of the provider's records become others, and few are gone: too many would be held back.
fn change(worker: &mut Worker, shelf: &str, round: usize) {
    let world = Arc::clone(&worker.world);
    let mut kept = world.tenants[worker.tenant].peers.books.kept();
    for number in 0..=worker.dice.below(12) {
        let id = format!("r{:05}", worker.dice.below(RECORDS as u64));
        match worker.dice.below(10) {
            0 => kept.remove(shelf, &id),
            1 => kept.put(shelf, &format!("n{round:05}-{number}"), json!({ "round": round })),
            _ => kept.put(shelf, &id, json!({ "round": round, "number": number })),
        }
    }
}

/// The provider refuses something, or does it and loses the answer.
fn misbehave(worker: &mut Worker) {
    let world = Arc::clone(&worker.world);
    let mut kept = world.tenants[worker.tenant].peers.books.kept();
    match worker.dice.below(8) {
        0 => kept.refuse(Method::GET, 503, &[], 1),
        1 => kept.refuse(Method::GET, 429, &[("retry-after", "1")], 1),
        2 => kept.spoil(&[Fault::LoseAnswer]),
        3 => kept.spoil(&[Fault::LoseRequest]),
        4 => kept.spoil(&[Fault::Fail]),
        _ => {}
    }
}

/// Reads the feed of a shelf on from where it was read to. Whoever reads it is never told twice
/// that something is new.
pub(in crate::soak) async fn read(world: &World, tenant: &Tenant, shelf: &'static str) {
    loop {
        let cursor = tenant.asked().read.entry(shelf).or_default().1.clone();
        let after = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let path = format!("/integrations/{}/records/{shelf}?limit=200{after}", tenant.library);
        let page = world.get(&tenant.token, &path).await;
        let mut asked = tenant.asked();
        let (read, cursor) = asked.read.entry(shelf).or_default();
        replay(read, page["items"].as_array().unwrap());
        *cursor = page["cursor"].as_str().map(str::to_owned);
        if page["more"] != true {
            return;
        }
    }
}

/// A host app that makes contacts and changes them.
pub(super) async fn hand_in(mut worker: Worker) {
    let world = Arc::clone(&worker.world);
    let tenant = &world.tenants[worker.tenant];
    let path = format!("/integrations/{}/records/contacts", tenant.library);
    let mut count = 0;
    while !world.is_over() {
        let name = format!("{}-{count}", worker.name);
        count += 1;
        let body = json!({ "data": { "name": name } });
        let doing = world.doing("a change that is handed in");
        let answer = if worker.dice.chance(50) {
            world.post(&tenant.token, &name, &path, &body).await
        } else {
            let path = format!("{path}/r{:05}", worker.dice.below(RECORDS as u64));
            world.ask(&tenant.token, Method::PUT, &path, &[], body.to_string().as_bytes()).await
        };
        drop(doing);
        if answer.status == 404 {
            // It was deleted at the provider.
            world.count("changes of what is gone");
        } else if answer.status == 409 {
            // Nobody knows yet what became of the last change, or a person has to say.
            world.count("changes refused for one that is open");
        } else {
            let change = answer.expect(202)["change"].clone();
            world.count(if change.is_null() { "changes that change nothing" } else { "changes handed in" });
            tenant.asked().changes.extend(change["id"].as_str().map(str::to_owned));
        }
        tokio::time::sleep(Duration::from_millis(worker.dice.below(400))).await;
    }
}

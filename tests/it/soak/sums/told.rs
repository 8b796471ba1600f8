//! Events: one for each webhook that was acknowledged, the right number for each payment that was
//! lost or ended later, and for each event one delivery, of which a receiver has heard.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::soak::balance::Off;
use crate::soak::tenant::{Tenant, text};
use crate::soak::world::World;

/// Checks what a tenant was told and has told.
pub(in crate::soak) async fn check(world: &Arc<World>, tenant: &Tenant, off: &mut Off) {
    webhooks(world, tenant, off).await;
    let feed = world.all(&tenant.token, "/events").await;
    world.add("events", feed.len() as u64);
    payments(tenant, &feed, off);
    deliveries(world, tenant, &feed, off).await;
}

async fn webhooks(world: &Arc<World>, tenant: &Tenant, off: &mut Off) {
    for till in &tenant.tills {
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for event in world.all(&tenant.token, &format!("/integrations/{}/events", till.id)).await {
            if let Some(id) = event["told"]["id"].as_str() {
                *found.entry(id.to_owned()).or_default() += 1;
            }
        }
        let sent = tenant.asked().hooks.get(&till.id).cloned().unwrap_or_default();
        world.add("webhooks sent", sent.len() as u64);
        world.add("events of webhooks", found.len() as u64);
        for id in &sent {
            let count = found.remove(id).unwrap_or_default();
            off.unless(count == 1, || format!("the webhook {id} was acknowledged and is {count} events"));
        }
        off.unless(found.is_empty(), || format!("events of webhooks that nobody sent: {found:?}"));
    }
}

/// What was lost was found out as often, and what was accepted for later was told of once.
fn payments(tenant: &Tenant, feed: &[Value], off: &mut Off) {
    let subjects = |kind: &str| {
        let mut subjects: BTreeMap<String, usize> = BTreeMap::new();
        for event in feed.iter().filter(|event| event["kind"] == kind) {
            *subjects.entry(text(&event["subject"])).or_default() += 1;
        }
        subjects
    };
    let (unknown, resolved) = (subjects("execution.unknown"), subjects("execution.resolved"));
    off.unless(unknown == resolved, || format!("{}: unknown {unknown:?} and resolved {resolved:?}", tenant.name));
    let (finished, batches) = (subjects("execution.finished"), subjects("batch.finished"));
    let asked = tenant.asked();
    for name in &asked.later {
        let execution = asked.payments[name].as_ref().unwrap();
        let count = finished.get(execution).copied().unwrap_or_default();
        off.unless(count == 1, || format!("the end of {execution}, accepted for later, was told of {count} times"));
    }
    for batch in &asked.batches {
        let count = batches.get(batch).copied().unwrap_or_default();
        off.unless(count == 1, || format!("the end of {batch} was told of {count} times"));
    }
}

/// Accepted = delivered + pending + dead; each event of the feed has one delivery, and what counts as
/// delivered was taken.
async fn deliveries(world: &Arc<World>, tenant: &Tenant, feed: &[Value], off: &mut Off) {
    let path = format!("/subscriptions/{}", tenant.subscription);
    let view = world.get(&tenant.token, &path).await;
    let count = |name: &str| view["counts"][name].as_u64().unwrap();
    let sum = count("delivered") + count("pending") + count("dead");
    off.unless(count("accepted") == sum, || format!("{}: the counts do not add up: {view}", tenant.name));
    ["accepted", "delivered", "dead"].iter().for_each(|name| world.add(&format!("deliveries {name}"), count(name)));
    let rows = world.all(&tenant.token, &format!("{path}/deliveries")).await;
    off.unless(rows.len() as u64 == count("accepted"), || {
        format!("{}: {} deliveries and {} accepted", tenant.name, rows.len(), count("accepted"))
    });
    let ids: BTreeSet<String> = feed.iter().map(|event| text(&event["id"])).collect();
    off.unless(ids.len() == feed.len(), || format!("{}: an event is twice in the feed", tenant.name));
    // A subscription is not told of what befell it.
    let own = |event: &&Value| event["subject"] == tenant.subscription.as_str();
    let given_up = feed.iter().filter(own).filter(|event| event["kind"] == "subscription.delivery_dead").count();
    off.unless(given_up as u64 == count("dead"), || format!("{}: {given_up} told of as dead, {view}", tenant.name));
    let mut events: BTreeSet<String> =
        feed.iter().filter(|event| !own(event)).map(|event| text(&event["id"])).collect();
    let heard = world.receiver.heard();
    let mut states: BTreeMap<String, u64> = BTreeMap::new();
    for row in &rows {
        *states.entry(text(&row["state"])).or_default() += 1;
        off.unless(events.remove(row["event"].as_str().unwrap()), || format!("two deliveries of one event: {row}"));
        let heard = heard.get(row["event"].as_str().unwrap()).copied().unwrap_or_default();
        let fits = if row["state"] == "delivered" { heard.taken > 0 } else { heard.requests >= 5 };
        off.unless(fits, || format!("heard {heard:?} of {row}"));
        world.add("requests at the receiver", heard.requests);
    }
    off.unless(events.is_empty(), || format!("{}: events without a delivery: {events:?}", tenant.name));
    for name in ["delivered", "pending", "dead"] {
        let rows = states.get(name).copied().unwrap_or_default();
        off.unless(rows == count(name), || format!("{}: {rows} {name} deliveries, counted {view}", tenant.name));
    }
}

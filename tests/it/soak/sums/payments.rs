//! Payments: one record for each that was asked for, one effect for each that succeeded, none for
//! any other, and each unknown one found out.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::soak::balance::Off;
use crate::soak::tenant::{Tenant, text};
use crate::soak::world::World;

/// Checks the payments of a tenant, and takes the effects away that its records tell of.
pub(in crate::soak) async fn check(
    world: &Arc<World>,
    tenant: &Tenant,
    effects: &mut BTreeMap<String, Vec<String>>,
    off: &mut Off,
) {
    let (mut payments, mut calls) = (BTreeMap::new(), 0);
    for record in world.all(&tenant.token, "/executions").await {
        let outcome = text(&record["outcome"]);
        if record["capability"] != "PROCESS_PAYMENT" {
            calls += 1;
            off.unless(["succeeded", "failed"].contains(&outcome.as_str()), || format!("a read ended so: {record}"));
            continue;
        }
        world.count(&format!("payments recorded as {outcome}"));
        let name = text(&record["parameters"]["description"]);
        check_effect(&record, effects.remove(&name).unwrap_or_default(), off);
        if let Some(other) = payments.insert(name.clone(), record) {
            off.unless(false, || format!("the payment {name} has two records, one of them {other}"));
        }
    }
    world.add("records of calls with a token", calls);
    let asked = tenant.asked();
    world.add("payments asked for", asked.payments.len() as u64);
    for (name, execution) in &asked.payments {
        let found = payments.remove(name);
        off.unless(found.is_some(), || format!("the payment {name} was accepted as {execution:?} and has no record"));
        let same = |record: &Value| execution.as_deref().is_none_or(|id| record["id"] == id);
        off.unless(found.as_ref().is_none_or(same), || format!("{name} was told of as {execution:?}: {found:?}"));
    }
    off.unless(payments.is_empty(), || format!("records of payments that nobody asked for: {payments:?}"));
}

fn check_effect(record: &Value, done: Vec<String>, off: &mut Off) {
    let expect = match record["outcome"].as_str().unwrap() {
        "succeeded" => vec![text(&record["result"]["id"])],
        "failed" => Vec::new(),
        _ => return off.unless(false, || format!("a payment is neither made nor failed: {record}")),
    };
    off.unless(done == expect, || format!("the provider has made {done:?} of {record}"));
    off.unless(record["unresolved"].is_null(), || format!("a payment was not found out: {record}"));
}

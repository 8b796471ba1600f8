//! Records: ours are the provider's, whoever read the feeds ends up with the same, each run has
//! ended, and each change that was handed in was written once or not at all, as we say.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::soak::balance::Off;
use crate::soak::tenant::{SHELVES, Tenant, text};
use crate::soak::world::World;
use crate::sync::replay;

/// Checks the records of a tenant.
pub(in crate::soak) async fn check(world: &Arc<World>, tenant: &Tenant, off: &mut Off) {
    for shelf in SHELVES {
        let theirs = tenant.peers.books.kept().shelf(shelf);
        world.add("records", theirs.len() as u64);
        let path = format!("/integrations/{}/records/{shelf}", tenant.library);
        let mut ours = BTreeMap::new();
        replay(&mut ours, &world.all(&tenant.token, &path).await);
        let read = tenant.asked().read[shelf].0.clone();
        for (whose, found) in [("our", ours), ("a reader's", read)] {
            let differ = difference(&found, &theirs);
            off.unless(differ.is_empty(), || {
                format!("{}: {whose} {shelf} are not the provider's: {differ:?}", tenant.name)
            });
        }
    }
    runs(world, tenant, off).await;
    changes(world, tenant, off).await;
}

/// The records that only one of two has, or both have differently.
fn difference(ours: &BTreeMap<String, Value>, theirs: &BTreeMap<String, Value>) -> Vec<(String, String)> {
    let ids = ours.keys().chain(theirs.keys().filter(|id| !ours.contains_key(*id)));
    let differ = ids.filter(|id| ours.get(*id) != theirs.get(*id));
    differ.map(|id| (id.clone(), format!("{:?} and {:?}", ours.get(id), theirs.get(id)))).collect()
}

async fn runs(world: &Arc<World>, tenant: &Tenant, off: &mut Off) {
    let path = format!("/integrations/{}/sync/runs", tenant.library);
    let found = world.all(&tenant.token, &path).await;
    let states: BTreeMap<String, String> = found.iter().map(|run| (text(&run["id"]), text(&run["state"]))).collect();
    for run in &found {
        let state = text(&run["state"]);
        world.count(&format!("syncs that {state}"));
        off.unless(["succeeded", "failed"].contains(&state.as_str()), || format!("a run ended so: {run}"));
    }
    for run in &tenant.asked().runs {
        off.unless(states.contains_key(run), || format!("the run {run} was accepted and is not known"));
    }
}

async fn changes(world: &Arc<World>, tenant: &Tenant, off: &mut Off) {
    let mut written: BTreeMap<String, usize> = BTreeMap::new();
    for reference in &tenant.peers.books.kept().written {
        *written.entry(reference.clone()).or_default() += 1;
    }
    world.add("changes written at the provider", written.values().sum::<usize>() as u64);
    let twice: Vec<_> = written.iter().filter(|(_, count)| **count > 1).collect();
    off.unless(twice.is_empty(), || format!("{}: changes that were written more than once: {twice:?}", tenant.name));
    let changes = tenant.asked().changes.clone();
    for change in changes {
        let path = format!("/integrations/{}/records/contacts/changes/{change}", tenant.library);
        let found = world.get(&tenant.token, &path).await;
        let state = text(&found["state"]);
        let times = written.get(&change).copied().unwrap_or_default();
        world.count(&format!("changes {state}"));
        let fits = match state.as_str() {
            "pushed" => times == 1,
            "dropped" => times == 0,
            _ => false,
        };
        off.unless(fits, || format!("written {times} times: {found}"));
    }
}

//! What changes in what two manifests promise: keys that make writes safe, settings and
//! credentials, events, entities, hosts and the contract.

use gatehouse_domain::integration::Environment;
use gatehouse_domain::manifest::{CapabilityRules, Idempotency, Manifest, SyncDirection, SyncMode, SyncRules};
use gatehouse_domain::plugin::PluginVersion;

use super::Changes;
use super::schemas::{self, Side};

/// Compares what two manifests promise.
pub(super) fn compare(old: &Manifest, new: &Manifest, changes: &mut Changes) {
    if old.provider != new.provider {
        changes.breaking("provider", format!("was `{}`, and is `{}`", old.provider, new.provider));
    }
    if old.helper != new.helper {
        changes.breaking("helper", "a gateway and a helper are not each other's versions");
    }
    if old.contract != new.contract {
        changes.additive("contract", format!("was {}, and is {}", old.contract, new.contract));
    }
    for (code, was) in &old.capabilities {
        if let Some(is) = new.capabilities.get(code) {
            promises(code, was, is, changes);
        }
    }
    schemas::compare(Side::Given, &old.settings, &new.settings, "settings", changes);
    schemas::compare(Side::Given, &old.credentials, &new.credentials, "credentials", changes);
    webhook(old, new, changes);
    oauth(old, new, changes);
    auth(old, new, changes);
    for (entity, was) in &old.sync {
        match new.sync.get(entity) {
            Some(is) => sync(entity, was, is, changes),
            None => changes.breaking(format!("sync.{entity}"), "is gone"),
        }
    }
    for entity in new.sync.keys().filter(|entity| !old.sync.contains_key(*entity)) {
        changes.additive(format!("sync.{entity}"), "is new");
    }
    egress(old, new, changes);
}

/// Compares what two components export of `gatehouse:plugin`, and what helpers lend.
pub(super) fn compare_exports(old: &PluginVersion, new: &PluginVersion, changes: &mut Changes) {
    if let (Some(was), Some(is)) = (&old.exports, &new.exports) {
        // Webhooks and syncs stand in the manifest too, and were compared there.
        let told = |name: &&String| !matches!(name.as_str(), "webhook" | "sync");
        for name in was.iter().filter(told).filter(|name| !is.contains(name)) {
            changes.breaking(format!("exports.{name}"), "is gone");
        }
        for name in is.iter().filter(told).filter(|name| !was.contains(name)) {
            changes.additive(format!("exports.{name}"), "is new");
        }
    }
    for name in old.provides.iter().filter(|name| !new.provides.contains(name)) {
        changes.breaking(format!("provides {name}"), "is gone");
    }
    for name in new.provides.iter().filter(|name| !old.provides.contains(name)) {
        changes.additive(format!("provides {name}"), "is new");
    }
}

/// How a repeated write is recognised. A key in another place is as good as none for a write
/// that was sent by the old version and is repeated by the new one.
fn promises(code: &str, was: &CapabilityRules, is: &CapabilityRules, changes: &mut Changes) {
    let path = format!("{code} idempotency");
    match (&was.idempotency, &is.idempotency) {
        (old, new) if old == new => {}
        (Idempotency::None, new) => changes.additive(path, format!("was none, and is {}", place(new))),
        (old, new) => changes.breaking(path, format!("was {}, and is {}", place(old), place(new))),
    }
    let path = format!("{code} window_hours");
    match (was.window_hours, is.window_hours) {
        (old, new) if old == new => {}
        (Some(old), None) => changes.breaking(path, format!("was {old}, and is absent: nothing is repeated")),
        (Some(old), Some(new)) if new < old => changes.breaking(path, format!("was {old}, and is {new}")),
        (_, new) => changes.additive(path, format!("is {} now", new.unwrap_or_default())),
    }
    let path = format!("{code} absent_after_seconds");
    match (was.absent_after_seconds, is.absent_after_seconds) {
        (Some(old), None) => changes.breaking(path, format!("was {old}, and is absent: no denial is believed")),
        (None, Some(new)) => changes.additive(path, format!("is {new} now")),
        _ => {}
    }
}

fn place(idempotency: &Idempotency) -> String {
    match idempotency {
        Idempotency::None => "none".to_owned(),
        Idempotency::Header { name } => format!("the header {name}"),
        Idempotency::Query { name } => format!("the query parameter {name}"),
        Idempotency::Body => "in the body".to_owned(),
    }
}

fn webhook(old: &Manifest, new: &Manifest, changes: &mut Changes) {
    let (was, is) = match (&old.webhook, &new.webhook) {
        (Some(was), Some(is)) => (was, is),
        (Some(_), None) => return changes.breaking("webhook", "is gone: no delivery is taken any more"),
        (None, Some(_)) => return changes.additive("webhook", "is new"),
        (None, None) => return,
    };
    for event in was.events.iter().filter(|event| !is.events.contains(event)) {
        changes.breaking("webhook.events", format!("`{event}` is no longer understood"));
    }
    for event in is.events.iter().filter(|event| !was.events.contains(event)) {
        changes.additive("webhook.events", format!("`{event}` is new"));
    }
    match (&was.backfill, &is.backfill) {
        (Some(_), None) => changes.breaking("webhook.backfill", "is gone: what a webhook did not tell stays lost"),
        (None, Some(_)) => changes.additive("webhook.backfill", "is new: the provider's list of events is read"),
        (was, is) if was != is => changes.additive("webhook.backfill", "is read at other times"),
        _ => {}
    }
    match (&was.registration, &is.registration) {
        (Some(_), None) => changes.breaking("webhook.registration", "is gone: a person registers endpoints again"),
        (None, Some(_)) => changes.additive("webhook.registration", "is new: endpoints are registered by the host"),
        (was, is) if was != is => changes.additive("webhook.registration", "secrets pass in another way"),
        _ => {}
    }
    if was.verify != is.verify || was.require != is.require {
        changes.breaking("webhook.verify", "deliveries are verified in another way");
    }
}

/// A token that was given for fewer scopes goes on working; what nobody can sign in to does not.
fn oauth(old: &Manifest, new: &Manifest, changes: &mut Changes) {
    match (&old.oauth, &new.oauth) {
        (Some(was), Some(is)) => {
            for scope in is.scopes.iter().filter(|scope| !was.scopes.contains(scope)) {
                changes.additive("oauth.scopes", format!("`{scope}` is asked for besides"));
            }
        }
        (Some(_), None) => changes.breaking("oauth", "is gone: nobody can sign in any more"),
        (None, Some(_)) => changes.additive("oauth", "is new"),
        (None, None) => {}
    }
}

/// Where a secret goes, or what is signed with it, is a matter of consent: it is told, so that a patch does not bring
/// it along. A scheme's own name is between the gateway and the host.
fn auth(old: &Manifest, new: &Manifest, changes: &mut Changes) {
    for is in &new.auth {
        let path = format!("auth.{}", is.name);
        match old.auth.iter().find(|was| was.name == is.name) {
            Some(was) if was.placement == is.placement => {}
            Some(was) => {
                let message = format!("was {}, and is {}", was.placement.describe(), is.placement.describe());
                changes.additive(path, message);
            }
            None => changes.additive(path, format!("is new: {}", is.placement.describe())),
        }
    }
}

fn sync(entity: &str, was: &SyncRules, is: &SyncRules, changes: &mut Changes) {
    let path = format!("sync.{entity}.direction");
    match (was.direction, is.direction) {
        (old, new) if old == new => {}
        (_, SyncDirection::Both) => changes.additive(path, "goes both ways now"),
        (old, new) => changes.breaking(path, format!("was {old:?}, and is {new:?}").to_lowercase()),
    }
    let path = format!("sync.{entity}.mode");
    match (was.mode, is.mode) {
        (SyncMode::Incremental, SyncMode::Full) => changes.breaking(path, "was incremental, and reads everything now"),
        (SyncMode::Full, SyncMode::Incremental) => changes.additive(path, "was full, and is incremental"),
        _ => {}
    }
}

/// Another place to send to is no matter of types, and of consent besides: it is told, so that a
/// patch does not bring it along.
fn egress(old: &Manifest, new: &Manifest, changes: &mut Changes) {
    if old.egress.base_url != new.egress.base_url {
        let message = format!("was {}, and is {}", old.egress.base_url, new.egress.base_url);
        changes.additive("egress.base_url", message);
    }
    if old.egress.sandbox_base_url != new.egress.sandbox_base_url {
        let of = |manifest: &Manifest| manifest.egress.base_in(Environment::Sandbox).to_owned();
        changes.additive("egress.sandbox_base_url", format!("was {}, and is {}", of(old), of(new)));
    }
    let sheet = |manifest: &Manifest| gatehouse_domain::sheet::PermissionSheet::of(manifest, &[], &[]);
    let wider = gatehouse_domain::sheet::widened(&sheet(old), &sheet(new));
    for request in wider.iter().filter(|one| one.path == "requests") {
        changes.additive("egress.allow", &request.message);
    }
}

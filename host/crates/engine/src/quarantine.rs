//! Quarantine of plugin versions: one that traps again and again is held back, and its tenants are
//! told, until an operator releases it. That a gateway says no is no trap.
//!
//! A tenant whose calls alone make a version trap loses it alone: nobody can take a version from
//! the others by what it sends. What a trap says stays with the execution and in the server's log,
//! as it can hold what a tenant sent.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use gatehouse_domain::execution::Fault;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::install::Upgrade;
use gatehouse_domain::plugin::{PluginRef, PluginVersion};
use gatehouse_domain::quarantine::{Holds, VersionQuarantine};
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{Error, Result};
use gatehouse_runtime::Answer;
use gatehouse_store::Page;
use semver::Version;
use serde_json::json;

use crate::installs::tell::{self, News};
use crate::{Caller, Engine};

/// How many traps within [`WINDOW`] are too many.
const TOO_MANY: usize = 3;
/// How long a trap counts.
const WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// How many traps of one version are remembered.
const REMEMBERED: usize = 64;

/// What trapped of late, and what is held back.
#[derive(Default)]
pub(crate) struct Quarantined {
    known: Mutex<Known>,
    /// Held while one is written, so that two traps at once do not both begin it.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    /// When and for whom a version trapped, by digest.
    traps: HashMap<String, VecDeque<(Timestamp, TenantId)>>,
    /// What is held back, by digest.
    held: HashMap<String, VersionQuarantine>,
}

impl Quarantined {
    fn with<T>(&self, work: impl FnOnce(&mut Known) -> T) -> T {
        work(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Known {
    /// Counts a trap: for whom the version is to be held back now, if for anybody.
    fn count(&mut self, digest: &str, tenant: TenantId, now: Timestamp) -> Option<Holds> {
        let traps = self.traps.entry(digest.to_owned()).or_default();
        traps.retain(|(at, _)| now.duration_since(*at) < WINDOW);
        if traps.len() >= REMEMBERED {
            traps.pop_front();
        }
        traps.push_back((now, tenant));
        if traps.len() < TOO_MANY {
            return None;
        }
        if traps.iter().any(|(_, other)| *other != tenant) {
            return Some(Holds::Everybody);
        }
        Some(Holds::Tenants { tenants: BTreeSet::from([tenant]) })
    }
}

impl Engine {
    /// Reads what is held back, as the server starts.
    pub(crate) async fn recall_quarantines(&self) -> Result<()> {
        let mut page = Page::first(1_000);
        loop {
            let part = self.0.store.admin().list::<VersionQuarantine>(&page).await?;
            let held = part.items.into_iter().map(|held| (held.plugin.digest.clone(), held));
            self.0.quarantined.with(|known| known.held.extend(held));
            match part.next {
                Some(next) => page.after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// How a version is held back, if it is.
    pub fn quarantine_of(&self, plugin: &PluginRef) -> Option<VersionQuarantine> {
        self.0.quarantined.with(|known| known.held.get(&plugin.digest).cloned())
    }

    /// Refuses a call of a version that is held back for a tenant, and says what can be done.
    pub(crate) async fn check_not_held(&self, tenant: TenantId, plugin: &PluginRef) -> Result<()> {
        let Some(held) = self.quarantine_of(plugin).filter(|held| held.holds.holds(tenant)) else { return Ok(()) };
        let PluginRef { id, version, .. } = plugin;
        let way = match (self.upgraded_from(tenant, plugin).await?, self.version_before(plugin).await?) {
            (Some(from), _) => {
                format!("it came with the last upgrade: `POST /plugins/tenant/{id}/rollback` goes back to {from}")
            }
            (None, Some(before)) => {
                format!("`POST /plugins/tenant/{id}/upgrade` goes to another version, such as {before}")
            }
            (None, None) => "there is no version to go to instead".to_owned(),
        };
        let message = format!(
            "the plugin {id}@{version} is quarantined since {}: {}; {way}, and an operator can release it",
            held.since, held.reason
        );
        Err(Error::unavailable(message))
    }

    /// Learns from what a call of a version came to.
    pub(crate) async fn learn_of_trap(&self, tenant: TenantId, plugin: &PluginRef, answer: &Answer) {
        let Answer::Fault(Fault::Trap { message, .. }) = answer else { return };
        tracing::warn!(plugin.id = plugin.id, plugin.version = %plugin.version, trap = message, "a plugin trapped");
        let Some(holds) = self.0.quarantined.with(|known| known.count(&plugin.digest, tenant, self.now())) else {
            return;
        };
        if let Err(error) = self.hold(plugin, tenant, holds).await {
            tracing::error!(plugin.id = plugin.id, %error, "a plugin version that traps could not be quarantined");
        }
    }

    /// Lets a version be called again.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`]; [`gatehouse_domain::ErrorKind::Conflict`] where it
    /// is not quarantined.
    pub async fn release_version(&self, by: &Caller, id: &str, version: &Version) -> Result<PluginVersion> {
        let published = self.stored_version(id, version).await?;
        let key = (id.to_owned(), version.clone());
        let Some(stored) = self.0.store.admin().get::<VersionQuarantine>(&key).await? else {
            return Err(Error::conflict(format!("{id}@{version} is not quarantined: there is nothing to release")));
        };
        let mut work = self.work(by);
        work.admin().remove(&stored)?;
        work.audit("plugin.released", format!("{id}@{version}"), Some(&stored.record), None)?;
        work.commit_now().await?;
        self.0.quarantined.with(|known| {
            known.held.remove(&stored.plugin.digest);
            known.traps.remove(&stored.plugin.digest);
        });
        Ok(published.record)
    }

    /// Forgets what was held of a version that is removed.
    pub(crate) async fn forget_quarantine(&self, plugin: &PluginRef, work: &mut crate::work::Work) -> Result<()> {
        let key = (plugin.id.clone(), plugin.version.clone());
        if let Some(stored) = self.0.store.admin().get::<VersionQuarantine>(&key).await? {
            work.admin().remove(&stored)?;
        }
        self.0.quarantined.with(|known| {
            known.held.remove(&plugin.digest);
            known.traps.remove(&plugin.digest);
        });
        Ok(())
    }

    async fn hold(&self, plugin: &PluginRef, tenant: TenantId, holds: Holds) -> Result<()> {
        let _writing = self.0.quarantined.writing.lock().await;
        let key = (plugin.id.clone(), plugin.version.clone());
        let stored = self.0.store.admin().get::<VersionQuarantine>(&key).await?;
        let before = stored.as_ref().map(|stored| &stored.holds);
        let Some(holds) = wider(before, holds) else { return Ok(()) };
        let minutes = WINDOW.as_mins();
        let reason = format!("it trapped {TOO_MANY} times within {minutes} minutes");
        let since = stored.as_ref().map_or_else(|| self.now(), |stored| stored.since);
        let next = VersionQuarantine { plugin: plugin.clone(), holds, reason, since };
        let mut work = self.own_work(None);
        match &stored {
            Some(stored) => work.admin().replace(stored, &next)?,
            None => work.admin().create(&next)?,
        }
        let target = format!("{}@{}", plugin.id, plugin.version);
        work.audit("plugin.quarantined", target, stored.as_ref().map(|stored| &stored.record), Some(&next))?;
        let before = self.version_before(plugin).await?;
        let data = json!({ "reason": next.reason, "previous": before });
        if next.holds == Holds::Everybody {
            let kind = "plugin.quarantined".to_owned();
            let news = News { plugin: plugin.clone(), kind, data, at: self.now(), whole: false, after: None };
            tell::enqueue(self, work.change(), &news).await?;
        } else {
            let data = json!({
                "plugin": plugin.id, "version": plugin.version, "reason": next.reason, "previous": before,
            });
            work.event(tenant, "plugin.quarantined", None, &plugin.id, data)?;
        }
        work.commit_now().await?;
        tracing::error!(plugin.id = plugin.id, plugin.version = %plugin.version, holds = ?next.holds, "quarantined");
        self.0.quarantined.with(|known| known.held.insert(plugin.digest.clone(), next));
        Ok(())
    }

    /// The version that a tenant came from with its last upgrade, where that led to this one.
    async fn upgraded_from(&self, tenant: TenantId, plugin: &PluginRef) -> Result<Option<Version>> {
        let upgrade = self.0.store.tenant(tenant).get::<Upgrade>(&plugin.id).await?;
        let upgrade = upgrade.filter(|upgrade| upgrade.to == *plugin && upgrade.before.plugin != *plugin);
        Ok(upgrade.map(|upgrade| upgrade.before.plugin.version.clone()))
    }

    /// The next lower version that may be chosen and is not held back itself.
    async fn version_before(&self, plugin: &PluginRef) -> Result<Option<Version>> {
        let versions = self.versions_of(&plugin.id).await?;
        let lower = versions.iter().filter(|known| known.plugin.version < plugin.version && known.is_current());
        let free = lower.filter(|known| self.quarantine_of(&known.plugin).is_none());
        Ok(free.map(|known| known.plugin.version.clone()).max())
    }
}

/// For whom a version is held back from now on, where that is more than before.
fn wider(before: Option<&Holds>, more: Holds) -> Option<Holds> {
    match (before, more) {
        (Some(Holds::Everybody), _) => None,
        (Some(Holds::Tenants { tenants: known }), Holds::Tenants { tenants: more }) => {
            let all: BTreeSet<TenantId> = known.union(&more).copied().collect();
            (all.len() > known.len()).then_some(Holds::Tenants { tenants: all })
        }
        (_, more) => Some(more),
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::id::Id;
    use gatehouse_domain::time::from_millis;

    use super::*;

    fn tenant(number: u8) -> TenantId {
        Id::new(1, [number; 10])
    }

    fn only(numbers: &[u8]) -> Holds {
        Holds::Tenants { tenants: numbers.iter().map(|number| tenant(*number)).collect() }
    }

    #[test]
    fn three_traps_within_the_window_are_too_many() {
        let minute = 60_000;
        let check = |traps: &[(i64, u8)], expect: Option<Holds>| {
            let mut known = Known::default();
            let last = traps.iter().map(|(at, who)| known.count("d", tenant(*who), from_millis(*at))).last().flatten();
            assert_eq!(last, expect, "{traps:?}");
            assert_eq!(known.count("other", tenant(1), from_millis(0)), None, "each version is counted by itself");
        };
        check(&[(0, 1)], None);
        check(&[(0, 1), (1, 1)], None);
        check(&[(0, 1), (1, 1), (2, 1)], Some(only(&[1])));
        check(&[(0, 1), (1, 1), (10 * minute, 1)], None);
        check(&[(0, 1), (1, 1), (10 * minute - 1, 1)], Some(only(&[1])));
        check(&[(0, 1), (1, 2), (2, 1)], Some(Holds::Everybody));
        check(&[(0, 1), (1, 2)], None);
        check(&[(0, 2), (10 * minute, 1), (10 * minute, 1), (10 * minute, 1)], Some(only(&[1])));
        let many: Vec<(i64, u8)> = (0..500).map(|at| (at, 1)).collect();
        check(&many, Some(only(&[1])));
    }

    #[test]
    fn what_is_held_only_grows() {
        let check = |before: Option<Holds>, more: Holds, expect: Option<Holds>| {
            assert_eq!(wider(before.as_ref(), more.clone()), expect, "{before:?} {more:?}");
        };
        check(None, only(&[1]), Some(only(&[1])));
        check(Some(only(&[1])), only(&[1]), None);
        check(Some(only(&[1])), only(&[2]), Some(only(&[1, 2])));
        check(Some(only(&[1])), Holds::Everybody, Some(Holds::Everybody));
        check(Some(Holds::Everybody), only(&[1]), None);
        check(Some(Holds::Everybody), Holds::Everybody, None);
    }
}

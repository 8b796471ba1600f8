//! Which version a tenant gets that asks for one: as anybody, and never one that is held back for
//! it.

use gatehouse_domain::id::TenantId;
use gatehouse_domain::plugin::resolve::{Wanted, describe, resolve};
use gatehouse_domain::plugin::{PluginRef, PluginVersion};
use gatehouse_domain::quarantine::VersionQuarantine;
use gatehouse_domain::{Error, Result};
use semver::Version;

use crate::Engine;

impl Engine {
    /// The version that a tenant's wish comes out at.
    ///
    /// # Errors
    /// As [`resolve`]; [`gatehouse_domain::ErrorKind::Conflict`] for one that trapped too often.
    pub(super) async fn choose_for(&self, tenant: TenantId, id: &str, wanted: &Wanted) -> Result<PluginVersion> {
        let versions = self.versions_of(id).await?;
        let is_held = |version: &PluginVersion| self.held_for(tenant, &version.plugin);
        let open: Vec<PluginVersion> = versions.iter().filter(|version| is_held(version).is_none()).cloned().collect();
        let refused = match resolve(id, &open, wanted) {
            Ok(found) => return Ok(found.clone()),
            Err(error) => error,
        };
        // Where it is the quarantine that stands against it, that is what has to be said.
        let meant = resolve(id, &versions, wanted).ok();
        match meant.and_then(|meant| is_held(meant).map(|held| (meant, held))) {
            Some((meant, held)) => Err(quarantined(&meant.plugin, &held, &open)),
            None => Err(refused),
        }
    }

    /// The version that a newcomer would get, where it is higher than the one that a tenant has.
    pub(crate) fn newer_for(&self, tenant: TenantId, has: &PluginRef, versions: &[PluginVersion]) -> Option<Version> {
        let open = versions.iter().filter(|version| version.is_current());
        let open = open.filter(|version| self.held_for(tenant, &version.plugin).is_none());
        open.map(|version| &version.plugin.version).max().filter(|newest| **newest > has.version).cloned()
    }

    /// That a version is held back for a tenant.
    pub(crate) fn held_for(&self, tenant: TenantId, plugin: &PluginRef) -> Option<VersionQuarantine> {
        self.quarantine_of(plugin).filter(|held| held.holds.holds(tenant))
    }
}

fn quarantined(plugin: &PluginRef, held: &VersionQuarantine, open: &[PluginVersion]) -> Error {
    let PluginRef { id, version, .. } = plugin;
    let (since, reason) = (held.since, &held.reason);
    let message = format!(
        "{id}@{version} is quarantined since {since} and can not be chosen: {reason}; choose another version, or wait \
         until an operator releases it"
    );
    Error::conflict(message).at("$.version", format!("there are {}", describe(open)))
}

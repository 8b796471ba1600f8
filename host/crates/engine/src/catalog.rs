//! The catalogue: what plugins and versions there are, and who knows of which. A version that is not
//! approved is found by nothing here but what says so in its name.

use std::collections::BTreeMap;

use gatehouse_domain::plugin::resolve::{Wanted, resolve};
use gatehouse_domain::plugin::shown::Shown;
use gatehouse_domain::plugin::{PluginRef, PluginVersion, Standing};
use gatehouse_domain::{Error, Result};
use gatehouse_runtime::Inspection;
use gatehouse_store::records::plugin_prefix;
use gatehouse_store::{Page, Stored};
use semver::Version;

use crate::compatibility::{Compatibility, compare};
use crate::{Caller, Engine};

mod compose;
mod dependencies;
mod intake;
mod removal;
mod standing;
mod submissions;

pub use standing::Deprecate;

/// What is published.
#[derive(Debug, Clone, Default)]
pub struct Upload {
    /// The built component.
    pub component: Vec<u8>,
    /// Its signature file, where somebody stands for it.
    pub signature: Option<String>,
}

/// A plugin with all its versions, newest first.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The version that somebody gets who asks for none: the newest that stands, or the newest of
    /// all where none does.
    pub newest: PluginVersion,
    /// Every version, newest first.
    pub versions: Vec<Version>,
}

impl Engine {
    /// Every plugin, by id.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn plugins(&self) -> Result<Vec<Listed>> {
        let mut by_id: BTreeMap<String, Vec<PluginVersion>> = BTreeMap::new();
        for version in self.all_versions(&[]).await? {
            by_id.entry(version.plugin.id.clone()).or_default().push(version.record);
        }
        Ok(by_id.into_values().filter_map(listed).collect())
    }

    /// One plugin.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn get_plugin(&self, id: &str) -> Result<Listed> {
        listed(self.versions_of(id).await?).ok_or_else(|| Error::not_found("plugin", id))
    }

    /// One plugin, as a caller knows of it: an operator's key that acts for no tenant also knows of
    /// versions that are not approved.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn seen_plugin(&self, by: &Caller, id: &str) -> Result<Listed> {
        listed(self.seen_by(by, id).await?).ok_or_else(|| Error::not_found("plugin", id))
    }

    /// Every version of a plugin that a caller knows of, newest first.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`] where there is none.
    pub async fn seen_versions(&self, by: &Caller, id: &str) -> Result<Vec<PluginVersion>> {
        let mut versions = self.seen_by(by, id).await?;
        versions.sort_by(|a, b| b.plugin.version.cmp(&a.plugin.version));
        if versions.is_empty() { Err(Error::not_found("plugin", id)) } else { Ok(versions) }
    }

    /// One version of a plugin, as a caller knows of it; where none is named, the one that somebody
    /// gets who asks for none.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn seen_version(&self, by: &Caller, id: &str, version: Option<&Version>) -> Result<PluginVersion> {
        match version {
            None => Ok(self.seen_plugin(by, id).await?.newest),
            Some(version) if sees_all(by) => self.any_version(id, version).await.map(|stored| stored.record),
            Some(version) => self.stored_version(id, version).await.map(|stored| stored.record),
        }
    }

    /// One version of a plugin; where none is named, the one that somebody gets who asks for none.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn plugin_version(&self, id: &str, version: Option<&Version>) -> Result<PluginVersion> {
        let Some(version) = version else { return Ok(self.get_plugin(id).await?.newest) };
        self.stored_version(id, version).await.map(|stored| stored.record)
    }

    /// The version that a wish comes out at.
    ///
    /// # Errors
    /// As [`resolve`].
    pub async fn resolve_plugin(&self, id: &str, wanted: &Wanted) -> Result<PluginVersion> {
        resolve(id, &self.versions_of(id).await?, wanted).cloned()
    }

    /// What changes from one version of a plugin to another. Where `to` is absent it is the one
    /// that somebody gets who asks for none, and where `from` is, the next lower one.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn compatibility(
        &self,
        by: &Caller,
        id: &str,
        from: Option<&Version>,
        to: Option<&Version>,
    ) -> Result<Compatibility> {
        let to = self.seen_version(by, id, to).await?;
        if from.is_some() {
            return Ok(compare(&self.seen_version(by, id, from).await?, &to));
        }
        let versions = self.seen_versions(by, id).await?;
        let lower = versions.into_iter().find(|known| known.plugin.version < to.plugin.version);
        Ok(compare(lower.as_ref().unwrap_or(&to), &to))
    }

    /// An approved version as it is stored, to change it or to rely on it.
    pub(crate) async fn stored_version(&self, id: &str, version: &Version) -> Result<Stored<PluginVersion>> {
        let stored = self.found_version(id, version).await?.filter(|stored| stored.is_approved());
        stored.ok_or_else(|| nothing_of(id, version))
    }

    /// A version as it is stored, approved or not. Nothing that a tenant asks for may use this.
    pub(crate) async fn any_version(&self, id: &str, version: &Version) -> Result<Stored<PluginVersion>> {
        self.found_version(id, version).await?.ok_or_else(|| nothing_of(id, version))
    }

    /// The approved versions of a plugin, in no order.
    pub(crate) async fn versions_of(&self, id: &str) -> Result<Vec<PluginVersion>> {
        Ok(self.all_versions(&plugin_prefix(id)).await?.into_iter().map(|stored| stored.record).collect())
    }

    /// The approved versions whose ids begin so, all of them where nothing is given.
    pub(crate) async fn all_versions(&self, prefix: &[u8]) -> Result<Vec<Stored<PluginVersion>>> {
        let mut all = self.every_version(prefix).await?;
        all.retain(|stored| stored.is_approved());
        Ok(all)
    }

    /// As [`Engine::all_versions`], with those that are not approved.
    pub(crate) async fn every_version(&self, prefix: &[u8]) -> Result<Vec<Stored<PluginVersion>>> {
        let (mut all, mut page) = (Vec::new(), Page::first(100));
        loop {
            let part = self.0.store.admin().list_stored::<PluginVersion>(prefix, &page).await?;
            all.extend(part.items);
            match part.next {
                Some(next) => page.after = Some(next),
                None => return Ok(all),
            }
        }
    }

    async fn found_version(&self, id: &str, version: &Version) -> Result<Option<Stored<PluginVersion>>> {
        self.0.store.admin().get::<PluginVersion>(&(id.to_owned(), version.clone())).await
    }

    async fn seen_by(&self, by: &Caller, id: &str) -> Result<Vec<PluginVersion>> {
        if !sees_all(by) {
            return self.versions_of(id).await;
        }
        Ok(self.every_version(&plugin_prefix(id)).await?.into_iter().map(|stored| stored.record).collect())
    }

    async fn inspect(&self, wasm: &[u8]) -> Result<Inspection> {
        let (engine, bytes) = (self.clone(), wasm.to_vec());
        let inspection = tokio::task::spawn_blocking(move || engine.0.runtime.inspect(&bytes)).await;
        inspection.map_err(|error| Error::internal("the inspection was cut off").caused_by(error))?
    }

    fn version_from(&self, found: Inspection) -> PluginVersion {
        let plugin = PluginRef {
            id: found.manifest.id.clone(),
            version: found.manifest.version.clone(),
            digest: found.digest.clone(),
        };
        let exports = Some(found.exports());
        PluginVersion {
            plugin,
            manifest: found.manifest,
            capabilities: found.capabilities,
            sheet: found.sheet,
            size: found.size,
            uploaded_at: self.now(),
            standing: Standing::default(),
            exports,
            provides: found.provides,
            composition: None,
            signature: None,
            shown: Shown::default(),
            submission: None,
        }
    }
}

/// Whether a caller knows of versions that are not approved: one that acts for a tenant does not.
fn sees_all(by: &Caller) -> bool {
    by.tenant_if_any().is_none()
}

fn nothing_of(id: &str, version: &Version) -> Error {
    Error::not_found("plugin version", format!("{id}@{version}"))
}

/// A version's name for people: `acme@1.0.0`.
pub(crate) fn name_of(version: &PluginVersion) -> String {
    format!("{}@{}", version.plugin.id, version.plugin.version)
}

/// What is told of a plugin with these versions; nothing where there is none.
pub(crate) fn listed(mut versions: Vec<PluginVersion>) -> Option<Listed> {
    versions.sort_by(|a, b| b.plugin.version.cmp(&a.plugin.version));
    let names = versions.iter().map(|version| version.plugin.version.clone()).collect();
    let first = |is: fn(&PluginVersion) -> bool| versions.iter().position(is);
    let stands = first(PluginVersion::is_current).or_else(|| first(PluginVersion::is_approved)).unwrap_or_default();
    let newest = versions.into_iter().nth(stands)?;
    Some(Listed { newest, versions: names })
}

//! The catalogue: publishing plugins, and telling what there is.

use std::collections::BTreeMap;

use gatehouse_domain::plugin::resolve::{Wanted, resolve};
use gatehouse_domain::plugin::shown::Shown;
use gatehouse_domain::plugin::{PluginRef, PluginVersion, Standing};
use gatehouse_domain::{Error, Result};
use gatehouse_runtime::Inspection;
use gatehouse_store::records::plugin_prefix;
use gatehouse_store::{Page, Stored};
use semver::Version;

use crate::compatibility::{Compatibility, check_version, compare};
use crate::work::Work;
use crate::{Caller, Engine};

mod compose;
mod dependencies;
mod removal;
mod standing;

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
    /// Publishes a built component: inspected, linked with the helpers it needs, checked against
    /// the versions there are, stored, compiled, and ready to be enabled. Uploading the same
    /// bytes again changes nothing.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Forbidden`] for a signature that is not good or not trusted, or none where one is
    /// asked for; [`gatehouse_domain::ErrorKind::Invalid`] with the exact reason for a component that is not one, imports what
    /// is not lent, is too big, has a manifest that lies, or a version number that does;
    /// [`gatehouse_domain::ErrorKind::Conflict`] where the version exists with other bytes, or where its helpers are
    /// missing or exclude each other.
    pub async fn upload_plugin(&self, by: &Caller, upload: Upload) -> Result<PluginVersion> {
        self.take_in(self.work(by), upload).await
    }

    /// Takes in a component that the operator put into a folder, as [`Engine::upload_plugin`] does.
    ///
    /// # Errors
    /// As [`Engine::upload_plugin`].
    pub async fn take_plugin_from_folder(&self, upload: Upload) -> Result<PluginVersion> {
        self.take_in(self.own_work(None), upload).await
    }

    async fn take_in(&self, mut work: Work, upload: Upload) -> Result<PluginVersion> {
        // First, so that of what nobody stands for nothing is even read where that is asked for.
        let signature = self.accept_signature(&upload).await?;
        let wasm = upload.component;
        let found = self.inspect(&wasm).await?;
        // Two that are neighbours must not be checked without each other.
        let _publishing = self.0.publishing.lock().await;
        let published = self.versions_of(&found.manifest.id).await?;
        if let Some(known) = published.iter().find(|known| known.plugin.version == found.manifest.version) {
            let known = same_bytes(known.clone(), &found.digest)?;
            return self.attach(work, known, signature).await;
        }
        let (version, composed) = self.put_together(found, &wasm).await?;
        let version = PluginVersion { signature, ..version };
        self.check_helpers(&version).await?;
        check_version(&published, &version)?;
        let version = PluginVersion { shown: self.keep_shown(&wasm).await?, ..version };
        for bytes in std::iter::once(wasm).chain(composed) {
            self.0.store.artefacts().put(bytes).await?;
        }
        if !version.manifest.helper {
            // Compiled, tried out and in the compile cache; it is held in memory once it is used.
            self.load_code(&version.plugin).await?;
        }
        work.admin().create(&version)?;
        let target = format!("{}@{}", version.plugin.id, version.plugin.version);
        work.audit("plugin.uploaded", target, None, Some(&version.plugin))?;
        work.commit_now().await?;
        Ok(version)
    }

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

    /// Every version of a plugin, newest first.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`] where there is none.
    pub async fn plugin_versions(&self, id: &str) -> Result<Vec<PluginVersion>> {
        let mut versions = self.versions_of(id).await?;
        versions.sort_by(|a, b| b.plugin.version.cmp(&a.plugin.version));
        if versions.is_empty() { Err(Error::not_found("plugin", id)) } else { Ok(versions) }
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
    pub async fn compatibility(&self, id: &str, from: Option<&Version>, to: Option<&Version>) -> Result<Compatibility> {
        let to = self.plugin_version(id, to).await?;
        if let Some(from) = from {
            return Ok(compare(&*self.stored_version(id, from).await?, &to));
        }
        let lower = self.plugin_versions(id).await?.into_iter().find(|known| known.plugin.version < to.plugin.version);
        Ok(compare(lower.as_ref().unwrap_or(&to), &to))
    }

    /// A version as it is stored, to change it or to rely on it.
    pub(crate) async fn stored_version(&self, id: &str, version: &Version) -> Result<Stored<PluginVersion>> {
        let stored = self.0.store.admin().get::<PluginVersion>(&(id.to_owned(), version.clone())).await?;
        stored.ok_or_else(|| Error::not_found("plugin version", format!("{id}@{version}")))
    }

    /// The versions of a plugin, in no order.
    pub(crate) async fn versions_of(&self, id: &str) -> Result<Vec<PluginVersion>> {
        Ok(self.all_versions(&plugin_prefix(id)).await?.into_iter().map(|stored| stored.record).collect())
    }

    /// The versions whose ids begin so, all of them where nothing is given.
    pub(crate) async fn all_versions(&self, prefix: &[u8]) -> Result<Vec<Stored<PluginVersion>>> {
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
        }
    }
}

fn same_bytes(known: PluginVersion, digest: &str) -> Result<PluginVersion> {
    if known.uploaded_digest() == digest {
        return Ok(known);
    }
    let PluginRef { id, version, .. } = &known.plugin;
    let digest = known.uploaded_digest();
    Err(Error::conflict(format!(
        "plugin {id}@{version} exists with other bytes (sha256 {digest}); give the new build a new version"
    )))
}

/// What is told of a plugin with these versions; nothing where there is none.
pub(crate) fn listed(mut versions: Vec<PluginVersion>) -> Option<Listed> {
    versions.sort_by(|a, b| b.plugin.version.cmp(&a.plugin.version));
    let names = versions.iter().map(|version| version.plugin.version.clone()).collect();
    let stands = versions.iter().position(PluginVersion::is_current).unwrap_or_default();
    let newest = versions.into_iter().nth(stands)?;
    Some(Listed { newest, versions: names })
}

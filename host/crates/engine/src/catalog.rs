//! The catalogue: uploading plugins, and telling what there is.

use std::collections::BTreeMap;

use gatehouse_domain::plugin::{PluginRef, PluginVersion};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::Page;
use semver::Version;

use crate::work::Work;
use crate::{Caller, Engine};

/// A plugin with all its versions, newest first.
pub struct Listed {
    /// The newest version.
    pub newest: PluginVersion,
    /// Every version, newest first.
    pub versions: Vec<Version>,
}

impl Engine {
    /// Takes in a built component: inspected, stored, compiled, and ready to be enabled.
    /// Uploading the same bytes again changes nothing.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] with the exact reason for a component that is not
    /// one, imports what is not lent, is too big or has a manifest that lies;
    /// [`gatehouse_domain::ErrorKind::Conflict`] where the version exists with other bytes.
    pub async fn upload_plugin(&self, by: &Caller, wasm: Vec<u8>) -> Result<PluginVersion> {
        self.take_in(self.work(by), wasm).await
    }

    /// Takes in a component that the operator put into a folder, as [`Engine::upload_plugin`] does.
    ///
    /// # Errors
    /// As [`Engine::upload_plugin`].
    pub async fn take_plugin_from_folder(&self, wasm: Vec<u8>) -> Result<PluginVersion> {
        self.take_in(self.own_work(None), wasm).await
    }

    async fn take_in(&self, mut work: Work, wasm: Vec<u8>) -> Result<PluginVersion> {
        self.check_signature()?;
        let version = self.inspect(&wasm).await?;
        let id = &version.plugin;
        if let Some(known) = self.0.store.admin().get::<PluginVersion>(&(id.id.clone(), id.version.clone())).await? {
            return same_bytes(known.record, &version);
        }
        self.keep_artefact(wasm).await?;
        self.plugin(id).await?;
        work.admin().create(&version)?;
        let target = format!("{}@{}", version.plugin.id, version.plugin.version);
        work.audit("plugin.uploaded", target, None, Some(&version.plugin))?;
        work.commit().await?;
        Ok(version)
    }

    /// Every plugin, by id.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn plugins(&self) -> Result<Vec<Listed>> {
        let mut by_id: BTreeMap<String, Vec<PluginVersion>> = BTreeMap::new();
        let mut page = Page::first(100);
        loop {
            let versions = self.0.store.admin().list::<PluginVersion>(&page).await?;
            for version in versions.items {
                by_id.entry(version.plugin.id.clone()).or_default().push(version);
            }
            match versions.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        Ok(by_id.into_values().filter_map(listed).collect())
    }

    /// One plugin.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn get_plugin(&self, id: &str) -> Result<Listed> {
        let found = self.plugins().await?.into_iter().find(|listed| listed.newest.plugin.id == id);
        found.ok_or_else(|| Error::not_found("plugin", id))
    }

    /// One version of a plugin; the newest where none is named.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn plugin_version(&self, id: &str, version: Option<&Version>) -> Result<PluginVersion> {
        let Some(version) = version else { return Ok(self.get_plugin(id).await?.newest) };
        let stored = self.0.store.admin().get::<PluginVersion>(&(id.to_owned(), version.clone())).await?;
        stored.map(|stored| stored.record).ok_or_else(|| Error::not_found("plugin version", format!("{id}@{version}")))
    }

    /// A component by itself carries no signature, so a deployment that asks for one takes none.
    fn check_signature(&self) -> Result<()> {
        if !self.0.policy.signed_only {
            return Ok(());
        }
        let message = "this deployment takes signed plugins only (`plugins.policy = \"signed\"`), and the upload has no signature";
        Err(Error::new(ErrorKind::Forbidden, message))
    }

    async fn inspect(&self, wasm: &[u8]) -> Result<PluginVersion> {
        let (engine, bytes) = (self.clone(), wasm.to_vec());
        let inspection = tokio::task::spawn_blocking(move || engine.0.runtime.inspect(&bytes)).await;
        let found = inspection.map_err(|error| Error::internal("the inspection was cut off").caused_by(error))??;
        let plugin =
            PluginRef { id: found.manifest.id.clone(), version: found.manifest.version.clone(), digest: found.digest };
        Ok(PluginVersion {
            plugin,
            manifest: found.manifest,
            capabilities: found.capabilities,
            sheet: found.sheet,
            size: found.size,
            uploaded_at: self.now(),
        })
    }

    async fn keep_artefact(&self, wasm: Vec<u8>) -> Result<()> {
        self.0.store.artefacts().put(wasm).await.map(|_| ())
    }
}

fn same_bytes(known: PluginVersion, uploaded: &PluginVersion) -> Result<PluginVersion> {
    if known.plugin.digest == uploaded.plugin.digest {
        return Ok(known);
    }
    let PluginRef { id, version, digest } = &known.plugin;
    Err(Error::conflict(format!(
        "plugin {id}@{version} exists with other bytes (sha256 {digest}); give the new build a new version"
    )))
}

fn listed(mut versions: Vec<PluginVersion>) -> Option<Listed> {
    versions.sort_by(|a, b| b.plugin.version.cmp(&a.plugin.version));
    let names = versions.iter().map(|version| version.plugin.version.clone()).collect();
    let newest = versions.into_iter().next()?;
    Some(Listed { newest, versions: names })
}

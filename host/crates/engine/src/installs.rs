//! Installs: a tenant enables a plugin after agreeing to its permission sheet.

use gatehouse_domain::install::{Consent, Install};
use gatehouse_domain::plugin::PluginVersion;
use gatehouse_domain::sheet::PermissionSheet;
use gatehouse_domain::{Error, Result};
use gatehouse_store::{Page, Stored};
use semver::Version;

use crate::{Caller, Engine};

/// What a tenant asks for when it enables a plugin.
#[derive(Debug, Clone)]
pub struct Enable {
    /// Which version; the newest where absent.
    pub version: Option<Version>,
    /// The digest of the permission sheet that the tenant has seen and agrees to.
    pub consent: Option<String>,
}

impl Engine {
    /// Enables a plugin for the caller's tenant.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Conflict`] where the consent is missing or is for another sheet.
    pub async fn enable_plugin(&self, by: &Caller, id: &str, ask: &Enable) -> Result<Install> {
        let tenant = by.tenant()?;
        let version = self.plugin_version(id, ask.version.as_ref()).await?;
        check_consent(&version, ask.consent.as_deref())?;
        let known = self.0.store.tenant(tenant).get::<Install>(&id.to_owned()).await?;
        let install = Install {
            plugin: version.plugin,
            enabled: true,
            consent: Consent { sheet: version.sheet, by: by.key.id, at: self.now() },
            created_at: known.as_ref().map_or_else(|| self.now(), |known| known.created_at),
        };
        let mut work = self.work(by);
        match &known {
            Some(known) => work.tenant(tenant).replace(known, &install)?,
            None => work.tenant(tenant).create(&install)?,
        }
        work.audit("plugin.enabled", id, known.as_ref().map(|known| &known.record), Some(&install))?;
        work.commit().await?;
        Ok(install)
    }

    /// Disables a plugin for the caller's tenant: its integrations can not be called until it is
    /// enabled again.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`] where it was never enabled.
    pub async fn disable_plugin(&self, by: &Caller, id: &str) -> Result<Install> {
        let tenant = by.tenant()?;
        let known = self.install(tenant, id).await?;
        let install = Install { enabled: false, ..known.record.clone() };
        let mut work = self.work(by);
        work.tenant(tenant).replace(&known, &install)?;
        work.audit("plugin.disabled", id, Some(&known.record), Some(&install))?;
        work.commit().await?;
        Ok(install)
    }

    /// The caller's installs.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn installs(&self, by: &Caller) -> Result<Vec<Install>> {
        let page = Page::first(1_000);
        Ok(self.0.store.tenant(by.tenant()?).list::<Install>(&page).await?.items)
    }

    pub(crate) async fn install(&self, tenant: gatehouse_domain::id::TenantId, id: &str) -> Result<Stored<Install>> {
        let install = self.0.store.tenant(tenant).get::<Install>(&id.to_owned()).await?;
        install.ok_or_else(|| Error::not_found("enabled plugin", id))
    }
}

/// What a tenant quotes to agree to a sheet: SHA-256 of its JSON, in hexadecimal.
pub fn sheet_digest(sheet: &PermissionSheet) -> String {
    let json = serde_json::to_vec(sheet).unwrap_or_default();
    crate::execute::sha256_hex(&json)
}

fn check_consent(version: &PluginVersion, consent: Option<&str>) -> Result<()> {
    let expected = sheet_digest(&version.sheet);
    if consent == Some(expected.as_str()) {
        return Ok(());
    }
    let plugin = &version.plugin;
    let message = format!(
        "enabling {}@{} needs consent to its permission sheet: read GET /api/v1/plugins/{}/permissions and send its \
         `digest` as `consent`",
        plugin.id, plugin.version, plugin.id
    );
    let what = if consent.is_some() { "is not the digest of this version's sheet" } else { "is missing" };
    Err(Error::conflict(message).at("$.consent", what))
}

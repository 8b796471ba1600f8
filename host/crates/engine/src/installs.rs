//! Installs: a tenant enables a plugin after agreeing to its permission sheet, and goes from one
//! version to another.

use gatehouse_domain::id::TenantId;
use gatehouse_domain::install::{Consent, Install};
use gatehouse_domain::market::Withdrawn;
use gatehouse_domain::plugin::resolve::Wanted;
use gatehouse_domain::plugin::{PluginRef, PluginVersion, Standing};
use gatehouse_domain::quarantine::VersionQuarantine;
use gatehouse_domain::sheet::{PermissionSheet, widened};
use gatehouse_domain::trust::SignatureState;
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_store::{Page, Stored};
use semver::Version;

use crate::{Caller, Engine};

pub(crate) mod canary;
mod choose;
mod config;
mod pins;
mod rehearsed;
mod rollback;
mod settle;
pub(crate) mod tell;
mod upgrade;

pub use config::{Configuration, Configure};
pub(crate) use settle::Settle;
pub use upgrade::{AskUpgrade, Upgraded, Which};

/// What a tenant asks for when it enables a plugin.
#[derive(Debug, Clone, Default)]
pub struct Enable {
    /// Which version.
    pub wanted: Wanted,
    /// The digest of the permission sheet that the tenant has seen and agrees to.
    pub consent: Option<String>,
}

/// An install with what its tenant should know of its version.
#[derive(Debug, Clone)]
pub struct Told {
    /// The install.
    pub install: Install,
    /// What stands against its version.
    pub standing: Standing,
    /// The version that a newcomer would get, where it is a higher one.
    pub newer: Option<Version>,
    /// Who stands for its version.
    pub signature: SignatureState,
    /// That its version is held back for this tenant.
    pub held: Option<VersionQuarantine>,
    /// That nobody can newly enable the plugin.
    pub withdrawn: Option<Withdrawn>,
}

impl Engine {
    /// Enables a plugin for the caller's tenant. One that was enabled before keeps its version:
    /// only an upgrade moves it.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Conflict`] where the consent is missing or is for another
    /// sheet, where no version may be chosen, or where another one is installed.
    pub async fn enable_plugin(&self, by: &Caller, id: &str, ask: &Enable) -> Result<Install> {
        let tenant = by.tenant()?;
        let known = self.0.store.tenant(tenant).get::<Install>(&id.to_owned()).await?;
        let version = self.to_enable(tenant, id, known.as_ref(), &ask.wanted).await?;
        let sheet = known.as_ref().map(|known| &known.consent.sheet);
        let consent = self.consent(by, &version, sheet, ask.consent.as_deref())?;
        let install = Install {
            plugin: version.plugin.clone(),
            enabled: true,
            consent: consent.or_else(|| known.as_ref().map(|known| known.consent.clone())).ok_or_else(nobody_agreed)?,
            others: known.as_ref().map(|known| known.others.clone()).unwrap_or_default(),
            config: known.as_ref().map(|known| known.config.clone()).unwrap_or_default(),
            created_at: known.as_ref().map_or_else(|| self.now(), |known| known.created_at),
        };
        self.0.loaded.keep(&version.plugin.digest);
        let mut work = self.work(by);
        match &known {
            Some(known) => work.tenant(tenant).replace(known, &install)?,
            None => {
                // It can not be withdrawn meanwhile.
                self.must_be_listed(id, &mut work).await?;
                work.admin().unchanged(&version)?;
                work.tenant(tenant).create(&install)?;
            }
        }
        work.audit("plugin.enabled", id, known.as_ref().map(|known| &known.record), Some(&install))?;
        work.commit().await?;
        self.0.uses.changed();
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
        self.0.uses.changed();
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

    /// The caller's installs, with what is outdated, deprecated or yanked of them.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn installs_told(&self, by: &Caller) -> Result<Vec<Told>> {
        let mut told = Vec::new();
        for install in self.installs(by).await? {
            told.push(self.told(by.tenant()?, install).await?);
        }
        Ok(told)
    }

    /// What the tenant of an install should know of its version.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn told(&self, tenant: TenantId, install: Install) -> Result<Told> {
        let versions = self.versions_of(&install.plugin.id).await?;
        let own = versions.iter().find(|version| version.plugin == install.plugin);
        let standing = own.map(|version| version.standing.clone()).unwrap_or_default();
        let newer = self.newer_for(tenant, &install.plugin, &versions);
        let signature = match own {
            Some(version) => self.signature_of(version).await?,
            None => SignatureState::Unsigned,
        };
        let held = self.quarantine_of(&install.plugin).filter(|held| held.holds.holds(tenant));
        let withdrawn = self.said_of(&install.plugin.id).await?.and_then(|listing| listing.record.withdrawn);
        Ok(Told { install, standing, newer, signature, held, withdrawn })
    }

    pub(crate) async fn install(&self, tenant: TenantId, id: &str) -> Result<Stored<Install>> {
        let install = self.0.store.tenant(tenant).get::<Install>(&id.to_owned()).await?;
        install.ok_or_else(|| Error::not_found("enabled plugin", id))
    }

    async fn to_enable(
        &self,
        tenant: TenantId,
        id: &str,
        known: Option<&Stored<Install>>,
        wanted: &Wanted,
    ) -> Result<Stored<PluginVersion>> {
        let Some(known) = known else {
            let chosen = self.choose_for(tenant, id, wanted).await?;
            return no_helper(self.stored_version(id, &chosen.plugin.version).await?);
        };
        let PluginRef { version, .. } = &known.plugin;
        let fits = match wanted {
            Wanted::Newest => true,
            Wanted::Exactly(exact) => exact == version,
            Wanted::Fitting(requirement) => requirement.matches(version),
        };
        if !fits {
            let message = format!(
                "`{id}` is installed in version {version}: POST /api/v1/plugins/tenant/{id}/upgrade goes to another"
            );
            return Err(Error::conflict(message));
        }
        self.stored_version(id, version).await
    }

    /// The consent to a version: a new one where it was given, none where what was agreed to
    /// before covers the version.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Conflict`] with what is asked for.
    fn consent(
        &self,
        by: &Caller,
        version: &PluginVersion,
        before: Option<&PermissionSheet>,
        given: Option<&str>,
    ) -> Result<Option<Consent>> {
        let wider = before.map(|before| widened(before, &version.sheet));
        if given.is_none() && wider.as_ref().is_some_and(Vec::is_empty) {
            return Ok(None);
        }
        check_consent(version, wider.unwrap_or_default(), given)?;
        Ok(Some(Consent { sheet: version.sheet.clone(), by: by.key.id, at: self.now() }))
    }
}

/// What a tenant quotes to agree to a sheet: SHA-256 of its JSON, in hexadecimal.
pub fn sheet_digest(sheet: &PermissionSheet) -> String {
    let json = serde_json::to_vec(sheet).unwrap_or_default();
    crate::execute::sha256_hex(&json)
}

fn check_consent(version: &PluginVersion, wider: Vec<Problem>, consent: Option<&str>) -> Result<()> {
    let expected = sheet_digest(&version.sheet);
    if consent == Some(expected.as_str()) {
        return Ok(());
    }
    let PluginRef { id, version: number, .. } = &version.plugin;
    let message = format!(
        "{id}@{number} needs consent to its permission sheet: read GET /api/v1/plugins/{id}/permissions?version={number} \
         and send its `digest` as `consent`"
    );
    let what = if consent.is_some() { "is not the digest of this version's sheet" } else { "is missing" };
    let mut error = Error::conflict(message).at("$.consent", what);
    let beyond = wider.into_iter().map(|one| Problem::at(format!("sheet.{}", one.path), one.message));
    error.problems.extend(beyond);
    Err(error)
}

fn no_helper(version: Stored<PluginVersion>) -> Result<Stored<PluginVersion>> {
    if version.manifest.helper {
        let id = &version.plugin.id;
        return Err(Error::conflict(format!("`{id}` is a helper: it comes with the gateways that need it")));
    }
    Ok(version)
}

fn nobody_agreed() -> Error {
    Error::internal("an install without consent was about to be made")
}

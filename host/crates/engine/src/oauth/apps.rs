//! Apps: our registrations with providers. An operator's serves all tenants; a tenant's own goes
//! before it. Secrets are written and never read.

use std::collections::BTreeMap;

use gatehouse_broker::oauth::{APP, OAuthClient};
use gatehouse_broker::{Owner, Place, TenantKeyRef};
use gatehouse_domain::id::TenantId;
use gatehouse_domain::oauth::Redirect;
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_store::Stored;
use gatehouse_store::records::{OAuthApp, PreviousSecret};
use schemars::JsonSchema;
use serde::Serialize;

use super::sealing::SealedRecord;
use crate::clock::random;
use crate::execute::sha256_hex;
use crate::tag::IfMatch;
use crate::{Caller, Credentials, Engine};

/// The names that an app's secrets have.
const SECRETS: &[&str] = &["client_secret", "private_key"];

/// An app to register, in place of the one that there is.
pub struct NewApp {
    /// The client's id.
    pub client_id: String,
    /// The id of its private key, as the provider knows it.
    pub key_id: Option<String>,
    /// `client_secret` and `private_key`, as the provider asks for them.
    pub credentials: Credentials,
    /// Where its callbacks come back to.
    pub redirect: Redirect,
    /// How long webhooks that are signed with the client secret before are still taken, in seconds.
    pub overlap_seconds: u32,
}

/// An app as it is shown.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OAuthApp")]
pub struct App {
    /// The provider's code.
    pub provider: String,
    /// The client's id.
    pub client_id: String,
    /// The id of its private key.
    pub key_id: Option<String>,
    /// For each secret its beginning and end, never more.
    pub credential_hints: BTreeMap<String, String>,
    /// Where its callbacks come back to.
    pub redirect: Redirect,
    /// The addresses to register with the provider, as far as they are known: the one address of
    /// `fixed`, or those of the tenant's plugins. The address of an operator's app for a tenant
    /// stands in the answer of `GET /integrations/{integration}/oauth/url`.
    pub redirect_uris: Vec<String>,
    /// When it was registered.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[schemars(with = "String")]
    pub updated_at: Timestamp,
}

/// What makes a version of an app, for [`crate::tag`]. That secrets are sealed anew makes no other.
#[derive(Serialize)]
pub struct AppVersion<'a> {
    client_id: &'a str,
    key_id: Option<&'a str>,
    hints: &'a BTreeMap<String, String>,
    redirect: Redirect,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl App {
    /// What its tag is made of.
    pub fn version(&self) -> AppVersion<'_> {
        AppVersion {
            client_id: &self.client_id,
            key_id: self.key_id.as_deref(),
            hints: &self.credential_hints,
            redirect: self.redirect,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

fn shown_version(app: &OAuthApp) -> AppVersion<'_> {
    AppVersion {
        client_id: &app.client_id,
        key_id: app.key_id.as_deref(),
        hints: &app.hints,
        redirect: app.redirect,
        created_at: app.created_at,
        updated_at: app.updated_at,
    }
}

impl Engine {
    /// The app of a provider: the tenant's own, or without a tenant the operator's.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn oauth_app(&self, by: &Caller, own: bool, provider: &str) -> Result<App> {
        let tenant = tenant_of(by, own)?;
        self.provider(provider).await?;
        let stored = self.kept_app(tenant, provider).await?;
        let stored = stored.ok_or_else(|| Error::not_found("OAuth app of the provider", provider))?;
        self.show_app(by, tenant, stored.record).await
    }

    /// Registers an app in place of the one that there is. Tokens that were given to another
    /// client are not renewed any more.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] with what does not fit;
    /// [`gatehouse_domain::ErrorKind::Stale`] where it is not what `expected` says.
    pub async fn put_oauth_app(
        &self,
        by: &Caller,
        own: bool,
        provider: &str,
        new: NewApp,
        expected: &IfMatch,
    ) -> Result<App> {
        let tenant = tenant_of(by, own)?;
        self.provider(provider).await?;
        check(&new)?;
        self.overlap_end(new.overlap_seconds)?;
        let known = self.kept_app(tenant, provider).await?;
        expected.check_some(known.as_deref().map(shown_version).as_ref())?;
        let key = match tenant {
            Some(tenant) => Some(self.newest_key(tenant).await?),
            None => None,
        };
        let mut app = self.sealed_app(key.as_ref(), provider, &new, known.as_deref())?;
        let mut work = self.work(by);
        if let Some(tenant) = tenant {
            // The secret before may be sealed by an older key.
            let ring = self.key_ring(tenant).await?;
            app.reseal(&ring)?;
            ring.guard(work.change())?;
        }
        match (tenant, &known) {
            (Some(tenant), Some(known)) => work.tenant(tenant).replace(known, &app)?,
            (Some(tenant), None) => work.tenant(tenant).create(&app)?,
            (None, Some(known)) => work.admin().replace(known, &app)?,
            (None, None) => work.admin().create(&app)?,
        }
        work.audit("oauth_app.put", provider, known.as_deref(), Some(&app))?;
        work.commit().await?;
        self.show_app(by, tenant, app).await
    }

    /// Forgets an app. Tokens that were given to it are not renewed any more.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`]; [`gatehouse_domain::ErrorKind::Stale`] where it is
    /// not what `expected` says.
    pub async fn delete_oauth_app(&self, by: &Caller, own: bool, provider: &str, expected: &IfMatch) -> Result<()> {
        let tenant = tenant_of(by, own)?;
        self.provider(provider).await?;
        let known = self.kept_app(tenant, provider).await?;
        let known = known.ok_or_else(|| Error::not_found("OAuth app of the provider", provider))?;
        expected.check(&shown_version(&known))?;
        let mut work = self.work(by);
        match tenant {
            Some(tenant) => work.tenant(tenant).remove(&known)?,
            None => work.admin().remove(&known)?,
        }
        work.audit("oauth_app.deleted", provider, Some(&known.record), None)?;
        work.commit().await
    }

    /// The app that a new flow uses, and whether it is the tenant's own.
    pub(super) async fn app_for(&self, tenant: TenantId, provider: &str) -> Result<(OAuthApp, bool)> {
        if let Some(app) = self.kept_app(Some(tenant), provider).await? {
            return Ok((app.record, true));
        }
        self.app_of(tenant, provider, false).await.map(|app| (app, false))
    }

    /// The tenant's own app, or the operator's.
    pub(super) async fn app_of(&self, tenant: TenantId, provider: &str, own: bool) -> Result<OAuthApp> {
        let app = self.kept_app(own.then_some(tenant), provider).await?;
        app.map(|app| app.record).ok_or_else(|| {
            Error::conflict(format!(
                "no OAuth app is registered for the provider `{provider}`; an operator does so with \
                 PUT /api/v1/providers/{provider}/oauth-app, a tenant for itself with PUT /api/v1/oauth-apps/{provider}"
            ))
        })
    }

    /// The client of an app, its secrets opened.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Corrupt`] where the tenant's key is missing: the app may have
    /// been sealed again since it was read.
    pub(super) async fn client_of(&self, tenant: TenantId, app: &OAuthApp) -> Result<OAuthClient> {
        let key = match app.key_version {
            Some(version) => Some(self.tenant_key(tenant, version).await?),
            None => None,
        };
        let owner = key.as_ref().map_or(Owner::Deployment, Owner::Tenant);
        let record = (app.provider.as_str(), app.version);
        OAuthClient::of_app(&self.0.vault, owner, record, &app.client_id, app.key_id.as_deref(), &app.secrets)
    }

    /// Where the callbacks of an app come back to for a tenant's plugin: the part of the address
    /// that nobody can guess, if it has one, and the whole address.
    pub(super) fn redirect_of(&self, app: &OAuthApp, tenant: TenantId, plugin: &str) -> (Option<String>, String) {
        let public = self.0.policy.public_url.trim_end_matches('/');
        match app.redirect {
            Redirect::Fixed => (None, format!("{public}/api/v1/integrations/{}/oauth/callback", app.provider)),
            Redirect::Context => {
                let mut context = sha256_hex(format!("{}\n{tenant}\n{plugin}\n{}", app.seed, app.provider).as_bytes());
                context.truncate(32);
                let uri = format!("{public}/api/v1/oauth/cb/{context}");
                (Some(context), uri)
            }
        }
    }

    async fn kept_app(&self, tenant: Option<TenantId>, provider: &str) -> Result<Option<Stored<OAuthApp>>> {
        match tenant {
            Some(tenant) => self.0.store.tenant(tenant).get::<OAuthApp>(&provider.to_owned()).await,
            None => self.0.store.admin().get::<OAuthApp>(&provider.to_owned()).await,
        }
    }

    pub(super) fn sealed_app(
        &self,
        key: Option<&TenantKeyRef>,
        provider: &str,
        new: &NewApp,
        known: Option<&OAuthApp>,
    ) -> Result<OAuthApp> {
        let owner = key.map_or(Owner::Deployment, Owner::Tenant);
        let version = known.map_or(1, |known| known.version.saturating_add(1));
        let mut secrets = BTreeMap::new();
        for field in SECRETS {
            let place = Place { kind: APP, record: provider, field, version };
            if let Some(sealed) = self.0.vault.seal_field(owner, &place, &new.credentials)? {
                secrets.insert((*field).to_owned(), sealed);
            }
        }
        let now = self.now();
        let seed = match known {
            Some(known) => known.seed.clone(),
            None => sha256_hex(&random::<32>()?),
        };
        Ok(OAuthApp {
            provider: provider.to_owned(),
            client_id: new.client_id.clone(),
            key_id: new.key_id.clone(),
            version,
            key_version: key.map(|key| key.version),
            secrets,
            hints: new.credentials.hints(),
            redirect: new.redirect,
            seed,
            previous: known.and_then(|known| previous(known, self.overlap_end(new.overlap_seconds).ok()?, now)),
            created_at: known.map_or(now, |known| known.created_at),
            updated_at: now,
        })
    }

    async fn show_app(&self, by: &Caller, tenant: Option<TenantId>, app: OAuthApp) -> Result<App> {
        let mut redirect_uris = Vec::new();
        if let (Redirect::Context, Some(tenant)) = (app.redirect, tenant) {
            for install in self.installs(by).await? {
                let version = self.plugin_version(&install.plugin.id, Some(&install.plugin.version)).await?;
                if version.manifest.provider == app.provider {
                    redirect_uris.push(self.redirect_of(&app, tenant, &install.plugin.id).1);
                }
            }
        } else if app.redirect == Redirect::Fixed {
            redirect_uris.push(format!(
                "{}/api/v1/integrations/{}/oauth/callback",
                self.0.policy.public_url.trim_end_matches('/'),
                app.provider
            ));
        }
        let OAuthApp { provider, client_id, key_id, hints, redirect, created_at, updated_at, .. } = app;
        Ok(App {
            provider,
            client_id,
            key_id,
            credential_hints: hints,
            redirect,
            redirect_uris,
            created_at,
            updated_at,
        })
    }
}

/// Whose apps they are: those of the caller's tenant, or the operator's.
fn tenant_of(by: &Caller, own: bool) -> Result<Option<TenantId>> {
    if own { by.tenant().map(Some) } else { Ok(None) }
}

/// What is left of an app that another takes the place of.
fn previous(known: &OAuthApp, until: Timestamp, now: Timestamp) -> Option<PreviousSecret> {
    let sealed = known.secrets.get("client_secret").filter(|_| now < until)?.clone();
    Some(PreviousSecret { version: known.version, key_version: known.key_version, sealed, until })
}

fn check(new: &NewApp) -> Result<()> {
    let mut problems = Vec::new();
    let printable = |text: &str| (1..=512).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !printable(&new.client_id) {
        problems.push(Problem::at("$.client_id", "must have 1 to 512 printable ASCII characters"));
    }
    if new.key_id.as_deref().is_some_and(|id| !printable(id)) {
        problems.push(Problem::at("$.key_id", "must have 1 to 512 printable ASCII characters"));
    }
    for name in new.credentials.hints().keys().filter(|name| !SECRETS.contains(&name.as_str())) {
        let shown: String = name.chars().take(24).collect();
        let message = format!("is not one of {}", SECRETS.join(", "));
        problems.push(Problem::at(format!("$.credentials.{shown}"), message));
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::problems("the app does not fit", problems)) }
}

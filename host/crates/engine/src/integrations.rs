//! Integrations: a tenant's configured instances of providers.

use gatehouse_domain::capability::Capability;
use gatehouse_domain::cassette::Recording;
use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::install::Install;
use gatehouse_domain::integration::status::Signal;
use gatehouse_domain::integration::{Environment, Health, Integration, IntegrationStatus};
use gatehouse_domain::plugin::PluginVersion;
use gatehouse_domain::webhook::Endpoint;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::records::{IntegrationByProvider, RateBudget, SealedCredential};
use gatehouse_store::{Page, Stored};
use serde_json::{Map, Value, json};

use crate::clock::random;
use crate::tag::IfMatch;
use crate::work::Work;
use crate::{Caller, Credentials, Engine, name};

mod circuit;
mod connect;
mod connection;
mod credential;
mod list;
mod settings;
mod status;

pub use connect::{Connect, Rotate};
pub use connection::Tested;
pub(crate) use credential::Opened;
pub use list::Filter;
pub use settings::Settings;
pub use status::Status;

/// How often a change is made again where the upkeep of its endpoint was quicker.
const TRIES: u32 = 8;

/// An integration to make.
pub struct NewIntegration {
    /// The provider's code.
    pub provider: String,
    /// A name for people.
    pub name: String,
    /// The secrets, sealed before anything else happens to them.
    pub credentials: Credentials,
    /// Settings under the plugin's schema.
    pub settings: Map<String, Value>,
    /// Whatever the host app wants kept with it.
    pub metadata: Map<String, Value>,
    /// Which of the provider's worlds it acts in.
    pub environment: Environment,
}

/// What to change of an integration; what is absent stays.
#[derive(Default)]
pub struct IntegrationChange {
    /// A new name.
    pub name: Option<String>,
    /// New secrets, all of them.
    pub credentials: Option<Credentials>,
    /// New settings, all of them.
    pub settings: Option<Map<String, Value>>,
    /// New metadata, all of it.
    pub metadata: Option<Map<String, Value>>,
    /// Whether it is switched off.
    pub disabled: Option<bool>,
    /// Which of its calls are recorded.
    pub recording: Option<Recording>,
}

/// An enabled plugin that serves a provider.
struct Serving {
    install: Stored<Install>,
    /// The version that new integrations get.
    version: PluginVersion,
}

impl Engine {
    /// Makes an integration of an enabled plugin. Its credential is sealed in the same commit.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] with the JSON path of what does not fit, and
    /// [`gatehouse_domain::ErrorKind::Conflict`] where no enabled plugin serves the provider.
    pub async fn create_integration(&self, by: &Caller, new: NewIntegration) -> Result<Integration> {
        let serving = self.serving(by, &new.provider).await?;
        let (integration, sealed) = self.draft(by, &serving, new).await?;
        self.keep_new(by, &serving, &integration, &sealed).await?;
        Ok(integration)
    }

    /// The integration that `target` names: an id, or a provider's code where there is just one
    /// or one is the tenant's default.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`], also for another tenant's, and
    /// [`gatehouse_domain::ErrorKind::Conflict`] where a code fits several.
    pub async fn integration(&self, by: &Caller, target: &str) -> Result<Stored<Integration>> {
        let tenant = by.tenant()?;
        let id = match target.parse::<IntegrationId>() {
            Ok(id) => id,
            Err(_) => self.integration_of_provider(by, target).await?,
        };
        let stored = self.0.store.tenant(tenant).get::<Integration>(&id).await?;
        stored.filter(|stored| by.sees_integration(stored)).ok_or_else(|| Error::not_found("integration", target))
    }

    /// Changes an integration. New credentials begin a new generation.
    ///
    /// # Errors
    /// As [`Engine::create_integration`].
    pub async fn update_integration(
        &self,
        by: &Caller,
        target: &str,
        ask: IntegrationChange,
        expected: &IfMatch,
    ) -> Result<Integration> {
        let tenant = by.tenant()?;
        let stored = self.integration(by, target).await?;
        expected.check(&stored.record)?;
        let version = self.plugin_of(&stored.record).await?;
        let mut next = self.changed(&stored.record, &ask)?;
        let mut work = self.work(by);
        if let Some(settings) = &ask.settings {
            let install = self.install(tenant, &stored.plugin.id).await?;
            self.check_in_force(&version.manifest, &install.config, settings)?;
            // They were judged together with what the install says.
            work.tenant(tenant).unchanged(&install)?;
        }
        if let Some(credentials) = &ask.credentials {
            credentials.check(&version.manifest.credentials)?;
            next.credential_version += 1;
            next.credential_hints = credentials.hints();
            next.connected_at = Some(self.now());
            next.status = next.status.after(Signal::CredentialReplaced);
            let sealed = self.seal(tenant, &next, credentials).await?;
            self.keep_credential(&mut work, tenant, &sealed).await?;
            work.tenant(tenant).delete::<RateBudget>(&next.id)?;
        }
        work.tenant(tenant).replace(&stored, &next)?;
        if next.status != stored.status {
            self.schedule_syncs(&mut work, tenant, &next).await?;
        }
        if ask.credentials.is_some() || next.status != stored.status {
            self.look_after_endpoint(&mut work, tenant, &next).await?;
        }
        work.audit("integration.updated", next.id, Some(&stored.record), Some(&next))?;
        work.tell_of_move(tenant, &stored, &next)?;
        work.commit().await?;
        if ask.credentials.is_some() || ask.settings.is_some() {
            // It may be another account, or another place.
            self.0.resilience.forget(next.id);
        }
        Ok(next)
    }

    /// Deletes an integration with its credential, its endpoint and, where `force` says that they
    /// may go, its links. Its executions stay.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`], [`gatehouse_domain::ErrorKind::Stale`], and
    /// [`gatehouse_domain::ErrorKind::Conflict`] with what would break.
    pub async fn delete_integration(&self, by: &Caller, target: &str, expected: &IfMatch, force: bool) -> Result<()> {
        let stored = self.integration(by, target).await?;
        expected.check(&stored.record)?;
        let mut tries = 0;
        loop {
            match self.deletion(by, &stored, force).await?.commit().await {
                // Whoever looks after its endpoint stored something at this moment.
                Err(error) if error.kind == ErrorKind::Conflict && tries < TRIES => tries += 1,
                done => break done?,
            }
        }
        self.0.resilience.forget(stored.id);
        self.cut_late_ties(by, &stored).await
    }

    /// All that goes with an integration.
    async fn deletion(&self, by: &Caller, stored: &Stored<Integration>, force: bool) -> Result<Work> {
        let tenant = by.tenant()?;
        let mut work = self.work(by);
        self.cut_ties(by, stored, force, &mut work).await?;
        self.bid_farewell(tenant, stored, &mut work).await?;
        self.end_syncs(&mut work, tenant, stored).await?;
        self.drop_tokens(tenant, stored, &mut work).await?;
        work.tenant(tenant).delete::<Integration>(&stored.id)?;
        work.tenant(tenant).delete::<SealedCredential>(&stored.id)?;
        work.tenant(tenant).delete::<RateBudget>(&stored.id)?;
        work.tenant(tenant).delete::<IntegrationByProvider>(&(stored.provider.clone(), stored.id))?;
        self.forget_cassettes(&mut work, tenant, stored.id).await?;
        self.close_endpoints(stored, &mut work).await?;
        work.audit("integration.deleted", stored.id, Some(&stored.record), None)?;
        work.event(tenant, "integration.deleted", Some(stored), stored.id, json!({ "name": stored.name }))?;
        Ok(work)
    }

    /// What an integration can do: read from its plugin's component.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn capabilities(&self, by: &Caller, target: &str) -> Result<Vec<Capability>> {
        let stored = self.integration(by, target).await?;
        let plugin = self.plugin(&stored.plugin).await?;
        let mut offered = self.as_offered(&stored.provider, plugin.capabilities()).await?;
        offered.retain(|capability| by.key.covers_capability(&capability.code));
        Ok(offered)
    }

    /// The version an integration is pinned to.
    pub(crate) async fn plugin_of(&self, integration: &Integration) -> Result<PluginVersion> {
        let plugin = &integration.plugin;
        self.plugin_version(&plugin.id, Some(&plugin.version)).await
    }

    /// The enabled plugin that serves a provider.
    async fn serving(&self, by: &Caller, provider: &str) -> Result<Serving> {
        self.must_be_offered(provider).await?;
        let page = Page::first(1_000);
        let installs = self.0.store.tenant(by.tenant()?).list_stored::<Install>(&[], &page).await?.items;
        for install in installs.into_iter().filter(|install| install.enabled) {
            let version = self.plugin_version(&install.plugin.id, Some(&install.plugin.version)).await?;
            if version.manifest.provider == provider {
                return Ok(Serving { install, version });
            }
        }
        let message = format!(
            "no enabled plugin serves the provider `{provider}`; see GET /api/v1/plugins/available and enable one"
        );
        Err(Error::conflict(message).at("$.provider", "is not served"))
    }

    /// A new integration with its credential, checked and not stored yet.
    async fn draft(
        &self,
        by: &Caller,
        Serving { install, version }: &Serving,
        mut new: NewIntegration,
    ) -> Result<(Integration, SealedCredential)> {
        by.may_add_integration(new.environment)?;
        let lent = self.lend(version, &mut new).await?;
        name::check("integration", &new.name)?;
        new.credentials.check(&version.manifest.credentials)?;
        self.check_in_force(&version.manifest, &install.config, &new.settings)?;
        let mut integration = self.describe(version, &new)?;
        let tenant = by.tenant()?;
        let sealed = self.seal(tenant, &integration, &new.credentials).await?;
        if let Some(lent) = lent {
            lent.place(tenant, &mut integration);
        }
        Ok((integration, sealed))
    }

    fn describe(&self, version: &PluginVersion, new: &NewIntegration) -> Result<Integration> {
        let now = self.now();
        let endpoint = match &version.manifest.webhook {
            Some(_) => Some(gatehouse_domain::id::Id::unguessable(random()?)),
            None => None,
        };
        Ok(Integration {
            id: self.new_id()?,
            provider: new.provider.clone(),
            name: new.name.trim().to_owned(),
            environment: new.environment,
            plugin: version.plugin.clone(),
            status: IntegrationStatus::Draft,
            settings: new.settings.clone(),
            metadata: new.metadata.clone(),
            credential_hints: new.credentials.hints(),
            facts: std::collections::BTreeMap::default(),
            credential_version: 1,
            connected_at: (!waits_for_consent(version, new)).then_some(now),
            endpoint,
            recording: Recording::default(),
            account: None,
            health: Health::default(),
            created_at: now,
            updated_at: now,
        })
    }

    async fn keep_new(
        &self,
        by: &Caller,
        serving: &Serving,
        integration: &Integration,
        sealed: &SealedCredential,
    ) -> Result<()> {
        let tenant = by.tenant()?;
        let by_provider = IntegrationByProvider { provider: integration.provider.clone(), integration: integration.id };
        let mut work = self.work(by);
        // An upgrade that goes on at the same time must not leave it behind.
        work.tenant(tenant).unchanged(&serving.install)?;
        work.tenant(tenant).create(integration)?;
        work.tenant(tenant).create(&by_provider)?;
        self.keep_credential(&mut work, tenant, sealed).await?;
        if let Some(id) = integration.endpoint {
            work.admin().create(&Endpoint {
                id,
                tenant,
                integration: integration.id,
                expires_at: None,
                replaces: None,
            })?;
        }
        self.schedule_syncs(&mut work, tenant, integration).await?;
        self.look_after_endpoint(&mut work, tenant, integration).await?;
        work.audit("integration.created", integration.id, None, Some(integration))?;
        if let Some(kind) = IntegrationStatus::Draft.event_to(integration.status) {
            work.event(tenant, kind, Some(integration), integration.id, json!({ "to": integration.status }))?;
        }
        work.commit().await
    }

    fn changed(&self, old: &Integration, ask: &IntegrationChange) -> Result<Integration> {
        let mut next = Integration { updated_at: self.now(), ..old.clone() };
        if let Some(name) = &ask.name {
            name::check("integration", name)?;
            name.trim().clone_into(&mut next.name);
        }
        if let Some(settings) = &ask.settings {
            next.settings.clone_from(settings);
        }
        if let Some(metadata) = &ask.metadata {
            next.metadata.clone_from(metadata);
        }
        next.recording = ask.recording.unwrap_or(old.recording);
        if let Some(disabled) = ask.disabled {
            next.status = old.status.after(if disabled { Signal::SwitchedOff } else { Signal::SwitchedOn });
        }
        Ok(next)
    }
}

/// Whether nothing is connected before a person agrees at the provider.
fn waits_for_consent(version: &PluginVersion, new: &NewIntegration) -> bool {
    let asks = version.manifest.oauth.as_ref().is_some_and(|oauth| oauth.own_grant().is_none());
    asks && new.credentials.hints().is_empty()
}

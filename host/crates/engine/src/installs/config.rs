//! The configuration of an install: settings that every integration of the plugin has unless it
//! says otherwise itself. It holds no secrets: those belong to an integration's credential.

use gatehouse_domain::install::Install;
use gatehouse_domain::integration::Integration;
use gatehouse_domain::manifest::Manifest;
use gatehouse_domain::plugin::PluginVersion;
use gatehouse_domain::{Error, ErrorKind, Problem, Result, settings};
use gatehouse_store::Stored;
use serde::Serialize;
use serde_json::{Map, Value};

use super::upgrade::{MOST_TRIES, is_race, placed, race};
use crate::tag::IfMatch;
use crate::{Caller, Engine, schema};

/// How many integrations are looked at together.
const MOST: usize = 1_000;

/// What to configure an install with.
#[derive(Debug, Clone, Default)]
pub struct Configure {
    /// The settings, all of them.
    pub config: Map<String, Value>,
}

/// The configuration of an install as it is shown.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The install that it is part of.
    pub install: Install,
    /// What was configured, without what its version marks as a secret.
    pub config: Map<String, Value>,
    /// The same with the schema's defaults: what an integration has that says nothing itself.
    pub in_force: Map<String, Value>,
    /// What the schema requires beside: each integration has to say it for itself.
    pub missing: Vec<String>,
    /// The JSON Schema of the version that new integrations get.
    pub schema: Value,
}

/// What the version of a configuration is told by: what else happens to the install is no change
/// of it.
#[derive(Serialize)]
struct Tagged<'a> {
    plugin: &'a str,
    config: &'a Map<String, Value>,
}

impl Configuration {
    /// What its tag is made of.
    pub fn tagged(&self) -> impl Serialize {
        Tagged { plugin: &self.install.plugin.id, config: &self.install.config }
    }
}

impl Engine {
    /// The configuration of one of the caller's installs.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where the plugin was never enabled.
    pub async fn configuration(&self, by: &Caller, id: &str) -> Result<Configuration> {
        let install = self.install(by.tenant()?, id).await?;
        let version = self.stored_version(id, &install.plugin.version).await?;
        Ok(told(install.record, version.record))
    }

    /// Puts a configuration in the place of what there was. From then on every integration of the
    /// plugin has it, save for what it says itself.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] with the JSON path of what does not fit the schema of the install's
    /// version, or would leave an integration with settings that do not fit its own; names of
    /// secrets are refused. [`ErrorKind::NotFound`]; [`ErrorKind::Stale`].
    pub async fn configure_plugin(
        &self,
        by: &Caller,
        id: &str,
        ask: &Configure,
        expected: &IfMatch,
    ) -> Result<Configuration> {
        let mut tries = 0;
        loop {
            match self.try_configure(by, id, ask, expected).await {
                // A call has written down how it went with an integration: look again.
                Err(error) if is_race(&error) && tries < MOST_TRIES => tries += 1,
                outcome => return outcome,
            }
        }
    }

    async fn try_configure(&self, by: &Caller, id: &str, ask: &Configure, expected: &IfMatch) -> Result<Configuration> {
        let tenant = by.tenant()?;
        let install = self.install(tenant, id).await?;
        let version = self.stored_version(id, &install.plugin.version).await?.record;
        expected.check(&Tagged { plugin: id, config: &install.config })?;
        self.check_config(&version.manifest, &ask.config)?;
        let concerned = self.integrations_of(tenant, &version.manifest.provider, id).await?;
        self.check_concerned(&concerned, &ask.config).await?;
        let next = Install { config: ask.config.clone(), ..install.record.clone() };
        let mut work = self.work(by);
        work.tenant(tenant).replace(&install, &next)?;
        // Each was judged together with the configuration.
        concerned.iter().try_for_each(|one| work.tenant(tenant).unchanged(one))?;
        work.audit("plugin.configured", id, Some(&install.record), Some(&next))?;
        work.commit_now().await.map_err(race)?;
        // They may be another account's now, or at another place.
        concerned.iter().for_each(|one| self.0.resilience.forget(one.id));
        Ok(told(next, version))
    }

    /// What is configured has to fit by itself, but for what it leaves to the integrations.
    pub(super) fn check_config(&self, manifest: &Manifest, config: &Map<String, Value>) -> Result<()> {
        let secrets: Vec<Problem> = config
            .keys()
            .filter(|name| is_secret(manifest, name))
            .map(|name| {
                let message = "is a secret: it belongs to the credentials of an integration, where it is sealed";
                Problem::at(format!("$.config.{name}"), message)
            })
            .collect();
        if !secrets.is_empty() {
            return Err(Error::problems("a configuration holds no secrets", secrets));
        }
        let all = settings::in_force(&manifest.settings, config, &Map::new());
        schema::check_part(&manifest.settings, &all, "$.config")?;
        // What an address lacks, the integrations may say; what is named here has to fit.
        match self.0.broker.check_settings(manifest, &all) {
            Err(error) if error.kind == ErrorKind::Invalid => at_config(error, config),
            outcome => outcome,
        }
    }

    /// No integration may be left with settings that do not fit the version that it is pinned to.
    async fn check_concerned(&self, concerned: &[Stored<Integration>], config: &Map<String, Value>) -> Result<()> {
        if concerned.len() > MOST {
            let count = concerned.len();
            let message = format!(
                "{count} integrations would change, and one configuration changes at most {MOST}: say it in their own \
                 settings"
            );
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        let mut problems = Vec::new();
        for integration in concerned {
            let version = self.plugin_of(integration).await?;
            match self.check_in_force(&version.manifest, config, &integration.settings) {
                Err(error) if error.kind == ErrorKind::Invalid => problems.extend(placed(integration, error)),
                outcome => outcome?,
            }
        }
        if problems.is_empty() {
            return Ok(());
        }
        Err(Error::problems("integrations do not fit with that configuration: change their settings first", problems))
    }
}

fn is_secret(manifest: &Manifest, name: &str) -> bool {
    manifest.credential_fields().any(|field| field == name) || settings::is_secret(&manifest.settings, name)
}

/// What is wrong with the names that a configuration has.
fn at_config(mut error: Error, config: &Map<String, Value>) -> Result<()> {
    let named = |path: &str| path.strip_prefix("$.settings.").is_some_and(|name| config.contains_key(name));
    error.problems.retain(|one| named(&one.path));
    error.problems.iter_mut().for_each(|one| one.path = one.path.replacen("$.settings", "$.config", 1));
    if error.problems.is_empty() { Ok(()) } else { Err(error) }
}

fn told(install: Install, version: PluginVersion) -> Configuration {
    let mut config = install.config.clone();
    config.retain(|name, _| !is_secret(&version.manifest, name));
    let schema = version.manifest.settings;
    let in_force = settings::in_force(&schema, &config, &Map::new());
    let missing = settings::missing(&schema, &in_force);
    Configuration { install, config, in_force, missing, schema }
}

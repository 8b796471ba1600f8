//! Connecting and disconnecting: giving an integration a credential that the provider accepts,
//! putting another in its place, and taking it away for good.
//!
//! A credential takes its place only after the provider has accepted it: what worked before
//! goes on working when the new one is wrong.

use gatehouse_domain::integration::status::Signal;
use gatehouse_domain::integration::{Environment, Integration};
use gatehouse_domain::plugin::PluginVersion;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{Error, ErrorKind, Problem, Result};
use gatehouse_runtime::Target;
use gatehouse_store::Stored;
use gatehouse_store::records::{PreviousCredential, RateBudget, SealedCredential};
use serde_json::{Map, Value, json};

use super::{NewIntegration, Serving, TRIES, Tested};
use crate::execute::Run;
use crate::tag::IfMatch;
use crate::work::Work;
use crate::{Caller, Credentials, Engine};

/// The longest time that a replaced credential may stay good for webhooks.
const LONGEST_OVERLAP: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What to connect an integration with.
pub struct Connect {
    /// The secrets; those that it has where absent.
    pub credentials: Option<Credentials>,
    /// Settings; those that it has where absent.
    pub settings: Option<Map<String, Value>>,
    /// A name for a new integration; the provider's where absent.
    pub name: Option<String>,
    /// Which of the provider's worlds a new integration acts in.
    pub environment: Environment,
}

/// What to put in the place of a credential.
pub struct Rotate {
    /// The new secrets, all of them.
    pub credentials: Credentials,
    /// How long webhooks that are signed with the old ones are still taken, in seconds.
    pub overlap_seconds: u32,
}

impl Engine {
    /// Connects the integration that `target` names; where it is the code of a provider that the
    /// tenant has no integration of, makes one.
    ///
    /// # Errors
    /// [`ErrorKind::Provider`] where the provider does not accept the credential, and
    /// [`ErrorKind::Unavailable`] where it could not be asked: nothing is changed then.
    pub async fn connect_integration(&self, by: &Caller, target: &str, ask: Connect) -> Result<(Integration, Tested)> {
        match self.integration(by, target).await {
            Ok(stored) => self.connect_again(by, &stored, ask).await,
            Err(error) if error.kind == ErrorKind::NotFound => {
                let serving = self.serving(by, target).await.map_err(|_| error)?;
                self.connect_new(by, serving, ask).await
            }
            Err(error) => Err(error),
        }
    }

    /// Puts a new credential in the place of the old one, once the provider has accepted it.
    ///
    /// # Errors
    /// As [`Engine::connect_integration`].
    pub async fn rotate_credential(&self, by: &Caller, target: &str, ask: Rotate) -> Result<(Integration, Tested)> {
        let tenant = by.tenant()?;
        let stored = self.integration(by, target).await?;
        let until = self.overlap_end(ask.overlap_seconds)?;
        let old = self.sealed(tenant, stored.id).await?;
        let version = self.plugin_of(&stored.record).await?;
        let (next, mut sealed) = self.with_credential(by, &version, &stored.record, &ask.credentials).await?;
        let (next, tested) = self.prove(by, &next, &sealed).await?;
        sealed.endpoint = old.endpoint;
        sealed.previous = (self.now() < until).then_some(PreviousCredential {
            version: old.version,
            key_version: old.key_version,
            fields: old.fields,
            until,
        });
        let mut work = self.work(by);
        work.tenant(tenant).replace(&stored, &next)?;
        self.keep_credential(&mut work, tenant, &sealed).await?;
        work.audit("credential.rotated", next.id, Some(&stored.record), Some(&next))?;
        work.event(tenant, "credential.rotated", Some(&next), next.id, json!({ "version": next.credential_version }))?;
        work.tell_of_move(tenant, &stored, &next)?;
        work.commit().await?;
        Ok((next, tested))
    }

    /// Destroys the credential of an integration. Everything else about it stays.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Stale`] where it is not what `expected` says.
    pub async fn disconnect_integration(&self, by: &Caller, target: &str, expected: &IfMatch) -> Result<Integration> {
        let stored = self.integration(by, target).await?;
        expected.check(&stored.record)?;
        if stored.connected_at.is_none() {
            return Ok(stored.record);
        }
        let next = Integration {
            status: stored.status.after(Signal::Disconnected),
            connected_at: None,
            credential_hints: std::collections::BTreeMap::default(),
            account: None,
            facts: std::collections::BTreeMap::default(),
            updated_at: self.now(),
            ..stored.record.clone()
        };
        let mut tries = 0;
        loop {
            match self.parting(by, &stored, &next).await?.commit().await {
                // Whoever looks after its endpoint stored something at this moment.
                Err(error) if error.kind == ErrorKind::Conflict && tries < TRIES => tries += 1,
                done => break done?,
            }
        }
        self.0.resilience.forget(next.id);
        Ok(next)
    }

    /// All that goes with the credential of an integration.
    async fn parting(&self, by: &Caller, stored: &Stored<Integration>, next: &Integration) -> Result<Work> {
        let tenant = by.tenant()?;
        let mut work = self.work(by);
        self.bid_farewell(tenant, stored, &mut work).await?;
        self.drop_tokens(tenant, stored, &mut work).await?;
        work.tenant(tenant).replace(stored, next)?;
        work.tenant(tenant).delete::<SealedCredential>(&next.id)?;
        work.tenant(tenant).delete::<RateBudget>(&next.id)?;
        work.audit("integration.disconnected", next.id, Some(&stored.record), Some(next))?;
        work.event(tenant, "integration.disconnected", Some(next), next.id, json!({ "name": next.name }))?;
        Ok(work)
    }

    async fn connect_new(&self, by: &Caller, serving: Serving, ask: Connect) -> Result<(Integration, Tested)> {
        by.must("integrations:create")?;
        let version = &serving.version;
        let given = ask.credentials.is_some();
        let credentials = ask.credentials.unwrap_or_default();
        let new = NewIntegration {
            provider: version.manifest.provider.clone(),
            name: ask.name.unwrap_or_else(|| version.manifest.name.clone()),
            credentials,
            settings: ask.settings.unwrap_or_default(),
            metadata: Map::new(),
            environment: ask.environment,
        };
        if !given && !self.lends_to(&new) {
            let problem =
                Problem::at("$.credentials", "is missing: the tenant has no integration of this provider yet");
            return Err(Error::problems("there is nothing to connect with", vec![problem]));
        }
        let (integration, sealed) = self.draft(by, &serving, new).await?;
        let (integration, tested) = self.prove(by, &integration, &sealed).await?;
        self.keep_new(by, &serving, &integration, &sealed).await?;
        Ok((integration, tested))
    }

    async fn connect_again(
        &self,
        by: &Caller,
        stored: &Stored<Integration>,
        ask: Connect,
    ) -> Result<(Integration, Tested)> {
        let tenant = by.tenant()?;
        let version = self.plugin_of(&stored.record).await?;
        let mut next = stored.record.clone();
        let install = self.install(tenant, &stored.plugin.id).await?;
        if let Some(settings) = ask.settings {
            self.check_in_force(&version.manifest, &install.config, &settings)?;
            next.settings = settings;
        }
        let (next, sealed) = match &ask.credentials {
            Some(credentials) => {
                let old = self.sealed(tenant, stored.id).await.ok();
                let (next, sealed) = self.with_credential(by, &version, &next, credentials).await?;
                (next, SealedCredential { endpoint: old.and_then(|old| old.endpoint), ..sealed })
            }
            None => (next, self.sealed(tenant, stored.id).await?),
        };
        let (next, tested) = self.prove(by, &next, &sealed).await?;
        let mut work = self.work(by);
        // The provider was asked with what the install says.
        work.tenant(tenant).unchanged(&install)?;
        work.tenant(tenant).replace(stored, &next)?;
        self.keep_credential(&mut work, tenant, &sealed).await?;
        work.tenant(tenant).delete::<RateBudget>(&next.id)?;
        self.look_after_endpoint(&mut work, tenant, &next).await?;
        work.audit("integration.connected", next.id, Some(&stored.record), Some(&next))?;
        work.tell_of_move(tenant, stored, &next)?;
        work.commit().await?;
        // It may be another account, or another place.
        self.0.resilience.forget(next.id);
        Ok((next, tested))
    }

    /// The integration with a new credential in the place of what it has, sealed, not stored.
    async fn with_credential(
        &self,
        by: &Caller,
        version: &PluginVersion,
        old: &Integration,
        credentials: &Credentials,
    ) -> Result<(Integration, SealedCredential)> {
        credentials.check(&version.manifest.credentials)?;
        let next = Integration {
            credential_version: old.credential_version + 1,
            credential_hints: credentials.hints(),
            connected_at: Some(self.now()),
            ..old.clone()
        };
        let sealed = self.seal(by.tenant()?, &next, credentials).await?;
        Ok((next, sealed))
    }

    /// Asks the provider whether it accepts a credential that is not in use yet.
    async fn prove(
        &self,
        by: &Caller,
        integration: &Integration,
        sealed: &SealedCredential,
    ) -> Result<(Integration, Tested)> {
        let tenant = by.tenant()?;
        let credential = self.opened(tenant, sealed).await?;
        let candidate = self.candidate_access(tenant, integration, &credential).await?;
        let mut run = Run::with_credential(self, tenant, integration, credential).await?;
        match candidate {
            Some(token) => run.token = Some(token),
            None => run.sign(self, self.longest()).await?,
        }
        if !run.plugin.tests_connections() {
            let status = integration.status;
            let untested = Tested { ok: true, account: None, error: None, duration_us: 0, status };
            return Ok((integration.clone(), untested));
        }
        let report = run.look(self, Target::ConnectionTest).await?;
        let (next, tested, signal) = self.judge_test(integration, report);
        self.0.metrics.connections.tried(&integration.provider, tested.ok);
        match (&tested.error, signal) {
            (None, _) => Ok((next, tested)),
            (Some(reason), Some(_)) => Err(Error::new(
                ErrorKind::Provider,
                format!("the connection test failed: {reason}; nothing was changed"),
            )),
            (Some(reason), None) => {
                Err(Error::unavailable(format!("the provider could not be asked: {reason}; nothing was changed")))
            }
        }
    }

    /// When an overlap that begins now ends.
    pub(crate) fn overlap_end(&self, seconds: u32) -> Result<Timestamp> {
        let overlap = SignedDuration::from_secs(seconds.into());
        if overlap > LONGEST_OVERLAP {
            let message = format!("{seconds} is longer than {} seconds (7 days)", LONGEST_OVERLAP.as_secs());
            return Err(Error::problems("the overlap does not fit", vec![Problem::at("$.overlap_seconds", message)]));
        }
        Ok(self.now().saturating_add(overlap).unwrap_or(Timestamp::MAX))
    }
}

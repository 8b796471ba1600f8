//! Giving tokens back to the provider after an integration was disconnected. It is tried for a
//! while and then left: the tokens are destroyed here either way, and the trail says what came of it.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use gatehouse_broker::oauth::TokenError;
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::record::Record;
use gatehouse_store::records::{OAuthRevocation, OAuthTokens, RevocationId, SealedCredential, SealedToken};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::{Duration, Instant};

use super::sealing::SealedRecord;
use super::sign_in::Which;
use crate::Engine;
use crate::engine::Inner;
use crate::jobs::{Claimed, Handler, NewJob, Outcome, Tries, payload_of};
use crate::work::Work;

/// The kind of these jobs.
const KIND: &str = "oauth.revoke";
/// How often the provider is told before it is left.
const MOST: u32 = 6;
/// How often the tokens are read again while the tenant's key is exchanged.
const ROUNDS: usize = 4;
/// How long to wait for those who need the tokens still.
const FIRST: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(1);
const LONGEST: Duration = Duration::from_secs(15);

/// Gives tokens back. The engine holds it, so it does not hold the engine.
pub(crate) struct GiveBack(Weak<Inner>);

/// Which tokens a job is about.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    tenant: TenantId,
    integration: IntegrationId,
    generation: u32,
}

impl Engine {
    /// Destroys the tokens of an integration in `work`, and has them given back where the provider
    /// knows a way.
    pub(crate) async fn drop_tokens(&self, tenant: TenantId, integration: &Integration, work: &mut Work) -> Result<()> {
        let scope = self.0.store.tenant(tenant);
        if scope.get::<OAuthTokens>(&integration.id).await?.is_none() {
            return Ok(());
        }
        work.tenant(tenant).delete::<OAuthTokens>(&integration.id)?;
        let Some(revocation) = self.to_give_back(tenant, integration, work).await? else { return Ok(()) };
        let id = revocation.id();
        let payload = Payload { tenant, integration: id.0, generation: id.1 };
        work.tenant(tenant).put(&revocation)?;
        let job = NewJob { tenant: Some(tenant), ..NewJob::new(KIND, payload_of(payload)?) };
        self.jobs().enqueue(&mut work.admin(), job).await.map(|_| ())
    }

    /// What is to be given back of an integration, all of it sealed by the tenant's newest key.
    async fn to_give_back(
        &self,
        tenant: TenantId,
        integration: &Integration,
        work: &mut Work,
    ) -> Result<Option<OAuthRevocation>> {
        let manifest = self.plugin_of(integration).await?.manifest;
        if manifest.oauth.as_ref().is_none_or(|rules| rules.revoke.is_none()) {
            return Ok(None);
        }
        let scope = self.0.store.tenant(tenant);
        for _ in 0..ROUNDS {
            let Some(stored) = scope.get::<OAuthTokens>(&integration.id).await? else { return Ok(None) };
            let tokens = stored.record;
            if tokens.access.is_none() || tokens.expired_at.is_some() {
                return Ok(None);
            }
            let credential = scope.get::<SealedCredential>(&integration.id).await?.map(|stored| stored.record);
            let mut revocation = OAuthRevocation { integration: integration.clone(), tokens, credential };
            let ring = self.key_ring(tenant).await?;
            match revocation.reseal(&ring) {
                Ok(()) => return ring.guard(work.change()).map(|()| Some(revocation)),
                // The key was exchanged between the reads.
                Err(error) if error.kind == ErrorKind::Conflict => {}
                Err(error) => {
                    tracing::error!(%error, integration.id = %integration.id, "tokens do not open and are not given back");
                    return Ok(None);
                }
            }
        }
        Err(Error::unavailable("the tenant's key is being exchanged; retry").retry_after(1_000))
    }

    async fn give_back(&self, tenant: TenantId, revocation: &OAuthRevocation) -> Result<(), TokenError> {
        let ours = |error: Error| TokenError::Refused(error.message);
        let (integration, tokens) = (&revocation.integration, &revocation.tokens);
        let version = self.plugin_of(integration).await.map_err(ours)?;
        let credential = match &revocation.credential {
            Some(sealed) => Some(self.opened(tenant, sealed).await.map_err(ours)?),
            None => None,
        };
        let which = Which::Own(tokens.own_app);
        let sign_in =
            self.sign_in(tenant, integration, &version.manifest, which, credential.as_ref()).await.map_err(ours)?;
        let open = async |field: &str, token: Option<&SealedToken>| match token {
            None => Ok(None),
            Some(token) => {
                let key = self.tenant_key(tenant, token.key_version).await?;
                self.open_token(&key, integration.id, field, token).map(Some)
            }
        };
        let Some(access) = open("access", tokens.access.as_ref()).await.map_err(ours)? else { return Ok(()) };
        let refresh = open("refresh", tokens.refresh.as_ref()).await.map_err(ours)?;
        let asking = sign_in.asking(self.now(), Instant::now() + LONGEST);
        self.0.broker.revoke_token(&asking, &access, refresh.as_ref()).await
    }
}

impl GiveBack {
    pub(crate) fn of(engine: &Engine) -> Self {
        Self(Arc::downgrade(&engine.0))
    }
}

#[async_trait]
impl Handler for GiveBack {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn tries(&self) -> Tries {
        Tries { most: MOST + 4, ..Tries::default() }
    }

    async fn run(&self, job: &Claimed) -> Result<Outcome> {
        let engine = Engine::behind(&self.0)?;
        let Payload { tenant, integration, generation } = job.payload()?;
        let id = RevocationId(integration, generation);
        let scope = engine.0.store.tenant(tenant);
        let Some(mut stored) = scope.get::<OAuthRevocation>(&id).await? else {
            return Ok(Outcome::done(engine.0.store.change()));
        };
        let waited = engine.now().duration_since(job.job.created_at);
        if waited < LONGEST_WAIT && engine.is_bidding_farewell(tenant, integration).await? {
            let until = engine.now().saturating_add(FIRST).unwrap_or(Timestamp::MAX);
            return Ok(Outcome::park(until, "its endpoint is unregistered first"));
        }
        let outcome = loop {
            let outcome = engine.give_back(tenant, &stored).await;
            let now = scope.get::<OAuthRevocation>(&id).await?;
            match now.filter(|now| outcome.is_err() && now.key_versions() != stored.key_versions()) {
                // Sealed again between the reads, and the old key destroyed.
                Some(now) => stored = now,
                None => break outcome,
            }
        };
        let passing = matches!(outcome, Err(TokenError::Busy(_) | TokenError::Lost(_)));
        if let Err(error) = &outcome
            && passing
            && job.job.tries < MOST
        {
            return Ok(Outcome::retry(error.text()));
        }
        let mut work = engine.own_work(Some(tenant));
        work.tenant(tenant).delete::<OAuthRevocation>(&id)?;
        let what = match &outcome {
            Ok(()) => json!({ "given_back": true }),
            Err(error) => json!({ "given_back": false, "why": error.text() }),
        };
        let action = if outcome.is_ok() { "oauth.revoked" } else { "oauth.not_revoked" };
        work.audit(action, integration, None, Some(&what))?;
        job.done(work.change())?;
        work.commit_now().await?;
        tracing::info!(integration.id = %integration, given_back = outcome.is_ok(), "tokens of a disconnected integration");
        Ok(Outcome::settled())
    }
}

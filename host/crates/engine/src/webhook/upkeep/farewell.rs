//! Taking the registrations of an integration away from the provider after it was disconnected or deleted.
//! It is a job of the endpoint's group, so that it comes after a turn that is under way. It is tried for a
//! while and then left; what it needs is kept sealed so long, and the trail says what came of it.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use gatehouse_domain::capability::Effect;
use gatehouse_domain::guest::{GuestErrorKind, Registration};
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::manifest::CapabilityRules;
use gatehouse_domain::time::SignedDuration;
use gatehouse_domain::webhook::Endpoint;
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_runtime::{Answer, Target};
use gatehouse_store::record::Record;
use gatehouse_store::records::{
    EndpointBackfill, EndpointFarewell, EndpointUpkeep, FarewellId, OAuthTokens, SealedCredential,
};
use gatehouse_store::{Page, Stored};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::jobs::group_of;
use crate::Engine;
use crate::engine::Inner;
use crate::execute::{Run, Try};
use crate::jobs::{Claimed, Handler, NewJob, Outcome, Tries, Verdict, payload_of};
use crate::work::Work;

/// The kind of these jobs.
const KIND: &str = "webhook.unregister";
/// How often the provider is asked before it is left.
const MOST: u32 = 12;

/// Takes registrations away. The engine holds it, so it does not hold the engine.
pub(crate) struct Farewell(Weak<Inner>);

/// Whose registrations a job is about, by the credential that they were made with.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    tenant: TenantId,
    integration: IntegrationId,
    credential_version: u32,
}

/// Why registrations are still there.
enum Left {
    /// It may be otherwise later, at the earliest after so many milliseconds.
    ForNow(String, Option<u64>),
    /// It will not be otherwise.
    ForGood(String),
}

impl Engine {
    /// Has the registrations of an endpoint taken away from the provider, from the commit of `work` on,
    /// which takes the credential.
    pub(crate) async fn bid_farewell(
        &self,
        tenant: TenantId,
        integration: &Stored<Integration>,
        work: &mut Work,
    ) -> Result<()> {
        let scope = self.0.store.tenant(tenant);
        let kept = scope.get::<EndpointUpkeep>(&integration.id).await?;
        match &kept {
            // A turn that is under way stores nothing from then on.
            Some(kept) => work.tenant(tenant).remove(kept)?,
            None => work.tenant(tenant).absent::<EndpointUpkeep>(&integration.id)?,
        }
        work.tenant(tenant).delete::<EndpointBackfill>(&integration.id)?;
        // That the provider is asked for one is stored before it is asked.
        let Some(kept) = kept.filter(|kept| kept.asked || !kept.registrations.is_empty()) else { return Ok(()) };
        let Some(credential) = scope.get::<SealedCredential>(&integration.id).await? else { return Ok(()) };
        let farewell = EndpointFarewell {
            integration: integration.record.clone(),
            registrations: kept.record.registrations,
            urls: self.urls_of(integration).await?,
            credential: credential.record,
            tokens: scope.get::<OAuthTokens>(&integration.id).await?.map(|stored| stored.record),
        };
        let FarewellId(integration, credential_version) = farewell.id();
        self.keep_farewell(work, tenant, farewell).await?;
        let payload = payload_of(Payload { tenant, integration, credential_version })?;
        let job = NewJob { tenant: Some(tenant), group: Some(group_of(integration)), ..NewJob::new(KIND, payload) };
        self.jobs().enqueue(&mut work.admin(), job).await.map(|_| ())
    }

    /// Whether registrations of an integration are still to be taken away: its tokens are needed so long.
    pub(crate) async fn is_bidding_farewell(&self, tenant: TenantId, integration: IntegrationId) -> Result<bool> {
        let scope = self.0.store.tenant(tenant);
        let found = scope.list_under::<EndpointFarewell>(&integration.to_bytes(), &Page::first(1)).await?;
        Ok(!found.items.is_empty())
    }

    /// The addresses of an integration's endpoints, the one before among them.
    async fn urls_of(&self, integration: &Integration) -> Result<Vec<String>> {
        let Some(id) = integration.endpoint else { return Ok(Vec::new()) };
        let before = self.0.store.admin().get::<Endpoint>(&id).await?.and_then(|endpoint| endpoint.replaces);
        Ok([Some(id), before].into_iter().flatten().map(|id| self.webhook_url(id)).collect())
    }

    /// Takes everything away that is ours. What is gone already is no error.
    async fn take_away(&self, tenant: TenantId, farewell: &EndpointFarewell) -> Result<usize, Left> {
        let run = self.farewell_run(tenant, farewell).await?;
        let listed = match self.ask_last(&run, Target::ListRegistrations).await {
            Ok(listed) => listed,
            Err(Left::ForGood(reason)) if farewell.registrations.is_empty() => return Err(Left::ForGood(reason)),
            // What is known can be taken away without a list.
            Err(Left::ForGood(_)) => Value::Null,
            Err(left) => return Err(left),
        };
        let listed: Option<Vec<Registration>> = serde_json::from_value(listed).ok();
        let known = |one: &Registration| farewell.registrations.iter().any(|kept| kept.id == one.id);
        let ours = |one: &Registration| known(one) || farewell.urls.contains(&one.url);
        let to_go: Vec<Registration> = match listed {
            Some(listed) => listed.into_iter().filter(|one| ours(one)).collect(),
            None => farewell.registrations.clone(),
        };
        for one in &to_go {
            self.ask_last(&run, Target::Unregister { id: one.id.clone() }).await?;
        }
        Ok(to_go.len())
    }

    async fn farewell_run(&self, tenant: TenantId, farewell: &EndpointFarewell) -> Result<Run, Left> {
        let left = |error: gatehouse_domain::Error| match error.kind {
            ErrorKind::Conflict | ErrorKind::NotFound | ErrorKind::Forbidden => Left::ForGood(error.message),
            _ => Left::ForNow(error.message, error.retry_after_ms),
        };
        let credential = self.opened(tenant, &farewell.credential).await.map_err(left)?;
        let integration = &farewell.integration;
        let mut run = Run::with_credential(self, tenant, integration, credential).await.map_err(left)?;
        run.token = match &farewell.tokens {
            Some(tokens) => self.in_use(tenant, tokens).await.map_err(left)?,
            None => self.lent_token(tenant, integration).await.map_err(left)?,
        };
        Ok(run)
    }

    async fn ask_last(&self, run: &Run, target: Target) -> Result<Value, Left> {
        let only_looks = matches!(target, Target::ListRegistrations);
        let effect = if only_looks { Effect::Read } else { Effect::Write };
        let rules = CapabilityRules { effect, ..CapabilityRules::default() };
        let session = run.open(self, &rules, "unregister").map_err(|error| Left::ForGood(error.message))?;
        let this = Try { key: "unregister".to_owned(), number: 1, cancel: None };
        match run.call(self, target, session, this).await.answer {
            Answer::Ok(value) => Ok(value),
            Answer::Refused(error) => Err(match error.kind {
                GuestErrorKind::RateLimited
                | GuestErrorKind::Unavailable
                | GuestErrorKind::Provider
                | GuestErrorKind::UnknownOutcome => Left::ForNow(error.message, error.retry_after_ms),
                _ => Left::ForGood(error.message),
            }),
            Answer::Fault(fault) => Err(Left::ForNow(fault.describe(), None)),
        }
    }
}

impl Farewell {
    pub(crate) fn of(engine: &Engine) -> Self {
        Self(Arc::downgrade(&engine.0))
    }
}

#[async_trait]
impl Handler for Farewell {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn tries(&self) -> Tries {
        let (base, cap) = (SignedDuration::from_secs(1), SignedDuration::from_mins(10));
        Tries { most: MOST + 4, base, cap, ..Tries::default() }
    }

    async fn run(&self, job: &Claimed) -> Result<Outcome> {
        let engine = Engine::behind(&self.0)?;
        let Payload { tenant, integration, credential_version } = job.payload()?;
        let id = FarewellId(integration, credential_version);
        let Some(farewell) = engine.0.store.tenant(tenant).get::<EndpointFarewell>(&id).await? else {
            return Ok(Outcome::done(engine.0.store.change()));
        };
        let what = match engine.take_away(tenant, &farewell).await {
            Ok(count) => json!({ "unregistered": count }),
            Err(Left::ForNow(reason, after)) if job.job.tries < MOST => {
                let after = after.map(|millis| SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX)));
                return Ok(Verdict::Retry { reason, after }.into());
            }
            Err(Left::ForNow(reason, _) | Left::ForGood(reason)) => {
                tracing::warn!(integration.id = %integration, reason, "a registration stays at the provider");
                json!({ "reason": reason })
            }
        };
        let gone = what.get("reason").is_none();
        let mut work = engine.own_work(Some(tenant));
        work.tenant(tenant).delete::<EndpointFarewell>(&id)?;
        let action = if gone { "endpoint.unregistered" } else { "endpoint.not_unregistered" };
        work.audit(action, integration, None, Some(&what))?;
        if !gone {
            work.event(tenant, "webhooks.left_behind", Some(&farewell.integration), integration, what)?;
        }
        job.done(work.change())?;
        work.commit_now().await?;
        Ok(Outcome::settled())
    }
}

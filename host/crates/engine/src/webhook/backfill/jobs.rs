//! When a list is read: every so often, after a start of the server, after a registration was lost, and
//! when a person asks.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use gatehouse_domain::Result;
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::job::Class;
use gatehouse_domain::manifest::webhook::Backfill;
use gatehouse_domain::time::SignedDuration;
use gatehouse_store::Change;
use gatehouse_store::records::EndpointBackfill;
use serde::{Deserialize, Serialize};

use crate::Engine;
use crate::clock::fraction;
use crate::engine::Inner;
use crate::jobs::{Claimed, Handler, NewJob, OnWaiting, Outcome, Tries, Unique, When, payload_of};
use crate::webhook::pace::{jittered, later, share};
use crate::webhook::upkeep::may_be_registered;

/// The kind of the jobs that read a list.
const KIND: &str = "webhook.backfill";

/// Reads the list of an endpoint's events. The engine holds it, so it does not hold the engine.
pub(crate) struct Fill(Weak<Inner>);

/// Whose list.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    tenant: TenantId,
    integration: IntegrationId,
}

/// Begins to watch over an endpoint's events, from the commit of the change on: before it nothing is
/// missing.
pub(in crate::webhook) async fn begin(
    engine: &Engine,
    change: &mut Change,
    tenant: TenantId,
    integration: &Integration,
) -> Result<()> {
    let scope = engine.0.store.tenant(tenant);
    if !may_be_registered(integration) || scope.get::<EndpointBackfill>(&integration.id).await?.is_some() {
        return Ok(());
    }
    let Some(rules) = rules_of(engine, integration).await? else { return Ok(()) };
    let none = EndpointBackfill::none(integration.id, engine.now());
    let next_at = later(engine.now(), every(&rules));
    change.tenant(tenant).put(&EndpointBackfill { next_at, epoch: engine.jobs().epoch(), ..none })
}

/// Has a list read, from the commit of the change on. What comes sooner than what waits takes its place.
pub(in crate::webhook) async fn enqueue(
    engine: &Engine,
    change: &mut Change,
    tenant: TenantId,
    integration: IntegrationId,
    when: When,
) -> Result<()> {
    let on_waiting = if when == When::Now { OnWaiting::Replace } else { OnWaiting::Ignore };
    let job = NewJob {
        tenant: Some(tenant),
        class: Class::Bulk,
        when,
        unique: Some(Unique { key: integration.to_string(), on_waiting }),
        group: Some(format!("webhook.backfill/{integration}")),
        ..NewJob::new(KIND, payload_of(Payload { tenant, integration })?)
    };
    engine.jobs().enqueue(&mut change.admin(), job).await.map(|_| ())
}

/// Has the list of an endpoint's events read where it is due. After a start of the server each is, as
/// nobody was there to be told; they come one by one, and not all at once.
pub(in crate::webhook) async fn look_at(engine: &Engine, tenant: TenantId, integration: &Integration) -> Result<()> {
    if rules_of(engine, integration).await?.is_none() {
        return Ok(());
    }
    let mut change = engine.0.store.change();
    match engine.0.store.tenant(tenant).get::<EndpointBackfill>(&integration.id).await? {
        None => begin(engine, &mut change, tenant, integration).await?,
        Some(kept) if kept.epoch < engine.jobs().epoch() => {
            let pace = SignedDuration::try_from(engine.0.policy.upkeep.0).unwrap_or(SignedDuration::MAX);
            let at = later(engine.now(), share(pace, fraction()));
            enqueue(engine, &mut change, tenant, integration.id, When::At(at)).await?;
        }
        Some(kept) if kept.next_at <= engine.now() => {
            enqueue(engine, &mut change, tenant, integration.id, When::Now).await?;
        }
        Some(_) => {}
    }
    if change.is_empty() { Ok(()) } else { change.commit().await.map(|_| ()) }
}

/// The rules of the version that an integration is pinned to, where it says any.
pub(super) async fn rules_of(engine: &Engine, integration: &Integration) -> Result<Option<Backfill>> {
    Ok(engine.plugin_of(integration).await?.manifest.webhook.and_then(|rules| rules.backfill))
}

/// The pause until the next reading.
pub(super) fn every(rules: &Backfill) -> SignedDuration {
    jittered(SignedDuration::from_secs(rules.every_seconds.into()))
}

impl Fill {
    pub(crate) fn of(engine: &Engine) -> Self {
        Self(Arc::downgrade(&engine.0))
    }
}

#[async_trait]
impl Handler for Fill {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// What the provider did not list is noted with the pause, and the look comes back to it.
    fn tries(&self) -> Tries {
        Tries { most: 5, timeout: SignedDuration::from_mins(5), ..Tries::default() }
    }

    async fn run(&self, job: &Claimed) -> Result<Outcome> {
        let engine = Engine::behind(&self.0)?;
        let Payload { tenant, integration } = job.payload()?;
        engine.fill_gap(job, tenant, integration).await
    }
}

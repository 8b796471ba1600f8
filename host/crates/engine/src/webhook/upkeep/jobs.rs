//! The jobs: one looks which endpoints are due, and one gives an endpoint its turn.

use std::sync::Weak;

use async_trait::async_trait;
use gatehouse_domain::Result;
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::{Integration, IntegrationStatus};
use gatehouse_domain::job::Class;
use gatehouse_domain::time::SignedDuration;
use gatehouse_store::records::EndpointUpkeep;
use gatehouse_store::{Change, Page};
use serde::{Deserialize, Serialize};

use crate::Engine;
use crate::engine::Inner;
use crate::jobs::{Claimed, Handler, NewJob, OnWaiting, Outcome, Tries, Unique, payload_of};
use crate::upkeep::Tenants;
use crate::webhook::backfill;

/// The kind of the jobs that look which endpoints are due.
pub(crate) const KEEP: &str = "webhook.keep";
/// The kind of the jobs that give one its turn.
const REGISTER: &str = "webhook.register";
/// How many records are read at a time.
const BATCH: usize = 200;

/// Looks which endpoints are due. The engine holds it, so it does not hold the engine.
pub(crate) struct Keep(Weak<Inner>);

/// Gives an endpoint its turn. The engine holds it, so it does not hold the engine.
pub(crate) struct Register(Weak<Inner>);

/// Whose turn it is.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    tenant: TenantId,
    integration: IntegrationId,
    /// Whether a person asked for it, also where people look after the endpoint otherwise.
    by_hand: bool,
}

/// Why an endpoint is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// It is time to.
    Due,
    /// Its integration is changed by the same change, which must not lose against a turn that begins
    /// at this moment; so it has a turn of its own behind those that wait.
    Changed,
    /// A person asked for it, which takes the place of what waits.
    ByHand,
}

/// Has an endpoint looked at, from the commit of the change on.
pub(super) async fn enqueue(
    engine: &Engine,
    change: &mut Change,
    tenant: TenantId,
    integration: IntegrationId,
    cause: Cause,
) -> Result<()> {
    let payload = payload_of(Payload { tenant, integration, by_hand: cause == Cause::ByHand })?;
    let on_waiting = match cause {
        Cause::Due => Some(OnWaiting::Ignore),
        Cause::Changed => None,
        Cause::ByHand => Some(OnWaiting::Replace),
    };
    let job = NewJob {
        tenant: Some(tenant),
        class: Class::Normal,
        unique: on_waiting.map(|on_waiting| Unique { key: integration.to_string(), on_waiting }),
        group: Some(group_of(integration)),
        ..NewJob::new(REGISTER, payload)
    };
    engine.jobs().enqueue(&mut change.admin(), job).await.map(|_| ())
}

/// The group of everything that changes an endpoint's registrations: one after the other.
pub(super) fn group_of(integration: IntegrationId) -> String {
    format!("webhook.register/{integration}")
}

impl Keep {
    pub(crate) fn of(engine: &Engine) -> Self {
        Self(std::sync::Arc::downgrade(&engine.0))
    }
}

impl Register {
    pub(crate) fn of(engine: &Engine) -> Self {
        Self(std::sync::Arc::downgrade(&engine.0))
    }
}

#[async_trait]
impl Handler for Keep {
    fn kind(&self) -> &'static str {
        KEEP
    }

    /// The next tick looks again.
    fn tries(&self) -> Tries {
        Tries { most: 3, ..Tries::default() }
    }

    async fn run(&self, job: &Claimed) -> Result<Outcome> {
        let engine = Engine::behind(&self.0)?;
        let mut tenants = Tenants::all();
        while let Some(tenant) = tenants.next(&engine, job).await? {
            look_at(&engine, tenant).await?;
        }
        Ok(Outcome::done(engine.0.store.change()))
    }
}

#[async_trait]
impl Handler for Register {
    fn kind(&self) -> &'static str {
        REGISTER
    }

    /// What the provider did not do is noted with the pause, and the look comes back to it.
    fn tries(&self) -> Tries {
        Tries { most: 5, timeout: SignedDuration::from_mins(5), ..Tries::default() }
    }

    async fn run(&self, job: &Claimed) -> Result<Outcome> {
        let engine = Engine::behind(&self.0)?;
        let Payload { tenant, integration, by_hand } = job.payload()?;
        engine.keep_endpoint(job, tenant, integration, by_hand).await?;
        Ok(Outcome::done(engine.0.store.change()))
    }
}

/// Gives those of a tenant a turn that are due, and has the lists read that are.
async fn look_at(engine: &Engine, tenant: TenantId) -> Result<()> {
    let scope = engine.0.store.tenant(tenant);
    let mut page = Page::first(BATCH);
    loop {
        let found = scope.list::<Integration>(&page).await?;
        for integration in found.items.iter().filter(|one| may_be_registered(one)) {
            if let Err(error) = backfill::look_at(engine, tenant, integration).await {
                tracing::debug!(%error, integration.id = %integration.id, "the list of its events is not looked after");
            }
            let kept = scope.get::<EndpointUpkeep>(&integration.id).await?;
            if kept.is_some_and(|kept| kept.next_at > engine.now()) {
                continue;
            }
            let mut work = engine.own_work(Some(tenant));
            match engine.tend_endpoint(&mut work, tenant, integration, Cause::Due).await {
                // Its plugin can not be read, which others tell of.
                Err(error) => {
                    tracing::debug!(%error, integration.id = %integration.id, "its endpoint is not looked after")
                }
                Ok(()) if work.change().is_empty() => {}
                Ok(()) => work.commit().await?,
            }
        }
        let Some(next) = found.next else { return Ok(()) };
        page.after = Some(next);
    }
}

/// Whether there is an endpoint, and somebody to be at the provider.
pub(in crate::webhook) fn may_be_registered(integration: &Integration) -> bool {
    integration.endpoint.is_some()
        && integration.connected_at.is_some()
        && !matches!(integration.status, IntegrationStatus::Disabled | IntegrationStatus::Expired)
}

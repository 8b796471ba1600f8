//! The jobs of syncs: one begins a run, one carries it on, one erases what a deleted integration
//! leaves. What a run has done stands in its own record, so that a job may be claimed again.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use gatehouse_domain::id::{IntegrationId, RunId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::job::{Class, Job};
use gatehouse_domain::sync::{RunState, SyncRun, Trigger};
use gatehouse_domain::time::SignedDuration;
use gatehouse_domain::{ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::start::Ask;
use crate::Engine;
use crate::engine::Inner;
use crate::jobs::{Claimed, Handler, NewJob, Outcome, Tries, Verdict, When, payload_of};
use crate::work::Work;

/// The kind that begins runs.
pub(super) const BEGIN: &str = "sync.begin";
const RUN: &str = "sync.run";
const ERASE: &str = "sync.erase";

/// How long a run that was asked for waits for the one before it, between two looks.
const BEHIND: SignedDuration = SignedDuration::from_secs(1);
/// The same where that one waits for a person.
const HELD: SignedDuration = SignedDuration::from_secs(60);
/// How long the first of several changes waits for the others.
const GATHER: SignedDuration = SignedDuration::from_millis(300);

/// Begins a run: because its time has come, or because there is something to push.
struct Begin(Weak<Inner>);
/// Carries a run on.
struct CarryOn(Weak<Inner>);
/// Erases what a deleted integration leaves.
struct Erase(Weak<Inner>);

/// Which entity a run is to begin of.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BeginPayload {
    pub(super) tenant: TenantId,
    pub(super) integration: IntegrationId,
    pub(super) entity: String,
    pub(super) trigger: Trigger,
}

#[derive(Debug, Serialize, Deserialize)]
struct RunPayload {
    tenant: TenantId,
    integration: IntegrationId,
    run: RunId,
}

#[derive(Debug, Serialize, Deserialize)]
struct ErasePayload {
    tenant: TenantId,
    integration: IntegrationId,
}

/// Has a run carried on, from the commit of `work` on.
pub(super) async fn enqueue_run(engine: &Engine, work: &mut Work, tenant: TenantId, run: &SyncRun) -> Result<()> {
    let payload = RunPayload { tenant, integration: run.integration, run: run.id };
    let job = NewJob { tenant: Some(tenant), class: Class::Bulk, ..NewJob::new(RUN, payload_of(payload)?) };
    engine.jobs().enqueue(&mut work.admin(), job).await.map(|_| ())
}

/// Has what the host app changed pushed, from the commit of `work` on. Several changes at once
/// become one run: the jobs of an entity go one after the other, and all but the first find
/// nothing left to do.
pub(super) async fn enqueue_push(
    engine: &Engine,
    work: &mut Work,
    tenant: TenantId,
    integration: IntegrationId,
    entity: &str,
) -> Result<()> {
    let payload = BeginPayload { tenant, integration, entity: entity.to_owned(), trigger: Trigger::Manual };
    let job = NewJob {
        tenant: Some(tenant),
        class: Class::Bulk,
        when: When::After(GATHER),
        group: Some(format!("push/{integration}/{entity}")),
        ..NewJob::new(BEGIN, payload_of(payload)?)
    };
    engine.jobs().enqueue(&mut work.admin(), job).await.map(|_| ())
}

/// Has what an integration leaves erased, from the commit of `work` on.
pub(super) async fn enqueue_erase(
    engine: &Engine,
    work: &mut Work,
    tenant: TenantId,
    integration: IntegrationId,
) -> Result<()> {
    let payload = payload_of(ErasePayload { tenant, integration })?;
    let job = NewJob { tenant: Some(tenant), class: Class::Bulk, ..NewJob::new(ERASE, payload) };
    engine.jobs().enqueue(&mut work.admin(), job).await.map(|_| ())
}

/// They are given up by themselves, with a reason that people see.
fn endless() -> Tries {
    Tries { most: u32::MAX, cap: SignedDuration::from_mins(10), ..Tries::default() }
}

impl Begin {
    fn of(engine: &Engine) -> Self {
        Self(Arc::downgrade(&engine.0))
    }
}

impl CarryOn {
    fn of(engine: &Engine) -> Self {
        Self(Arc::downgrade(&engine.0))
    }
}

impl Erase {
    fn of(engine: &Engine) -> Self {
        Self(Arc::downgrade(&engine.0))
    }
}

#[async_trait]
impl Handler for Begin {
    fn kind(&self) -> &'static str {
        BEGIN
    }

    fn tries(&self) -> Tries {
        endless()
    }

    async fn run(&self, job: &Claimed) -> Result<Outcome> {
        Engine::behind(&self.0)?.begin_by_job(job, job.payload()?).await
    }
}

#[async_trait]
impl Handler for CarryOn {
    fn kind(&self) -> &'static str {
        RUN
    }

    fn tries(&self) -> Tries {
        endless()
    }

    /// The version that it runs, so that one which traps again and again is left alone.
    async fn code(&self, job: &Job) -> Option<String> {
        let payload: RunPayload = serde_json::from_value(job.payload.clone()).ok()?;
        let engine = Engine::behind(&self.0).ok()?;
        let stored = engine.0.store.tenant(payload.tenant).get::<Integration>(&payload.integration).await.ok()??;
        Some(format!("{}@{}", stored.plugin.id, stored.plugin.version))
    }

    async fn run(&self, job: &Claimed) -> Result<Outcome> {
        let RunPayload { tenant, integration, run } = job.payload()?;
        Engine::behind(&self.0)?.carry_on(job, tenant, integration, run).await
    }
}

#[async_trait]
impl Handler for Erase {
    fn kind(&self) -> &'static str {
        ERASE
    }

    fn tries(&self) -> Tries {
        endless()
    }

    async fn run(&self, job: &Claimed) -> Result<Outcome> {
        let ErasePayload { tenant, integration } = job.payload()?;
        Engine::behind(&self.0)?.erase_synced(tenant, integration).await?;
        Ok(Verdict::Done.into())
    }
}

impl Engine {
    /// Has the jobs of syncs done here, and lets watchers know when the server stops.
    pub(crate) fn register_syncs(&self, stop: &tokio::sync::watch::Receiver<bool>) {
        self.jobs().register(Arc::new(Begin::of(self)));
        self.jobs().register(Arc::new(CarryOn::of(self)));
        self.jobs().register(Arc::new(Erase::of(self)));
        // A second start of the same engine stops with the first.
        let _ = self.0.watchers.stop.set(stop.clone());
    }

    async fn begin_by_job(&self, job: &Claimed, asked: BeginPayload) -> Result<Outcome> {
        let BeginPayload { tenant, integration, entity, trigger } = asked;
        let Some(stored) = self.0.store.tenant(tenant).get::<Integration>(&integration).await? else {
            return self.begin_no_more(job, integration, &entity).await;
        };
        if !stored.status.takes_calls() || stored.connected_at.is_none() {
            return Ok(Verdict::Done.into());
        }
        let entity = match self.entity(tenant, &stored, &entity).await {
            Ok(entity) if entity.settings.enabled => entity,
            Ok(_) => return Ok(Verdict::Done.into()),
            // The version that it is pinned to now has no such entity.
            Err(error) if error.kind == ErrorKind::NotFound => {
                return self.begin_no_more(job, integration, &entity).await;
            }
            Err(error) => return Err(error),
        };
        let for_push = trigger == Trigger::Manual;
        if for_push && !self.has_pending(tenant, integration, &entity.settings.entity).await? {
            return Ok(Verdict::Done.into());
        }
        let state = self.sync_state(tenant, &stored, &entity.settings.entity).await?;
        if let Some(current) = self.current_run(tenant, state.as_ref().map(|state| &state.record)).await? {
            let pause = if current.state == RunState::Held { HELD } else { BEHIND };
            let later = crate::sync::carry::later(self.now(), pause);
            // A time that comes while a run is under way is served by that run; a change may not be.
            return Ok(if for_push { Outcome::park(later, "a run is under way") } else { Verdict::Done.into() });
        }
        let mut work = self.own_work(Some(tenant));
        job.guard(work.change())?;
        self.begin_run(&mut work, tenant, &stored, &entity, Ask::default(), trigger).await?;
        job.done(work.change())?;
        work.commit().await?;
        Ok(Outcome::settled())
    }

    /// Ends a schedule that has nothing left to begin.
    async fn begin_no_more(&self, job: &Claimed, integration: IntegrationId, entity: &str) -> Result<Outcome> {
        let mut work = self.own_work(job.job.tenant);
        self.unschedule_entity(&mut work, integration, entity).await?;
        job.done(work.change())?;
        work.commit().await?;
        Ok(Outcome::settled())
    }
}

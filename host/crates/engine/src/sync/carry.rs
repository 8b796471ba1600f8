//! A run carried on: step after step until it is over, has to wait, or others take their turn.
//! Each step is one commit under the job's lease, which a worker that lost the job can not make.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gatehouse_domain::id::{IntegrationId, RunId, TenantId};
use gatehouse_domain::integration::{Integration, IntegrationStatus};
use gatehouse_domain::sync::{Phase, RunState, SyncRun, SyncState};
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::{Change, Stored};
use serde_json::{Map, Value};

use super::settings::Entity;
use crate::Engine;
use crate::jobs::{Claimed, Outcome, Signal, Verdict};
use crate::mapping::Program;

/// How long a run is at work before others take their turn.
const TURN: Duration = Duration::from_secs(60);
/// How often a step is tried against other writers of the same records.
pub(super) const TRIES: usize = 8;

/// A run at work, with what it was loaded from.
pub(super) struct Bout<'e> {
    pub(super) engine: &'e Engine,
    pub(super) job: &'e Claimed,
    pub(super) tenant: TenantId,
    pub(super) integration: Integration,
    pub(super) entity: Entity,
    /// The settings in force, where its records pass through anything.
    pub(super) settings: Map<String, Value>,
    /// What its records pass through, and which version that is.
    pub(super) mapping: Option<(u32, Arc<Program>)>,
    pub(super) run: Stored<SyncRun>,
    pub(super) state: Stored<SyncState>,
}

/// What comes after a step.
pub(super) enum Next {
    /// The next step.
    Step,
    /// Nothing until then.
    Wait { until: Timestamp, reason: String },
    /// The gateway's code failed: as to wait, and it counts against the code.
    Fault { code: String, reason: String },
    /// Nothing: the run is over or held.
    Over,
}

impl Engine {
    /// Carries a run on.
    pub(super) async fn carry_on(
        &self,
        job: &Claimed,
        tenant: TenantId,
        integration: IntegrationId,
        run: RunId,
    ) -> Result<Outcome> {
        let turn = Instant::now();
        loop {
            let Some(mut bout) = Bout::load(self, job, tenant, integration, run).await? else {
                return Ok(Verdict::Done.into());
            };
            match job.signal() {
                Signal::Go => {}
                Signal::Cancel => return bout.cancelled("it was cancelled").await,
                Signal::Stop | Signal::Lost => return Ok(Outcome::park(self.now(), "the server stops")),
            }
            if let Some(why) = bout.is_stopped() {
                return bout.cancelled(why).await;
            }
            match bout.step().await? {
                Next::Step if turn.elapsed() < TURN => {}
                Next::Step => return Ok(Outcome::park(self.now(), "others take their turn")),
                Next::Over => return Ok(Verdict::Done.into()),
                Next::Wait { until, reason } => return bout.park(until, reason).await,
                Next::Fault { code, reason } => {
                    let change = bout.waiting(None, &reason).await?;
                    let outcome = Outcome::fault(code, reason);
                    return Ok(match change {
                        Some(change) => outcome.with(change),
                        None => outcome,
                    });
                }
            }
        }
    }
}

impl<'e> Bout<'e> {
    /// Loads a run that is not over. What a deleted integration leaves is erased by a job of its own.
    async fn load(
        engine: &'e Engine,
        job: &'e Claimed,
        tenant: TenantId,
        integration: IntegrationId,
        run: RunId,
    ) -> Result<Option<Self>> {
        let scope = engine.0.store.tenant(tenant);
        let Some(integration) = scope.get::<Integration>(&integration).await? else { return Ok(None) };
        let Some(run) = scope.get::<SyncRun>(&(integration.id, run)).await? else { return Ok(None) };
        if run.record.state.is_over() || run.record.state == RunState::Held {
            return Ok(None);
        }
        let id = (integration.id, run.entity.clone());
        let Some(state) = scope.get::<SyncState>(&id).await? else { return Ok(None) };
        let entity = match engine.entity(tenant, &integration, &run.entity).await {
            Ok(entity) => entity,
            // The version that it is pinned to now has no such entity: the run ends.
            Err(error) if error.kind == ErrorKind::NotFound => Entity::gone(integration.id, &run.entity),
            Err(error) => return Err(error),
        };
        let mapping = engine.mapping_of(tenant, &run).await?;
        let settings = match mapping {
            Some(_) => engine.settings_in_force(tenant, &integration).await?,
            None => Map::new(),
        };
        Ok(Some(Self { engine, job, tenant, integration: integration.record, entity, settings, mapping, run, state }))
    }

    /// The run and the state as they are now, for another try of the same step.
    pub(super) async fn reload(&mut self) -> Result<bool> {
        let scope = self.engine.0.store.tenant(self.tenant);
        let run = scope.get::<SyncRun>(&(self.integration.id, self.run.id)).await?;
        let state = scope.get::<SyncState>(&(self.integration.id, self.run.entity.clone())).await?;
        let (Some(run), Some(state)) = (run, state) else { return Ok(false) };
        (self.run, self.state) = (run, state);
        Ok(!self.run.record.state.is_over())
    }

    async fn step(&mut self) -> Result<Next> {
        match self.run.phase {
            Phase::Pull => self.pull().await,
            Phase::Sweep => self.sweep().await,
            Phase::Push => self.push().await,
        }
    }

    /// Why it must not go on.
    fn is_stopped(&self) -> Option<&'static str> {
        if self.integration.status == IntegrationStatus::Disabled {
            return Some("its integration was switched off");
        }
        (!self.entity.settings.enabled).then_some("the sync of its entity was switched off")
    }

    /// A change that holds only as long as the job is this worker's.
    pub(super) fn change(&self) -> Result<Change> {
        let mut change = self.engine.0.store.change();
        self.job.guard(&mut change)?;
        Ok(change)
    }

    /// Adds the run and the state as they are after a step that took so long.
    pub(super) fn write(&self, change: &mut Change, run: SyncRun, state: &SyncState, busy: Duration) -> Result<()> {
        let now = self.engine.now();
        let run = SyncRun {
            state: RunState::Running,
            reason: None,
            waits_until: None,
            started_at: run.started_at.or(Some(now)),
            updated_at: now,
            mapping: self.mapping.as_ref().map(|(version, _)| *version),
            busy_ms: run.busy_ms + u64::try_from(busy.as_millis()).unwrap_or(u64::MAX),
            ..run
        };
        let mut scope = change.tenant(self.tenant);
        scope.replace(&self.run, &run)?;
        scope.replace(&self.state, state)
    }

    async fn park(self, until: Timestamp, reason: String) -> Result<Outcome> {
        let change = self.waiting(Some(until), &reason).await?;
        let outcome = Outcome::park(until, reason);
        Ok(match change {
            Some(change) => outcome.with(change),
            None => outcome,
        })
    }

    /// The run as one that waits.
    async fn waiting(&self, until: Option<Timestamp>, reason: &str) -> Result<Option<Change>> {
        let id = (self.integration.id, self.run.id);
        let stored = self.engine.0.store.tenant(self.tenant).get::<SyncRun>(&id).await?;
        let Some(stored) = stored.filter(|run| !run.state.is_over()) else { return Ok(None) };
        let mut run = stored.record.clone();
        run.state = RunState::Waiting;
        run.reason = Some(reason.to_owned());
        run.waits_until = until;
        run.updated_at = self.engine.now();
        let mut change = self.engine.0.store.change();
        change.tenant(self.tenant).replace(&stored, &run)?;
        Ok(Some(change))
    }

    async fn cancelled(mut self, why: &str) -> Result<Outcome> {
        self.end(RunState::Cancelled, Some(why.to_owned()), None).await?;
        Ok(Verdict::Done.into())
    }
}

/// A moment after a pause.
pub(super) fn later(now: Timestamp, pause: SignedDuration) -> Timestamp {
    now.saturating_add(pause).unwrap_or(Timestamp::MAX)
}

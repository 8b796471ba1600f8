//! How a run begins: its record, its place as the only one of its entity, and its job, in one commit.

use gatehouse_domain::id::TenantId;
use gatehouse_domain::integration::Integration;
use gatehouse_domain::manifest::{SyncDirection, SyncMode};
use gatehouse_domain::sync::{Counts, Phase, RunMode, RunState, SyncRun, SyncState, Trigger};
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_store::Stored;
use schemars::JsonSchema;
use serde::Deserialize;

use super::job;
use super::runs::RunView;
use super::settings::Entity;
use crate::work::Work;
use crate::{Caller, Engine};

/// A run that is asked for.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewRun")]
pub struct Ask {
    /// What it reads; what the gateway's manifest says where absent.
    #[serde(default)]
    pub mode: Option<RunMode>,
    /// Which ways records travel in it; what the settings say where absent.
    #[serde(default)]
    pub direction: Option<SyncDirection>,
}

impl Engine {
    /// Begins a run of one entity, or of every entity that is switched on. Where one is under way
    /// already, that one is answered.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`]; [`gatehouse_domain::ErrorKind::Conflict`] where
    /// the entity is switched off, or where another sort of run than the one asked for is under way.
    pub async fn start_sync(&self, by: &Caller, target: &str, entity: Option<&str>, ask: Ask) -> Result<Vec<RunView>> {
        let tenant = by.tenant()?;
        let integration = self.integration(by, target).await?.record;
        if !integration.status.takes_calls() {
            let status = serde_json::to_value(integration.status).unwrap_or_default();
            let message =
                format!("the integration `{}` is {status} and takes no calls; put that right first", integration.id);
            return Err(Error::conflict(message));
        }
        let entities = match entity {
            Some(name) => vec![must_be_on(self.entity(tenant, &integration, name).await?)?],
            None => self.entities(tenant, &integration).await?.into_iter().filter(|one| one.settings.enabled).collect(),
        };
        let mut work = self.work(by);
        let mut runs = Vec::new();
        for entity in entities {
            if ask.direction.is_some_and(|wanted| !entity.rules.direction.covers(wanted)) {
                let can = entity.rules.direction.name();
                let problem = Problem::at("$.direction", format!("`{}` can {can}", entity.settings.entity));
                return Err(Error::problems("the gateway can not do this", vec![problem]));
            }
            runs.push(self.begin_run(&mut work, tenant, &integration, &entity, ask, Trigger::Manual).await?);
        }
        work.commit().await?;
        Ok(runs.into_iter().map(RunView::from).collect())
    }

    /// Makes a run part of a work, or answers the one that is under way.
    pub(super) async fn begin_run(
        &self,
        work: &mut Work,
        tenant: TenantId,
        integration: &Integration,
        entity: &Entity,
        ask: Ask,
        trigger: Trigger,
    ) -> Result<SyncRun> {
        let name = &entity.settings.entity;
        let stored = self.sync_state(tenant, integration, name).await?;
        if let Some(current) = self.current_run(tenant, stored.as_ref().map(|stored| &stored.record)).await? {
            return joined(current, ask);
        }
        let before = match &stored {
            Some(stored) => stored.record.clone(),
            None => SyncState::new(integration.id, name),
        };
        let mapping = self.mapping_in_use(tenant, integration.id, name).await?.map(|mapping| mapping.version);
        let run = SyncRun { mapping, ..self.new_run(entity, &before, ask, trigger)? };
        let state = SyncState { current: Some(run.id), ..before };
        match &stored {
            Some(stored) => work.tenant(tenant).replace(stored, &state)?,
            None => work.tenant(tenant).create(&state)?,
        }
        work.tenant(tenant).create(&run)?;
        job::enqueue_run(self, work, tenant, &run).await?;
        Ok(run)
    }

    pub(super) async fn sync_state(
        &self,
        tenant: TenantId,
        integration: &Integration,
        entity: &str,
    ) -> Result<Option<Stored<SyncState>>> {
        self.0.store.tenant(tenant).get::<SyncState>(&(integration.id, entity.to_owned())).await
    }

    /// The run that is under way or held.
    pub(super) async fn current_run(&self, tenant: TenantId, state: Option<&SyncState>) -> Result<Option<SyncRun>> {
        let Some((state, current)) = state.and_then(|state| Some((state, state.current?))) else { return Ok(None) };
        let run = self.0.store.tenant(tenant).get::<SyncRun>(&(state.integration, current)).await?;
        Ok(run.map(|run| run.record).filter(|run| !run.state.is_over()))
    }

    fn new_run(&self, entity: &Entity, state: &SyncState, ask: Ask, trigger: Trigger) -> Result<SyncRun> {
        let direction = ask.direction.unwrap_or(entity.settings.direction);
        let usual = if entity.rules.mode == SyncMode::Incremental { RunMode::Incremental } else { RunMode::Full };
        let mut mode = ask.mode.unwrap_or(usual);
        // Without a mark, or without a gateway that can go on from one, all there is is everything.
        if mode == RunMode::Incremental && (state.mark.is_none() || usual == RunMode::Full) {
            mode = RunMode::Full;
        }
        let cursor = state.mark.clone().filter(|_| mode == RunMode::Incremental);
        Ok(SyncRun {
            id: self.new_id()?,
            integration: entity.settings.integration,
            entity: entity.settings.entity.clone(),
            mode,
            direction,
            trigger,
            state: RunState::Queued,
            reason: None,
            waits_until: None,
            phase: if direction.pulls() { Phase::Pull } else { Phase::Push },
            from_start: cursor.is_none(),
            cursor,
            mark: None,
            read_all: false,
            complete: false,
            pull_began_at: None,
            mapping: None,
            pages: 0,
            counts: Counts::default(),
            known_before: state.known,
            missing: None,
            approved: false,
            rounds: 0,
            failures: 0,
            created_at: self.now(),
            started_at: None,
            updated_at: self.now(),
            finished_at: None,
            busy_ms: 0,
        })
    }
}

fn must_be_on(entity: Entity) -> Result<Entity> {
    if entity.settings.enabled {
        return Ok(entity);
    }
    let message =
        format!("the sync of `{}` is switched off; PUT …/sync/settings switches it on", entity.settings.entity);
    Err(Error::conflict(message))
}

/// The run that is under way does, unless another sort was asked for.
fn joined(current: SyncRun, ask: Ask) -> Result<SyncRun> {
    // One that reads everything reads what has changed, too.
    let same_mode = ask.mode.is_none_or(|mode| mode == current.mode || mode == RunMode::Incremental);
    let same_direction = ask.direction.is_none_or(|direction| direction == current.direction);
    if same_mode && same_direction && current.state != RunState::Held {
        return Ok(current);
    }
    let what = if current.state == RunState::Held {
        "waits for a decision: POST …/approve or …/discard"
    } else {
        "is under way: wait for its end"
    };
    Err(Error::conflict(format!("the run `{}` of `{}` {what}", current.id, current.entity)))
}

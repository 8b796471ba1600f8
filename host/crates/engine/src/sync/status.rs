//! How the sync of each entity stands, at one glance.

use gatehouse_domain::Result;
use gatehouse_domain::manifest::SyncDirection;
use gatehouse_domain::sync::{SyncRun, SyncState};
use gatehouse_domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::runs::RunView;
use crate::{Caller, Engine};

/// How the sync of an entity stands.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EntityStatus {
    /// The entity.
    pub entity: String,
    /// Whether it is synchronised at all.
    pub enabled: bool,
    /// Which ways records travel.
    pub direction: SyncDirection,
    /// The run that is under way or held.
    pub current: Option<RunView>,
    /// The last run that ended, as long as it is kept.
    pub last_run: Option<RunView>,
    /// When a run last ended well.
    #[schemars(with = "Option<String>")]
    pub last_success_at: Option<Timestamp>,
    /// When the next run begins by itself.
    #[schemars(with = "Option<String>")]
    pub next_run_at: Option<Timestamp>,
    /// How old the mark is from which the next incremental run goes on, in seconds.
    pub cursor_age_seconds: Option<u64>,
    /// How many records are known and not deleted.
    pub records: u64,
    /// How many runs have ended.
    pub runs: u64,
    /// The share of those that ended well, from 0 to 1.
    pub success_rate: Option<f64>,
    /// How long they took on average, from their start to their end, in milliseconds.
    pub mean_ms: Option<u64>,
}

impl Engine {
    /// How the sync of each entity of an integration stands, by name.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`]; [`gatehouse_domain::ErrorKind::Conflict`] where
    /// its gateway has no sync.
    pub async fn sync_status(&self, by: &Caller, target: &str) -> Result<Vec<EntityStatus>> {
        let tenant = by.tenant()?;
        let integration = self.integration(by, target).await?.record;
        let scope = self.0.store.tenant(tenant);
        let mut all = Vec::new();
        for entity in self.entities(tenant, &integration).await? {
            let name = entity.settings.entity.clone();
            let state = self.sync_state(tenant, &integration, &name).await?.map(|state| state.record);
            let state = state.unwrap_or_else(|| SyncState::new(integration.id, &name));
            let last_run = match state.last_run {
                Some(run) => scope.get::<SyncRun>(&(integration.id, run)).await?.map(|run| run.record.into()),
                None => None,
            };
            let age = state.mark_at.map(|at| self.now().duration_since(at).as_secs());
            all.push(EntityStatus {
                enabled: entity.settings.enabled,
                direction: entity.settings.direction,
                current: self.current_run(tenant, Some(&state)).await?.map(RunView::from),
                last_run,
                last_success_at: state.last_success_at,
                next_run_at: self.schedule_of(integration.id, &name).await?.map(|schedule| schedule.next_at),
                cursor_age_seconds: age.and_then(|age| u64::try_from(age).ok()),
                records: state.known,
                runs: state.runs,
                success_rate: (state.runs > 0).then(|| state.succeeded as f64 / state.runs as f64),
                mean_ms: state.total_ms.checked_div(state.runs),
                entity: name,
            });
        }
        Ok(all)
    }
}

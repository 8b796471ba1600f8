//! The end of a run: its record, the statistics of its entity and of its integration, and the
//! event that tells of it, in one commit.

use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::status::Signal;
use gatehouse_domain::integration::{Integration, IntegrationStatus, SyncStats};
use gatehouse_domain::sync::{RunState, SyncRun, SyncState};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::Page;
use serde_json::json;

use super::carry::{Bout, Next, TRIES};
use super::pull::gone;
use crate::Engine;
use crate::work::Work;

impl Bout<'_> {
    /// Ends the run.
    pub(super) async fn end(
        &mut self,
        state: RunState,
        reason: Option<String>,
        signal: Option<Signal>,
    ) -> Result<Next> {
        for _ in 0..TRIES {
            let mut work = self.engine.own_work(Some(self.tenant));
            self.job.guard(work.change())?;
            let run = ended(&self.run.record, state, reason.clone(), self.engine.now());
            let next = after(&self.state.record, &run);
            work.tenant(self.tenant).replace(&self.run, &run)?;
            work.tenant(self.tenant).replace(&self.state, &next)?;
            self.engine.note_sync(&mut work, self.tenant, &run, &next, signal).await?;
            match work.commit().await {
                Err(error) if error.kind == ErrorKind::Conflict => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    self.engine.0.metrics.syncs.ended(&self.integration.provider, &run);
                    tracing::info!(sync.run = %run.id, entity = run.entity, state = ?run.state, reason = run.reason, "a sync ended");
                    self.forget_seen().await?;
                    return Ok(Next::Over);
                }
            }
            if !self.reload().await? {
                return Ok(Next::Over);
            }
        }
        Err(gone())
    }
}

impl Engine {
    /// Writes what a run's end says of its integration, and tells of it.
    pub(super) async fn note_sync(
        &self,
        work: &mut Work,
        tenant: TenantId,
        run: &SyncRun,
        state: &SyncState,
        signal: Option<Signal>,
    ) -> Result<()> {
        let Some(stored) = self.0.store.tenant(tenant).get::<Integration>(&run.integration).await? else {
            return Ok(());
        };
        let mut next = stored.record.clone();
        let now = self.now();
        let others = self.known_of_others(tenant, run.integration, &run.entity).await?;
        next.health.last_synced_at = Some(now);
        next.health.sync = SyncStats {
            total_records: others + state.known,
            last_sync_count: state.last_count,
            failed_sync_count: state.last_failed,
        };
        if run.state == RunState::Failed {
            next.health.last_error_at = Some(now);
            next.health.last_error.clone_from(&run.reason);
        } else if run.state == RunState::Succeeded {
            next.health.last_success_at = Some(now);
        }
        // Where a call may show that it works again, this one did.
        let worked = run.state == RunState::Succeeded && next.status == IntegrationStatus::Error;
        if let Some(signal) = signal.or(worked.then_some(Signal::Worked)) {
            next.status = next.status.after(signal);
        }
        work.tenant(tenant).replace(&stored, &next)?;
        if next.status != stored.status {
            work.audit("integration.moved", next.id, Some(&stored.record), Some(&next))?;
        }
        work.tell_of_move(tenant, &stored, &next)?;
        let kind = match run.state {
            RunState::Failed => "sync.failed",
            RunState::Cancelled => return Ok(()),
            _ => "sync.finished",
        };
        let data = json!({
            "run": run.id, "entity": run.entity, "state": run.state, "mode": run.mode,
            "counts": run.counts, "reason": run.reason,
        });
        work.event(tenant, kind, Some(&next), run.id, data)
    }

    /// How many records are known of the other entities of an integration.
    async fn known_of_others(&self, tenant: TenantId, integration: IntegrationId, entity: &str) -> Result<u64> {
        let scope = self.0.store.tenant(tenant);
        let states = scope.list_under::<SyncState>(&integration.to_bytes(), &Page::first(1_000)).await?;
        Ok(states.items.iter().filter(|state| state.entity != entity).map(|state| state.known).sum())
    }
}

/// The run as it is once it has ended.
pub(super) fn ended(run: &SyncRun, state: RunState, reason: Option<String>, now: Timestamp) -> SyncRun {
    SyncRun { state, reason, waits_until: None, updated_at: now, finished_at: Some(now), ..run.clone() }
}

/// The state of its entity after a run.
pub(super) fn after(state: &SyncState, run: &SyncRun) -> SyncState {
    let finished = run.finished_at.unwrap_or(run.updated_at);
    let took = finished.duration_since(run.started_at.unwrap_or(run.created_at));
    let well = matches!(run.state, RunState::Succeeded | RunState::Discarded);
    SyncState {
        current: None,
        last_run: Some(run.id),
        last_success_at: if well { Some(finished) } else { state.last_success_at },
        runs: state.runs + 1,
        succeeded: state.succeeded + u64::from(well),
        total_ms: state.total_ms + u64::try_from(took.as_millis()).unwrap_or_default(),
        last_count: run.counts.read + run.counts.pushed,
        last_failed: run.counts.failed,
        ..state.clone()
    }
}

//! Runs and the log as people see them, and what people decide about a run that is held.

use gatehouse_domain::id::{RunId, TenantId};
use gatehouse_domain::sync::{LogOutcome, RunState, SyncLog, SyncRun, SyncState};
use gatehouse_domain::{Error, Result};
use gatehouse_store::{Cursor, Page, Paged, Stored};
use schemars::JsonSchema;
use serde::Serialize;

use super::end::{after, ended};
use super::job;
use crate::{Caller, Engine};

/// How many rows of the log one request looks at: a filter that fits few must not read it whole.
const LOOKED_AT: usize = 2_000;

/// A run with how it gets on.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RunView {
    /// The run.
    #[serde(flatten)]
    pub run: SyncRun,
    /// How it gets on.
    pub progress: Progress,
}

/// How a run gets on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "RunProgress")]
pub struct Progress {
    /// Records read and changes pushed so far.
    pub records: u64,
    /// Pages read so far.
    pub pages: u64,
    /// Records in a second while it was at work; absent before there is anything to tell.
    pub per_second: Option<f64>,
    /// How long it takes still, in seconds, where that can be guessed from what was known before.
    pub eta_seconds: Option<u64>,
}

/// Which rows of the log to read; what is absent does not matter.
#[derive(Debug, Clone, Default)]
pub struct LogFilter {
    /// Of this entity.
    pub entity: Option<String>,
    /// Of this run.
    pub run: Option<RunId>,
    /// With this outcome.
    pub outcome: Option<LogOutcome>,
}

impl Engine {
    /// The runs of an integration, newest first.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`]; [`gatehouse_domain::ErrorKind::Invalid`] for a
    /// cursor of another list.
    pub async fn sync_runs(&self, by: &Caller, target: &str, page: &Page) -> Result<Paged<RunView>> {
        let integration = self.integration(by, target).await?.id;
        let page = Page { reverse: true, ..page.clone() };
        let scope = self.0.store.tenant(by.tenant()?);
        let found = scope.list_under::<SyncRun>(&integration.to_bytes(), &page).await?;
        Ok(Paged { items: found.items.into_iter().map(RunView::from).collect(), next: found.next })
    }

    /// One run.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn sync_run(&self, by: &Caller, target: &str, run: RunId) -> Result<RunView> {
        Ok(self.stored_run(by, target, run).await?.record.into())
    }

    /// Rows of the log of an integration, newest first. A page may be short although there are
    /// more: it is over where there is no cursor.
    ///
    /// # Errors
    /// As [`Engine::sync_runs`].
    pub async fn sync_logs(
        &self,
        by: &Caller,
        target: &str,
        filter: &LogFilter,
        page: &Page,
    ) -> Result<Paged<SyncLog>> {
        let part = self.integration(by, target).await?.id.to_bytes();
        let scope = self.0.store.tenant(by.tenant()?);
        let (mut items, mut next, mut looked_at): (Vec<SyncLog>, Option<Cursor>, usize) =
            (Vec::new(), page.after.clone(), 0);
        loop {
            let limit = page.limit.saturating_sub(items.len()).max(1);
            let found = scope.entries_under::<SyncLog>(&part, &Page { after: next, limit, reverse: true }).await?;
            looked_at += found.items.len();
            items.extend(found.items.into_iter().map(|row| row.entry).filter(|row| filter.fits(row)));
            next = found.next;
            if next.is_none() || items.len() >= page.limit || looked_at >= LOOKED_AT {
                return Ok(Paged { items, next });
            }
        }
    }

    /// Lets a held run delete what it found missing.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`]; [`gatehouse_domain::ErrorKind::Conflict`] for a
    /// run that is not held.
    pub async fn approve_sync(&self, by: &Caller, target: &str, run: RunId) -> Result<RunView> {
        let stored = held(self.stored_run(by, target, run).await?)?;
        let tenant = by.tenant()?;
        let next = SyncRun {
            state: RunState::Queued,
            reason: None,
            approved: true,
            updated_at: self.now(),
            ..stored.record.clone()
        };
        let mut work = self.work(by);
        work.tenant(tenant).replace(&stored, &next)?;
        job::enqueue_run(self, &mut work, tenant, &next).await?;
        work.audit("sync.approved", next.id, Some(&stored.record), Some(&next))?;
        work.commit().await?;
        Ok(next.into())
    }

    /// Ends a held run without deleting anything.
    ///
    /// # Errors
    /// As [`Engine::approve_sync`].
    pub async fn discard_sync(&self, by: &Caller, target: &str, run: RunId) -> Result<RunView> {
        let stored = held(self.stored_run(by, target, run).await?)?;
        let tenant = by.tenant()?;
        let reason = Some("a person decided that nothing is deleted".to_owned());
        let next = ended(&stored.record, RunState::Discarded, reason, self.now());
        let mut work = self.work(by);
        work.tenant(tenant).replace(&stored, &next)?;
        if let Some(state) = self.state_of(tenant, &next).await? {
            let now = after(&state.record, &next);
            work.tenant(tenant).replace(&state, &now)?;
            self.note_sync(&mut work, tenant, &next, &now, None).await?;
        }
        work.audit("sync.discarded", next.id, Some(&stored.record), Some(&next))?;
        work.commit().await?;
        Ok(next.into())
    }

    pub(super) async fn stored_run(&self, by: &Caller, target: &str, run: RunId) -> Result<Stored<SyncRun>> {
        let integration = self.integration(by, target).await?.id;
        let stored = self.0.store.tenant(by.tenant()?).get::<SyncRun>(&(integration, run)).await?;
        stored.ok_or_else(|| Error::not_found("run", run))
    }

    async fn state_of(&self, tenant: TenantId, run: &SyncRun) -> Result<Option<Stored<SyncState>>> {
        self.0.store.tenant(tenant).get::<SyncState>(&(run.integration, run.entity.clone())).await
    }
}

fn held(stored: Stored<SyncRun>) -> Result<Stored<SyncRun>> {
    if stored.state == RunState::Held {
        return Ok(stored);
    }
    Err(Error::conflict(format!("the run `{}` is not held; there is nothing to decide", stored.id)))
}

impl LogFilter {
    fn fits(&self, row: &SyncLog) -> bool {
        self.entity.as_ref().is_none_or(|entity| *entity == row.entity)
            && self.run.is_none_or(|run| run == row.run)
            && self.outcome.is_none_or(|outcome| outcome == row.outcome)
    }
}

impl From<SyncRun> for RunView {
    fn from(run: SyncRun) -> Self {
        let progress = Progress::of(&run);
        Self { run, progress }
    }
}

impl Progress {
    fn of(run: &SyncRun) -> Self {
        let records = run.counts.read + run.counts.pushed;
        let per_second = (run.busy_ms > 0 && records > 0).then(|| records as f64 * 1_000.0 / run.busy_ms as f64);
        let left = run.known_before.saturating_sub(run.counts.read);
        let guessable = run.from_start && !run.read_all && !run.state.is_over() && run.known_before > 0;
        let eta_seconds = per_second.filter(|_| guessable).map(|rate| (left as f64 / rate).ceil() as u64);
        Self { records, pages: run.pages, per_second, eta_seconds }
    }
}

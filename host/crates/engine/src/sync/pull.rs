//! Pulling: one step is one page, from the call of the gateway to the commit of its records.

use std::time::Instant;

use gatehouse_domain::guest::GuestErrorKind;
use gatehouse_domain::sync::{RunState, SyncRun, SyncState};
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_runtime::{Answer, Target};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::call::Called;
use super::carry::{Bout, Next};

/// A page as the gateway writes it: `gatehouse:plugin/sync.page`.
#[derive(Debug, Deserialize)]
pub(super) struct PageIn {
    pub(super) records: Vec<RecordIn>,
    pub(super) cursor: Option<String>,
    pub(super) complete: bool,
}

/// A record as the gateway writes it: `gatehouse:plugin/sync.record-data`.
#[derive(Debug, Deserialize)]
pub(super) struct RecordIn {
    pub(super) id: String,
    pub(super) updated_at_ms: Option<u64>,
    pub(super) deleted: bool,
    pub(super) data: Map<String, Value>,
}

impl Bout<'_> {
    /// Reads the next page and stores it with how far the run has got.
    pub(super) async fn pull(&mut self) -> Result<Next> {
        let started = Instant::now();
        let begun = self.run.pull_began_at.is_some();
        if !begun {
            self.begin_pull().await?;
        }
        let mut gateway = match self.prepare().await? {
            Ok(gateway) => gateway,
            Err(next) => return Ok(next),
        };
        let (entity, cursor) = (self.run.entity.clone(), self.run.cursor.clone());
        let target = Target::SyncPull { entity, cursor, limit: self.entity.settings.limit };
        let key = format!("{}-{}", self.run.id, self.run.pages);
        let report = match self.call(&mut gateway, target, key).await? {
            Called::Made(report) => report,
            Called::Not(next) => return Ok(next),
        };
        match report.answer {
            Answer::Ok(page) => match serde_json::from_value::<PageIn>(page) {
                Ok(page) => self.take(page, started, report.cost.wall_us).await,
                Err(error) => {
                    let reason = format!("the gateway's page does not read: {error}");
                    self.end(RunState::Failed, Some(reason), None).await
                }
            },
            Answer::Refused(error) if self.is_too_old(error.kind) => self.begin_anew(&error.message).await,
            answer => self.failed(answer).await,
        }
    }

    /// Notes when the pull began, and forgets what an earlier run has seen.
    async fn begin_pull(&mut self) -> Result<()> {
        self.forget_seen().await?;
        let run = SyncRun { pull_began_at: Some(self.engine.now()), ..self.run.record.clone() };
        self.keep(run, self.state.record.clone()).await
    }

    /// Whether a refusal can mean that the provider no longer knows the mark. Such marks expire.
    fn is_too_old(&self, kind: GuestErrorKind) -> bool {
        let says_so = matches!(kind, GuestErrorKind::InvalidInput | GuestErrorKind::NotFound);
        says_so && !self.run.from_start && self.run.cursor == self.state.mark
    }

    /// Forgets the mark and reads everything.
    async fn begin_anew(&mut self, why: &str) -> Result<Next> {
        tracing::info!(sync.run = %self.run.id, why, "the provider no longer takes the cursor; everything is read");
        let run = SyncRun { cursor: None, mark: None, from_start: true, ..self.run.record.clone() };
        let state = SyncState { mark: None, mark_at: None, ..self.state.record.clone() };
        self.keep(run, state).await?;
        Ok(Next::Step)
    }

    /// Commits the run and the state and loads them again.
    pub(super) async fn keep(&mut self, run: SyncRun, state: SyncState) -> Result<()> {
        let mut change = self.change()?;
        self.write(&mut change, run, &state, std::time::Duration::ZERO)?;
        change.commit().await?;
        if self.reload().await? { Ok(()) } else { Err(gone()) }
    }
}

/// The error for a run that vanished while it was at work.
pub(super) fn gone() -> gatehouse_domain::Error {
    gatehouse_domain::Error::new(ErrorKind::Conflict, "the run was ended or erased meanwhile")
}

//! Taking a batch back: in one commit every call that is not begun loses what it carries, without
//! which none is begun. Those that run are asked to end.

use gatehouse_domain::batch::Batch;
use gatehouse_domain::execution::{Execution, Outcome};
use gatehouse_domain::id::{BatchId, TenantId};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::records::QueuedCall;

use super::drive::new_job;
use super::standing::{Standing, counts};
use crate::work::Work;
use crate::{Caller, Engine};

/// How often it is tried again that lost against a call's beginning.
const RETRIES: usize = 32;

impl Engine {
    /// Takes back the calls of a batch that are not begun, and asks those that run to end. Doing it
    /// twice does nothing more.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`] for a batch that is finished.
    pub async fn cancel_batch(&self, by: &Caller, id: BatchId) -> Result<Batch> {
        let tenant = by.tenant()?;
        for _ in 0..RETRIES {
            let stored = self.stored_batch(by, id).await?;
            if stored.cancelled_at.is_some() {
                return Ok(stored.record);
            }
            if stored.finished_at.is_some() {
                return Err(Error::conflict(format!("the batch `{id}` is finished; there is nothing to cancel")));
            }
            let mut standings = self.standings(tenant, id).await?;
            let mut work = self.work(by);
            self.take_back_items(&mut work, tenant, &mut standings).await?;
            let counts = counts(&standings);
            let next = Batch { cancelled_at: Some(self.now()), counts, ..stored.record.clone() };
            work.tenant(tenant).replace(&stored, &next)?;
            // So that its end is noticed at once, whatever it waited for.
            self.jobs().enqueue(&mut work.admin(), new_job(tenant, id)?).await?;
            work.audit("batch.cancelled", id, Some(&stored.record), Some(&next))?;
            match work.commit_now().await {
                Err(error) if error.kind == ErrorKind::Conflict => continue,
                committed => committed?,
            }
            for standing in standings.iter().filter(|standing| standing.outcome == Outcome::Running) {
                self.0.running.cancel(standing.item.execution);
            }
            return Ok(next);
        }
        Err(Error::conflict(format!("the batch `{id}` changes too fast to be cancelled; retry")).retry_after(1_000))
    }

    /// Adds to a work that the calls which are not begun never will be.
    pub(super) async fn take_back_items(
        &self,
        work: &mut Work,
        tenant: TenantId,
        standings: &mut [Standing],
    ) -> Result<()> {
        for standing in standings.iter_mut().filter(|standing| standing.outcome == Outcome::Queued) {
            let id = standing.item.execution;
            standing.outcome = Outcome::Cancelled;
            match self.0.store.tenant(tenant).get::<Execution>(&id).await? {
                None => work.tenant(tenant).delete::<QueuedCall>(&id)?,
                // Begun before, and to be begun again.
                Some(stored) if stored.outcome == Outcome::Queued => {
                    let finished_at = Some(self.now());
                    let next = Execution { outcome: Outcome::Cancelled, finished_at, ..stored.record.clone() };
                    work.tenant(tenant).replace(&stored, &next)?;
                    self.close_deferred(work, &next)?;
                }
                Some(stored) => standing.outcome = stored.outcome,
            }
        }
        Ok(())
    }
}

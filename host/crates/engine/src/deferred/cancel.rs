//! Taking a call back: one that has not begun never will; one that runs is ended as soon as it
//! can be, and its record tells the truth about what it had done by then.

use gatehouse_domain::execution::{Execution, Outcome};
use gatehouse_domain::id::ExecutionId;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::Stored;

use crate::metrics::outcome;
use crate::narrow::Lens;
use crate::{Caller, Engine};

/// How often it is tried again that lost against the call's beginning or end.
const RETRIES: usize = 32;

impl Engine {
    /// Takes a call back. The answer is its record: cancelled where it had not begun; still running
    /// where it had, and then its outcome follows. Doing it twice does nothing more.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`], naming the outcome, for one that has ended.
    pub async fn cancel_execution(&self, by: &Caller, id: ExecutionId) -> Result<Execution> {
        let tenant = by.tenant()?;
        for _ in 0..RETRIES {
            let stored = self.0.store.tenant(tenant).get::<Execution>(&id).await?;
            let stored = stored.ok_or_else(|| Error::not_found("execution", id))?;
            if !Lens::new(self, by).sees(&stored.record).await? {
                return Err(Error::not_found("execution", id));
            }
            match stored.outcome {
                Outcome::Cancelled => return Ok(stored.record),
                Outcome::Running => {
                    self.0.running.cancel(id);
                    return Ok(stored.record);
                }
                Outcome::Queued => match self.take_back(by, &stored).await {
                    Err(error) if error.kind == ErrorKind::Conflict => {}
                    taken => return taken,
                },
                ended => {
                    let ended = outcome(ended);
                    let message = format!("the execution `{id}` has ended as {ended}; there is nothing to cancel");
                    return Err(Error::conflict(message));
                }
            }
        }
        Err(Error::conflict(format!("the execution `{id}` changes too fast to be cancelled; retry")).retry_after(1_000))
    }

    /// Ends a call that is not begun, with its job, in one commit. Of this and the call's
    /// beginning one prevails, as both replace the same version of its record.
    async fn take_back(&self, by: &Caller, stored: &Stored<Execution>) -> Result<Execution> {
        let next = Execution { outcome: Outcome::Cancelled, finished_at: Some(self.now()), ..stored.record.clone() };
        let mut work = self.work(by);
        work.tenant(next.tenant).replace(stored, &next)?;
        if let Some(job) = next.deferred.as_ref().and_then(|deferred| deferred.job) {
            self.jobs().remove_waiting(&mut work.admin(), job).await?;
        }
        self.close_deferred(&mut work, &next)?;
        work.audit("execution.cancelled", next.id, Some(&stored.record), Some(&next))?;
        work.commit_now().await?;
        Ok(next)
    }
}

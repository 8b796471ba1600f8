//! One try of one job: runs its handler in a task of its own, which is told to end but never
//! dropped, and settles what comes of it.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use gatehouse_domain::Result;
use gatehouse_domain::time::SignedDuration;

use super::handler::{Claimed, Handler, Outcome, Signal, Verdict};
use super::settle::Settled;
use super::{Jobs, after};

/// How long a handler that was told to stop may take before its job is taken from it.
const GRACE: Duration = Duration::from_secs(30);
/// How long a job waits that nobody here can do.
const NOBODY: SignedDuration = SignedDuration::from_mins(1);

impl Jobs {
    /// Does a claimed job and settles it.
    ///
    /// # Errors
    /// Whatever the store says when it is settled.
    pub(super) async fn work(&self, claimed: Claimed) -> Result<Settled> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner).insert(claimed.job.id, claimed.clone());
        let _leaves = Leaves { jobs: self, claimed: &claimed };
        let began = Instant::now();
        let outcome = self.attempt(&claimed).await;
        let settled = self.settle(&claimed, outcome).await?;
        self.count_turn(&claimed.job.kind, &settled, began.elapsed());
        if settled == Settled::Lost {
            tracing::warn!(job.id = %claimed.job.id, job.kind = claimed.job.kind, "a job was settled by another worker");
            claimed.tell(Signal::Lost);
        }
        Ok(settled)
    }

    /// Of a kind that nobody here does, nothing is counted: its name is not one of the program's.
    fn count_turn(&self, kind: &str, settled: &Settled, took: Duration) {
        let (Some(metrics), Some(handler)) = (self.0.metrics.get(), self.handler(kind)) else { return };
        metrics.jobs.finished(handler.kind(), settled.word(), took);
    }

    async fn attempt(&self, claimed: &Claimed) -> Outcome {
        let kind = &claimed.job.kind;
        let Some(handler) = self.handler(kind) else {
            return Outcome::park(after(self.now(), NOBODY), format!("nothing here does `{kind}` jobs"));
        };
        match self.parked_by_faults(&claimed.job).await {
            Ok(None) => run(handler, claimed).await,
            Ok(Some(verdict)) => verdict.into(),
            Err(error) => error.into(),
        }
    }
}

/// Runs a handler up to its timeout, and then up to the end of its grace.
async fn run(handler: Arc<dyn Handler>, claimed: &Claimed) -> Outcome {
    let timeout = Duration::try_from(handler.tries().timeout).unwrap_or_default();
    let given = claimed.clone();
    let mut task = tokio::spawn(async move { handler.run(&given).await });
    let ended = match tokio::time::timeout(timeout, &mut task).await {
        Ok(ended) => ended,
        Err(_) => {
            claimed.tell(Signal::Stop);
            match tokio::time::timeout(GRACE, &mut task).await {
                Ok(ended) => ended,
                // It goes on, and finds its lease gone.
                Err(_) => return Outcome::retry(format!("the try took longer than {} s", timeout.as_secs())),
            }
        }
    };
    match ended {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => {
            tracing::info!(%error, job.id = %claimed.job.id, job.kind = claimed.job.kind, "a try of a job failed");
            error.into()
        }
        Err(_) => Verdict::Retry { reason: "the handler panicked; the log says where".to_owned(), after: None }.into(),
    }
}

/// Takes the job off the list of those that run here, however its try ends.
struct Leaves<'j> {
    jobs: &'j Jobs,
    claimed: &'j Claimed,
}

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        let mut running = self.jobs.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        // A later claim of the same job may run here by now.
        let own = running.get(&self.claimed.job.id).is_some_and(|other| other.job.fence == self.claimed.job.fence);
        if own {
            running.remove(&self.claimed.job.id);
        }
    }
}

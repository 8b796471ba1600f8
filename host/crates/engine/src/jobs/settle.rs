//! The end of a try. Every commit here checks the lease: of two workers that both believe they
//! have a job, one commits.

use gatehouse_domain::job::{Job, JobState};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::records::JobLease;
use gatehouse_store::{Change, Stored};

use super::handler::{Claimed, Outcome, Verdict};
use super::{Jobs, after, place};

/// How often settling is tried again that lost against a cancellation.
const RETRIES: usize = 32;

/// What became of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It is done.
    Done,
    /// It is tried again.
    Waiting {
        /// When.
        until: Timestamp,
    },
    /// It was given up.
    Dead,
    /// It was cancelled.
    Cancelled,
    /// Another worker has it; nothing was stored.
    Lost,
}

impl Settled {
    /// Its name among the metrics.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Waiting { .. } => "waiting",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }
}

impl Jobs {
    /// Stores what became of a try, with the change that came with it, or nothing of both.
    ///
    /// # Errors
    /// Whatever the store says. The lease then still exists, and runs out.
    pub async fn settle(&self, claimed: &Claimed, outcome: Outcome) -> Result<Settled> {
        let settled = match outcome.verdict {
            Verdict::Settled => self.settled_by_handler(claimed).await,
            Verdict::Done => self.finish(claimed, outcome.change).await,
            verdict => self.put_back(claimed, &verdict, outcome.change).await,
        }?;
        if matches!(settled, Settled::Done | Settled::Dead | Settled::Cancelled)
            && let Some(group) = place::group_of(&claimed.job)
        {
            self.free_group(group);
        }
        Ok(settled)
    }

    async fn finish(&self, claimed: &Claimed, change: Option<Change>) -> Result<Settled> {
        let mut change = change.unwrap_or_else(|| self.0.store.change());
        claimed.done(&mut change)?;
        self.forget_faults(&claimed.job, &mut change).await?;
        match change.commit().await {
            Ok(_) => Ok(Settled::Done),
            Err(error) if error.kind == ErrorKind::Conflict => self.try_again(claimed, &error).await,
            // What it wrote can not be stored, however often it is tried at once.
            Err(error) if matches!(error.kind, ErrorKind::Invalid | ErrorKind::TooLarge) => {
                self.try_again(claimed, &error).await
            }
            Err(error) => Err(error),
        }
    }

    async fn try_again(&self, claimed: &Claimed, error: &Error) -> Result<Settled> {
        let verdict = Verdict::Retry { reason: error.message.clone(), after: None };
        self.put_back(claimed, &verdict, None).await
    }

    async fn settled_by_handler(&self, claimed: &Claimed) -> Result<Settled> {
        if self.lease(claimed).await?.is_none() {
            return Ok(Settled::Done);
        }
        let reason = "the handler said that it had settled the job, and had not".to_owned();
        self.put_back(claimed, &Verdict::Retry { reason, after: None }, None).await
    }

    /// Lets the job wait, or gives it up.
    async fn put_back(&self, claimed: &Claimed, verdict: &Verdict, change: Option<Change>) -> Result<Settled> {
        let (mut change, mut verdict) = (change, verdict.clone());
        for _ in 0..RETRIES {
            let (lease, job) = (self.lease(claimed).await?, self.stored(claimed).await?);
            let (Some(lease), Some(job)) = (lease, job) else { return Ok(Settled::Lost) };
            let with_change = change.is_some();
            let mut full = change.take().unwrap_or_else(|| self.0.store.change());
            let settled = self.write_back(&lease, &job, &verdict, &mut full).await?;
            match full.commit().await {
                Ok(_) => return Ok(settled),
                // Cancelled meanwhile, or the handler's own change lost. What it wrote is gone with
                // this commit and is made anew by a next try, which there has to be.
                Err(error) if error.kind == ErrorKind::Conflict => {
                    if with_change && !matches!(verdict, Verdict::Park { .. }) {
                        verdict = Verdict::Retry { reason: error.message, after: None };
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::conflict(format!("the job {} changes too fast to be settled", claimed.job.id)))
    }

    async fn write_back(
        &self,
        lease: &Stored<JobLease>,
        job: &Stored<Job>,
        verdict: &Verdict,
        change: &mut Change,
    ) -> Result<Settled> {
        self.count_fault(job, verdict, change).await?;
        change.admin().delete::<JobLease>(&(lease.job, lease.fence))?;
        change.admin().require::<JobLease>(&(lease.job, lease.fence))?;
        self.return_job(job, verdict, change).await
    }

    /// Moves a running job to where the verdict sends it. The lease is the caller's.
    pub(super) async fn return_job(
        &self,
        job: &Stored<Job>,
        verdict: &Verdict,
        change: &mut Change,
    ) -> Result<Settled> {
        let scope = &mut change.admin();
        if job.cancel {
            scope.remove(job)?;
            place::free(scope, job)?;
            return Ok(Settled::Cancelled);
        }
        let mut next = job.record.clone();
        next.state = self.next_state(&mut next, verdict)?;
        let settled = match &next.state {
            JobState::Dead { .. } => {
                place::free(scope, job)?;
                Settled::Dead
            }
            JobState::Delayed { run_at, .. } => Settled::Waiting { until: *run_at },
            _ => Settled::Waiting { until: self.now() },
        };
        next.holds_key = settled != Settled::Dead && self.key_is_free(&next).await?;
        scope.replace(job, &next)?;
        place::shift(scope, job, &next)?;
        Ok(settled)
    }

    /// Where the verdict sends a job. A failure is noted; a parked try does not count.
    fn next_state(&self, job: &mut Job, verdict: &Verdict) -> Result<JobState> {
        let now = self.now();
        let (reason, wanted) = match verdict {
            Verdict::Park { until, reason } => {
                job.tries = job.tries.saturating_sub(1);
                tracing::debug!(job.id = %job.id, job.kind, reason, "a job was parked");
                return Ok(if *until <= now { JobState::Ready } else { waiting(*until, now) });
            }
            Verdict::Dead { reason } => {
                job.note(now, reason.clone());
                return Ok(dead(job, now, reason.clone()));
            }
            Verdict::Retry { reason, after } => (reason.clone(), *after),
            Verdict::Fault { reason, .. } => (reason.clone(), None),
            Verdict::Done | Verdict::Settled => return Err(Error::internal("a job that is done was put back")),
        };
        job.note(now, reason.clone());
        let tries = self.tries(&job.kind);
        if job.tries >= tries.most {
            return Ok(dead(job, now, reason));
        }
        let pause = tries.pause(job.tries, self.roll()?);
        Ok(waiting(after(now, wanted.map_or(pause, |wanted| wanted.max(pause))), now))
    }

    async fn lease(&self, claimed: &Claimed) -> Result<Option<Stored<JobLease>>> {
        self.0.store.admin().get(&claimed.lease_id()).await
    }

    async fn stored(&self, claimed: &Claimed) -> Result<Option<Stored<Job>>> {
        let job = self.0.store.admin().get::<Job>(&claimed.job.id).await?;
        Ok(job.filter(|job| job.fence == claimed.job.fence && job.state == JobState::Running))
    }
}

fn waiting(run_at: Timestamp, now: Timestamp) -> JobState {
    JobState::Delayed { run_at, since: Some(now) }
}

fn dead(job: &Job, at: Timestamp, reason: String) -> JobState {
    tracing::warn!(job.id = %job.id, job.kind, tries = job.tries, reason, "a job was given up");
    JobState::Dead { at, reason }
}

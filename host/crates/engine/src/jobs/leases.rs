//! Leases: extended as long as their workers live, and given back when a worker is gone.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use gatehouse_domain::job::{Job, JobState};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::records::{JobLease, NodeEpoch};
use gatehouse_store::{Page, Stored};

use super::handler::{Claimed, Signal, Verdict};
use super::{Jobs, LEASE, after, place};

/// How many leases are read at a time.
const PAGE: usize = 200;

impl Jobs {
    /// Begins an epoch: every lease of an earlier start of this server returns at once. A runner
    /// does it before it claims, if nobody has.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn begin(&self) -> Result<()> {
        self.resume_ids().await?;
        let before = self.0.store.admin().get::<NodeEpoch>(&()).await?;
        let now = self.now();
        let seen_at = before.as_ref().map_or(now, |before| before.seen_at);
        let epoch = NodeEpoch { epoch: before.map_or(0, |before| before.epoch) + 1, seen_at: now };
        let mut change = self.0.store.change();
        change.admin().put(&epoch)?;
        change.commit().await?;
        self.0.epoch.store(epoch.epoch, Ordering::Release);
        if now < seen_at {
            self.0.went_back.store(true, Ordering::Release);
            self.clock_set_back(now).await?;
        }
        self.sweep().await
    }

    /// Whether the clock showed less at the start than it did before.
    pub(crate) fn clock_went_back(&self) -> bool {
        self.0.went_back.load(Ordering::Acquire)
    }

    /// Whether the epoch has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.0.epoch.load(Ordering::Acquire) > 0
    }

    /// Extends the leases of the jobs that run here and returns those whose workers are gone.
    ///
    /// # Errors
    /// Whatever the store says.
    pub(super) async fn sweep(&self) -> Result<()> {
        let mut page = Page::first(PAGE);
        loop {
            let leases = self.0.store.admin().list_stored::<JobLease>(&[], &page).await?;
            for lease in &leases.items {
                self.look_after(lease).await?;
            }
            match leases.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        self.tell_losers().await?;
        self.sweep_groups().await
    }

    /// Writes down the time, so that the next start knows a clock that was set back.
    pub(super) async fn note_time(&self, now: Timestamp) -> Result<()> {
        let Some(before) = self.0.store.admin().get::<NodeEpoch>(&()).await? else { return Ok(()) };
        let mut change = self.0.store.change();
        change.admin().replace(&before, &NodeEpoch { seen_at: now, ..before.record.clone() })?;
        change.commit().await.map(|_| ())
    }

    /// What has to be done when the clock shows less than it did.
    pub(super) async fn clock_set_back(&self, now: Timestamp) -> Result<()> {
        tracing::warn!(%now, "the clock was set back; waiting jobs and schedules follow it");
        self.shorten_waits(now).await?;
        self.follow_clock(now).await
    }

    async fn look_after(&self, lease: &Stored<JobLease>) -> Result<()> {
        let now = self.now();
        let runs = self.running(lease.job).is_some_and(|claimed| claimed.job.fence == lease.fence);
        let outcome = if runs {
            self.set_until(lease, after(now, LEASE)).await
        } else if lease.owner < self.0.epoch.load(Ordering::Acquire) || lease.until < now {
            self.give_back(lease).await
        } else if lease.until > after(now, LEASE) {
            // Given by a clock that was set back since.
            self.set_until(lease, after(now, LEASE)).await
        } else {
            Ok(())
        };
        match outcome {
            // Settled meanwhile.
            Err(error) if error.kind == ErrorKind::Conflict => Ok(()),
            outcome => outcome,
        }
    }

    async fn set_until(&self, lease: &Stored<JobLease>, until: Timestamp) -> Result<()> {
        let mut change = self.0.store.change();
        change.admin().replace(lease, &JobLease { until, ..lease.record.clone() })?;
        change.commit().await.map(|_| ())
    }

    /// Ends a lease whose worker is gone. The job may run at once, unless this was its last try.
    async fn give_back(&self, lease: &Stored<JobLease>) -> Result<()> {
        let mut change = self.0.store.change();
        change.admin().remove(lease)?;
        let job = self.0.store.admin().get::<Job>(&lease.job).await?;
        let job = job.filter(|job| job.fence == lease.fence && job.state == JobState::Running);
        let Some(job) = job else { return change.commit().await.map(|_| ()) };
        tracing::warn!(job.id = %job.id, job.kind, tries = job.tries, "a job's worker is gone; the job returns");
        let reason = "the worker was gone before the job ended".to_owned();
        if job.cancel || job.tries >= self.tries(&job.kind).most {
            let verdict = Verdict::Dead { reason };
            self.return_job(&job, &verdict, &mut change).await?;
        } else {
            let mut next = Job { state: JobState::Ready, ..job.record.clone() };
            next.note(self.now(), reason);
            next.holds_key = self.key_is_free(&next).await?;
            change.admin().replace(&job, &next)?;
            place::shift(&mut change.admin(), &job, &next)?;
        }
        change.commit().await.map(|_| ())
    }

    /// Tells the workers here whose leases are gone.
    async fn tell_losers(&self) -> Result<()> {
        let running: Vec<Claimed> = {
            let running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
            running.values().cloned().collect()
        };
        for claimed in running {
            if self.0.store.admin().get::<JobLease>(&claimed.lease_id()).await?.is_none() {
                claimed.tell(Signal::Lost);
            }
        }
        Ok(())
    }

    /// The claim under which a job runs in this process.
    pub(super) fn running(&self, job: gatehouse_domain::id::JobId) -> Option<Claimed> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner).get(&job).cloned()
    }
}

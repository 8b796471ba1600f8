//! Jobs whose time has come, or whose group is free: moves them to their lanes, in order.

use gatehouse_domain::job::{Job, JobState};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::records::{GroupKey, JobGroup, Place, ReadyJob};
use gatehouse_store::{Page, Stored};
use std::sync::PoisonError;

use super::{Jobs, after, place};

/// How many jobs one commit moves.
const BATCH: usize = 64;

impl Jobs {
    /// Moves jobs whose time has come to their lanes; whether there may be more of them.
    ///
    /// # Errors
    /// Whatever the store says.
    pub(super) async fn wake_due(&self) -> Result<bool> {
        let page = Page::first(BATCH);
        let waiting = self.0.store.admin().list_under::<ReadyJob>(&ReadyJob::later_prefix(), &page).await?.items;
        let now = self.now().as_millisecond();
        let is_due = |ready: &&ReadyJob| matches!(ready.place, Place::Later(at) if at <= now);
        let due: Vec<_> = waiting.iter().take_while(is_due).collect();
        self.move_to_lanes(&due).await?;
        Ok(due.len() == BATCH)
    }

    /// Moves the first job behind each group that has become free to its lane.
    ///
    /// # Errors
    /// Whatever the store says; the groups are looked at again then.
    pub(super) async fn wake_groups(&self) -> Result<()> {
        let freed = std::mem::take(&mut *self.0.freed.lock().unwrap_or_else(PoisonError::into_inner));
        for (done, group) in freed.iter().enumerate() {
            if let Err(error) = self.wake_group(group).await {
                let left = freed.get(done..).unwrap_or_default();
                self.0.freed.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(left);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Looks at all groups that jobs wait behind: for those whose end nobody told of.
    ///
    /// # Errors
    /// Whatever the store says.
    pub(super) async fn sweep_groups(&self) -> Result<()> {
        let mut page = Page::first(1);
        let prefix = ReadyJob::behind_prefix(None);
        loop {
            let first = self.0.store.admin().list_under::<ReadyJob>(&prefix, &page).await?.items.pop();
            let Some(ReadyJob { place: Place::Behind(group), .. }) = first else { return Ok(()) };
            self.wake_group(&group).await?;
            page.after = Some(ReadyJob::behind_end(&group));
        }
    }

    async fn wake_group(&self, group: &GroupKey) -> Result<()> {
        let admin = self.0.store.admin();
        if admin.get::<JobGroup>(&JobGroup::taken_id(group)).await?.is_some() {
            return Ok(());
        }
        let prefix = ReadyJob::behind_prefix(Some(group));
        let first = admin.list_under::<ReadyJob>(&prefix, &Page::first(1)).await?.items;
        self.move_to_lanes(&first.iter().collect::<Vec<_>>()).await
    }

    /// Moves waiting jobs to their lanes. One that changed meanwhile stays for the next time.
    async fn move_to_lanes(&self, waiting: &[&ReadyJob]) -> Result<()> {
        let ready = |job: &Job| Job { state: JobState::Ready, ..job.clone() };
        self.rewrite(waiting, ready).await
    }

    /// Gives waiting jobs a new form, all in one commit, or each by itself where that conflicts.
    async fn rewrite(&self, waiting: &[&ReadyJob], form: impl Fn(&Job) -> Job + Copy + Send) -> Result<()> {
        let mut jobs = Vec::with_capacity(waiting.len());
        for ready in waiting {
            let job = self.0.store.admin().get::<Job>(&ready.job).await?;
            jobs.extend(job.filter(|job| ReadyJob::of(job).as_ref() == Some(ready)));
        }
        match self.rewrite_all(&jobs, form).await {
            Err(error) if error.kind == ErrorKind::Conflict => {}
            outcome => return outcome,
        }
        for job in jobs {
            match self.rewrite_all(&[job], form).await {
                Err(error) if error.kind != ErrorKind::Conflict => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    async fn rewrite_all(&self, jobs: &[Stored<Job>], form: impl Fn(&Job) -> Job) -> Result<()> {
        let mut change = self.0.store.change();
        for job in jobs {
            let next = form(job);
            change.admin().replace(job, &next)?;
            place::shift(&mut change.admin(), job, &next)?;
        }
        if change.is_empty() { Ok(()) } else { change.commit().await.map(|_| ()) }
    }

    /// After the clock was set back: pauses that began in what is now the future begin now.
    ///
    /// # Errors
    /// Whatever the store says.
    pub(super) async fn shorten_waits(&self, now: Timestamp) -> Result<()> {
        let mut page = Page::first(BATCH);
        loop {
            let waiting = self.0.store.admin().list_under::<ReadyJob>(&ReadyJob::later_prefix(), &page).await?;
            self.rewrite(&waiting.items.iter().collect::<Vec<_>>(), |job| begun_now(job, now)).await?;
            let Some(next) = waiting.next else { return Ok(()) };
            page.after = Some(next);
        }
    }
}

fn begun_now(job: &Job, now: Timestamp) -> Job {
    let mut next = job.clone();
    if let JobState::Delayed { run_at, since: Some(since) } = &mut next.state
        && *since > now
    {
        *run_at = after(now, run_at.duration_since(*since));
        *since = now;
    }
    next
}

//! What people ask of jobs, and what they can do with them.

use std::collections::BTreeMap;

use gatehouse_domain::id::{JobId, TenantId};
use gatehouse_domain::job::{Job, JobState};
use gatehouse_domain::schedule::Schedule;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::record::GlobalRecord;
use gatehouse_store::records::{DeadJob, JobLease, Place, ReadyJob};
use gatehouse_store::{Page, Paged, Stored};

use super::handler::Signal;
use super::{Jobs, place};

/// How many jobs of a state are counted at most.
const COUNTED: usize = 10_000;
/// How many are read at a time.
const PAGE: usize = 1000;
/// How often a change is tried again that lost against another one.
const RETRIES: usize = 32;

/// How many jobs of one kind there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Due, in their lanes.
    pub ready: u64,
    /// Waiting for their time.
    pub delayed: u64,
    /// Waiting behind their groups.
    pub queued: u64,
    /// Running.
    pub running: u64,
    /// Given up.
    pub dead: u64,
}

/// How many jobs there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// By kind.
    pub kinds: BTreeMap<String, Count>,
    /// Whether there are more than were counted.
    pub more: bool,
}

/// What became of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// The job had not begun and is no more.
    Removed,
    /// The job runs and was told. It is not tried again.
    Told,
}

impl Jobs {
    /// Counts jobs by kind and state: up to 10,000 waiting, running and dead ones each.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn counts(&self) -> Result<Counts> {
        self.counts_and(|_| {}).await
    }

    /// The same, showing each job that is due.
    pub(super) async fn counts_and(&self, mut due: impl FnMut(JobId)) -> Result<Counts> {
        let mut counts = Counts::default();
        self.count(&mut counts, |counts: &mut Counts, ready: ReadyJob| {
            let count = match ready.place {
                Place::Due(..) => {
                    due(ready.job);
                    |count: &mut Count| count.ready += 1
                }
                Place::Later(_) => |count: &mut Count| count.delayed += 1,
                Place::Behind(_) => |count: &mut Count| count.queued += 1,
                Place::Tick(_) => return,
            };
            count(counts.kinds.entry(ready.kind).or_default());
        })
        .await?;
        self.count(&mut counts, |counts, lease: JobLease| counts.kinds.entry(lease.kind).or_default().running += 1)
            .await?;
        self.count(&mut counts, |counts, dead: DeadJob| counts.kinds.entry(dead.kind).or_default().dead += 1).await?;
        Ok(counts)
    }

    /// One job, as long as there is something to tell of it; a job that is done is no more.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], also for a job of another tenant.
    pub async fn job_of(&self, tenant: Option<TenantId>, id: JobId) -> Result<Job> {
        Ok(self.stored_of(tenant, id).await?.record)
    }

    /// The jobs of a tenant that were given up, the newest first for a reverse page.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a cursor of another list.
    pub async fn dead(&self, tenant: Option<TenantId>, page: &Page) -> Result<Paged<Job>> {
        let admin = self.0.store.admin();
        let found = admin.list_under::<DeadJob>(&DeadJob::prefix_of(tenant), page).await?;
        let mut items = Vec::with_capacity(found.items.len());
        for dead in &found.items {
            items.extend(admin.get::<Job>(&dead.job).await?.map(|job| job.record));
        }
        Ok(Paged { items, next: found.next })
    }

    /// Has a job that was given up tried again, from its first try on.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::Conflict`] for a job that is not dead.
    pub async fn replay_dead(&self, tenant: Option<TenantId>, id: JobId) -> Result<Job> {
        let job = self.stored_of(tenant, id).await?;
        if !matches!(job.state, JobState::Dead { .. }) {
            return Err(Error::conflict(format!("the job `{id}` was not given up; only a dead job can be replayed")));
        }
        let mut next = Job { state: JobState::Ready, tries: 0, cancel: false, ..job.record.clone() };
        next.holds_key = self.key_is_free(&next).await?;
        let mut change = self.0.store.change();
        change.admin().replace(&job, &next)?;
        place::shift(&mut change.admin(), &job, &next)?;
        change.commit().await?;
        Ok(next)
    }

    /// Cancels a job: one that waits is removed, one that runs is told.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for a job that is done or of another tenant;
    /// [`ErrorKind::Conflict`] for one that was given up.
    pub async fn cancel(&self, tenant: Option<TenantId>, id: JobId) -> Result<Cancelled> {
        for _ in 0..RETRIES {
            let job = self.stored_of(tenant, id).await?;
            match self.cancel_one(&job).await {
                Err(error) if error.kind == ErrorKind::Conflict && !matches!(job.state, JobState::Dead { .. }) => {}
                outcome => return outcome,
            }
        }
        Err(Error::conflict(format!("the job `{id}` changes too fast to be cancelled; retry")))
    }

    /// Removes a job that waits, as a part of a change. One that runs or is no more is left alone,
    /// and the change goes on without it.
    ///
    /// # Errors
    /// Whatever the store says. The change fails with a conflict where the job is claimed meanwhile.
    pub(crate) async fn remove_waiting(&self, scope: &mut place::Scope<'_>, id: JobId) -> Result<()> {
        let Some(job) = self.0.store.admin().get::<Job>(&id).await? else { return Ok(()) };
        if matches!(job.state, JobState::Running | JobState::Dead { .. }) || job.group.is_some() {
            return Ok(());
        }
        scope.remove(&job)?;
        place::leave(scope, &job)
    }

    async fn cancel_one(&self, job: &Stored<Job>) -> Result<Cancelled> {
        let mut change = self.0.store.change();
        let scope = &mut change.admin();
        match &job.state {
            JobState::Dead { .. } => {
                Err(Error::conflict(format!("the job `{}` was given up; there is nothing to cancel", job.id)))
            }
            JobState::Running => {
                scope.replace(job, &Job { cancel: true, ..job.record.clone() })?;
                change.commit().await?;
                if let Some(claimed) = self.running(job.id) {
                    claimed.tell(Signal::Cancel);
                }
                Ok(Cancelled::Told)
            }
            JobState::Ready | JobState::Delayed { .. } | JobState::Queued => {
                scope.remove(job)?;
                place::leave(scope, job)?;
                let freed = place::free_if_held(&self.0.store.admin(), scope, job).await?;
                change.commit().await?;
                if let Some(group) = freed {
                    self.free_group(group);
                }
                Ok(Cancelled::Removed)
            }
        }
    }

    /// All schedules, by name.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a cursor of another list.
    pub async fn schedules(&self, page: &Page) -> Result<Paged<Schedule>> {
        self.0.store.admin().list(page).await
    }

    async fn stored_of(&self, tenant: Option<TenantId>, id: JobId) -> Result<Stored<Job>> {
        let job = self.0.store.admin().get::<Job>(&id).await?;
        job.filter(|job| job.tenant == tenant).ok_or_else(|| Error::not_found("job", id))
    }

    async fn count<R: GlobalRecord>(&self, counts: &mut Counts, mut count: impl FnMut(&mut Counts, R)) -> Result<()> {
        let mut page = Page::first(PAGE);
        let mut seen = 0;
        loop {
            let found = self.0.store.admin().list::<R>(&page).await?;
            seen += found.items.len();
            found.items.into_iter().for_each(|record| count(counts, record));
            let Some(next) = found.next else { return Ok(()) };
            if seen >= COUNTED {
                counts.more = true;
                return Ok(());
            }
            page.after = Some(next);
        }
    }
}

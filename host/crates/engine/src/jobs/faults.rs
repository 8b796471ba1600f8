//! Code that faults again and again: after three faults in a row, the jobs that would run it
//! wait, and no others.

use gatehouse_domain::job::Job;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{Error, Result};
use gatehouse_store::records::{JobGroup, JobUnique};
use gatehouse_store::{Change, Page};

use super::handler::Verdict;
use super::{Jobs, after};

/// How many faults in a row are too many.
const TOO_MANY: u32 = 3;
/// How long parked jobs wait before they ask again: the tenant may have another version then.
const PAUSE: SignedDuration = SignedDuration::from_mins(15);
/// How long after its last fault code may be tried once more.
const CLOSED: SignedDuration = SignedDuration::from_hours(6);

/// Code whose jobs are parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantine {
    /// The kind of job.
    pub kind: String,
    /// The code, such as a plugin's version.
    pub code: String,
    /// How often it faulted in a row.
    pub faults: u32,
    /// The last fault's words.
    pub reason: String,
    /// When it may be tried once more.
    pub until: Timestamp,
}

impl Jobs {
    /// The code whose jobs are parked.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn quarantined(&self, page: &Page) -> Result<Vec<Quarantine>> {
        let faults = self.0.store.admin().list_under::<JobGroup>(&JobGroup::faults_prefix(), page).await?;
        let now = self.now();
        Ok(faults.items.into_iter().filter_map(closed).filter(|closed| now < closed.until).collect())
    }

    /// Lets code run again. Its jobs follow within a quarter of an hour.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`] for code that did not fault.
    pub async fn release(&self, kind: &str, code: &str) -> Result<()> {
        let id = JobGroup::faults_id(kind, code);
        let Some(faults) = self.0.store.admin().get::<JobGroup>(&id).await? else {
            return Err(Error::not_found("quarantine", format!("{kind} {code}")));
        };
        let mut change = self.0.store.change();
        change.admin().remove(&faults)?;
        change.commit().await.map(|_| ())
    }

    /// Why a job must not run now: its code is quarantined.
    pub(super) async fn parked_by_faults(&self, job: &Job) -> Result<Option<Verdict>> {
        let Some(code) = self.code_of(job).await else { return Ok(None) };
        let faults = self.0.store.admin().get::<JobGroup>(&JobGroup::faults_id(&job.kind, &code)).await?;
        let now = self.now();
        let Some(closed) = faults.and_then(|faults| closed(faults.record)).filter(|closed| now < closed.until) else {
            return Ok(None);
        };
        let reason = format!("{code} faulted {} times in a row and is quarantined: {}", closed.faults, closed.reason);
        Ok(Some(Verdict::Park { until: after(now, PAUSE).min(closed.until), reason }))
    }

    /// Counts a fault against its code, in the commit that puts the job back.
    pub(super) async fn count_fault(&self, job: &Job, verdict: &Verdict, change: &mut Change) -> Result<()> {
        let Verdict::Fault { code, reason } = verdict else { return Ok(()) };
        let stored = self.0.store.admin().get::<JobGroup>(&JobGroup::faults_id(&job.kind, code)).await?;
        let before = match stored.as_deref() {
            Some(JobGroup::Faults { count, .. }) => *count,
            _ => 0,
        };
        let faults = JobGroup::Faults {
            kind: job.kind.clone(),
            key: code.clone(),
            count: before + 1,
            at: self.now(),
            reason: reason.clone(),
        };
        if before + 1 == TOO_MANY {
            tracing::error!(job.kind, code, reason, "code faulted three times in a row; its jobs are parked");
        }
        match &stored {
            Some(stored) => change.admin().replace(stored, &faults),
            None => change.admin().create(&faults),
        }
    }

    /// Forgets the faults of code that has just done well.
    pub(super) async fn forget_faults(&self, job: &Job, change: &mut Change) -> Result<()> {
        let Some(code) = self.code_of(job).await else { return Ok(()) };
        let id = JobGroup::faults_id(&job.kind, &code);
        if self.0.store.admin().get::<JobGroup>(&id).await?.is_some() {
            change.admin().delete::<JobGroup>(&id)?;
        }
        Ok(())
    }

    /// Whether nobody waits under the job's key.
    pub(super) async fn key_is_free(&self, job: &Job) -> Result<bool> {
        let Some(key) = &job.unique else { return Ok(false) };
        let key = JobUnique::key_of(job.tenant, &job.kind, key);
        Ok(self.0.store.admin().get::<JobUnique>(&key).await?.is_none())
    }

    async fn code_of(&self, job: &Job) -> Option<String> {
        self.handler(&job.kind)?.code(job).await
    }
}

fn closed(faults: JobGroup) -> Option<Quarantine> {
    let JobGroup::Faults { kind, key, count, at, reason } = faults else { return None };
    (count >= TOO_MANY).then(|| Quarantine { kind, code: key, faults: count, reason, until: after(at, CLOSED) })
}

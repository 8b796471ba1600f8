//! The way in: a job becomes part of the change that asks for it.

use gatehouse_domain::id::{JobId, TenantId};
use gatehouse_domain::job::{Class, Job, JobState};
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::Stored;
use gatehouse_store::records::JobUnique;
use serde::Serialize;
use serde_json::{Value, to_value};

use super::place::{self, Scope};
use super::{Jobs, after};

/// The most bytes of a payload, so that a whole claim fits one commit. Larger content is stored
/// by the caller and named in the payload.
const MAX_PAYLOAD: usize = 32 << 10;
/// The most bytes of a key or of a group's name.
const MAX_NAME: usize = 255;
/// The most bytes of a kind.
const MAX_KIND: usize = 64;
/// How often an enqueueing of its own is tried again after it lost against another change.
const RETRIES: usize = 32;

/// A job to be.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// What is to be done: `sync.pull`; 1 to 64 of `a-z`, `0-9`, `.`, `_` and `-`.
    pub kind: String,
    /// What the handler needs to know, at most 32 KiB of JSON. Never a secret.
    pub payload: Value,
    /// For whom; none for work of the deployment. Tenants take turns.
    pub tenant: Option<TenantId>,
    /// How urgent.
    pub class: Class,
    /// When.
    pub when: When,
    /// Its key, where there may be only one such job waiting.
    pub unique: Option<Unique>,
    /// Its group: the tenant's jobs of a group run one after the other, in order. All of them
    /// should have the same class.
    pub group: Option<String>,
}

/// When a job may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// As soon as there is room.
    Now,
    /// After a pause.
    After(SignedDuration),
    /// At a time.
    At(Timestamp),
}

/// A key under which one job of a tenant and kind may wait. It is free again as soon as that
/// job runs: what is enqueued from then on may concern what the running job did not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unique {
    /// The key, 1 to 255 bytes.
    pub key: String,
    /// What to do where one waits.
    pub on_waiting: OnWaiting,
}

/// What becomes of a job whose key another one waits under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnWaiting {
    /// The waiting one will do.
    Ignore,
    /// The waiting one takes this one's payload and time.
    Replace,
    /// As `Replace`, but never later than this long after the waiting one was enqueued.
    Debounce {
        /// How long.
        at_most: SignedDuration,
    },
}

/// What became of an enqueueing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// There is a new job.
    New(JobId),
    /// A job that waits under the same key does its work too.
    Joined(JobId),
}

/// What a handler needs to know, as a job carries it; [`super::Claimed::payload`] reads it again.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Internal`] for what JSON can not hold.
pub(crate) fn payload_of(payload: impl Serialize) -> Result<Value> {
    to_value(payload).map_err(|error| Error::internal("a job's payload is no JSON").caused_by(error))
}

impl NewJob {
    /// A job of the deployment, of normal urgency, to be done now.
    pub fn new(kind: impl Into<String>, payload: Value) -> Self {
        Self {
            kind: kind.into(),
            payload,
            tenant: None,
            class: Class::Normal,
            when: When::Now,
            unique: None,
            group: None,
        }
    }
}

impl Enqueued {
    /// The job.
    pub fn id(self) -> JobId {
        match self {
            Self::New(id) | Self::Joined(id) => id,
        }
    }
}

impl Jobs {
    /// Adds a job to a change: `jobs.enqueue(&mut change.admin(), job)`. It exists if the change
    /// is committed, and not otherwise.
    ///
    /// With a key, the change fails with a conflict if the job that waits under it is claimed
    /// before the commit; begin again then. One change can not enqueue the same key twice.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] and [`ErrorKind::TooLarge`] for a job that can not be; whatever the
    /// store says.
    pub async fn enqueue(&self, scope: &mut Scope<'_>, new: NewJob) -> Result<Enqueued> {
        check(&new)?;
        if let Some(waiting) = self.waiting(&new).await? {
            return self.join(scope, &waiting, new);
        }
        let job = self.job(new)?;
        scope.create(&job)?;
        place::enter(scope, &job)?;
        Ok(Enqueued::New(job.id))
    }

    /// Enqueues a job in a change of its own.
    ///
    /// # Errors
    /// As [`Jobs::enqueue`] and as [`gatehouse_store::Change::commit`].
    pub async fn enqueue_alone(&self, new: NewJob) -> Result<Enqueued> {
        for _ in 0..RETRIES {
            let mut change = self.0.store.change();
            let enqueued = self.enqueue(&mut change.admin(), new.clone()).await?;
            match change.commit().await {
                Err(error) if error.kind == ErrorKind::Conflict => {}
                outcome => return outcome.map(|_| enqueued),
            }
        }
        Err(Error::conflict(format!("the waiting `{}` job of this key changes too fast; retry", new.kind)))
    }

    /// The job that waits under the key of a new one.
    async fn waiting(&self, new: &NewJob) -> Result<Option<Stored<Job>>> {
        let Some(unique) = &new.unique else { return Ok(None) };
        let admin = self.0.store.admin();
        let key = JobUnique::key_of(new.tenant, &new.kind, &unique.key);
        let Some(held) = admin.get::<JobUnique>(&key).await? else { return Ok(None) };
        let job = admin.get::<Job>(&held.job).await?;
        // Claimed since the key was read: the new job takes the key, or the commit conflicts.
        Ok(job.filter(|job| job.holds_key))
    }

    fn join(&self, scope: &mut Scope<'_>, waiting: &Stored<Job>, new: NewJob) -> Result<Enqueued> {
        let on_waiting = new.unique.as_ref().map_or(OnWaiting::Ignore, |unique| unique.on_waiting);
        let joined = Enqueued::Joined(waiting.id);
        if on_waiting == OnWaiting::Ignore {
            scope.unchanged(waiting)?;
            return Ok(joined);
        }
        let mut next = waiting.record.clone();
        next.payload = new.payload;
        // A job behind its group stays there: its turn is not a matter of time.
        if next.state != JobState::Queued {
            next.state = self.first_state(new.when);
        }
        if let (OnWaiting::Debounce { at_most }, JobState::Delayed { run_at, .. }) = (on_waiting, &mut next.state) {
            *run_at = (*run_at).min(after(waiting.created_at, at_most));
        }
        scope.replace(waiting, &next)?;
        place::shift(scope, waiting, &next)?;
        Ok(joined)
    }

    pub(super) fn job(&self, new: NewJob) -> Result<Job> {
        Ok(Job {
            id: self.next_id()?,
            tenant: new.tenant,
            kind: new.kind,
            payload: new.payload,
            class: new.class,
            state: self.first_state(new.when),
            holds_key: new.unique.is_some(),
            unique: new.unique.map(|unique| unique.key),
            group: new.group,
            tries: 0,
            fence: 0,
            cancel: false,
            failures: Vec::new(),
            created_at: self.now(),
        })
    }

    fn first_state(&self, when: When) -> JobState {
        let now = self.now();
        match when {
            When::After(pause) if pause > SignedDuration::ZERO => {
                JobState::Delayed { run_at: after(now, pause), since: Some(now) }
            }
            When::At(run_at) if run_at > now => JobState::Delayed { run_at, since: None },
            When::Now | When::After(_) | When::At(_) => JobState::Ready,
        }
    }
}

/// Refuses a job that can not be.
pub(super) fn check(new: &NewJob) -> Result<()> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    if new.kind.is_empty() || new.kind.len() > MAX_KIND || !new.kind.bytes().all(fits) {
        let message = format!("`{}` is no kind of job; use 1 to {MAX_KIND} of a-z, 0-9, `.`, `_` and `-`", new.kind);
        return Err(Error::invalid(message));
    }
    let names = [("key", new.unique.as_ref().map(|unique| &unique.key)), ("group", new.group.as_ref())];
    for (what, name) in names {
        if let Some(name) = name.filter(|name| name.is_empty() || name.len() > MAX_NAME) {
            let message =
                format!("the {what} of a `{}` job has {} bytes; it takes 1 to {MAX_NAME}", new.kind, name.len());
            return Err(Error::invalid(message));
        }
    }
    let size = serde_json::to_vec(&new.payload).map_or(0, |bytes| bytes.len());
    if size > MAX_PAYLOAD {
        let message = format!(
            "the payload of a `{}` job has {size} bytes; the limit is {MAX_PAYLOAD}: store it and name it in the payload",
            new.kind
        );
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    Ok(())
}

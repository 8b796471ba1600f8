//! What does a kind of job: the trait, what it is given and what it answers.

use async_trait::async_trait;
use gatehouse_domain::job::Job;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{Error, Result};
use gatehouse_store::Change;
use gatehouse_store::records::JobLease;
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use super::backoff::Tries;
use super::place;

/// Does the jobs of one kind.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// The kind.
    fn kind(&self) -> &'static str;

    /// How often it is tried and how long it may run.
    fn tries(&self) -> Tries {
        Tries::default()
    }

    /// The code that the job runs, such as a plugin's version: after three faults in a row,
    /// jobs of this kind that run the same code are parked.
    async fn code(&self, _job: &Job) -> Option<String> {
        None
    }

    /// Does the job, at least once: it may have been begun before, and another worker may have
    /// taken over meanwhile. What it writes it returns with [`Outcome::done`], or commits by
    /// itself after [`Claimed::done`] or [`Claimed::guard`].
    ///
    /// # Errors
    /// An error is a failed try, as [`Outcome::retry`] with its words and its `retry_after_ms`.
    async fn run(&self, job: &Claimed) -> Result<Outcome>;
}

/// A job that this worker may settle, as long as its lease exists.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The job as it was claimed.
    pub job: Job,
    signal: watch::Sender<Signal>,
}

/// What a running job is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Go on.
    Go,
    /// Somebody cancelled it: end as soon as it can be, with whatever is true.
    Cancel,
    /// The server stops, or the try takes too long: end soon, best with [`Outcome::park`].
    Stop,
    /// Another worker has it now: nothing it commits under its lease will be stored.
    Lost,
}

/// What became of a try, with what is to be stored in the same commit.
#[must_use = "an outcome does nothing until the runner settles it"]
pub struct Outcome {
    pub(super) verdict: Verdict,
    pub(super) change: Option<Change>,
}

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is done, and the change that comes with it is stored with the job's end.
    Done,
    /// It is done, and the handler has committed that by itself with [`Claimed::done`].
    Settled,
    /// It failed and is tried again after the kind's pause, or given up after its last try.
    Retry {
        /// What went wrong. Never a secret.
        reason: String,
        /// Wait at least this long.
        after: Option<SignedDuration>,
    },
    /// It could not be tried, through no fault of its own, or it has done a part and goes on
    /// later. The try does not count.
    Park {
        /// When to go on.
        until: Timestamp,
        /// Why. Never a secret.
        reason: String,
    },
    /// It can not be done, however often it is tried.
    Dead {
        /// Why. Never a secret.
        reason: String,
    },
    /// The code it ran trapped or did not end. It counts as a failure, and against the code.
    Fault {
        /// The code, as [`Handler::code`] names it.
        code: String,
        /// What happened. Never a secret.
        reason: String,
    },
}

impl Outcome {
    /// It is done; `change` is stored with its end or not at all.
    pub fn done(change: Change) -> Self {
        Self { verdict: Verdict::Done, change: Some(change) }
    }

    /// It is done, and the handler has committed that with [`Claimed::done`].
    pub fn settled() -> Self {
        Verdict::Settled.into()
    }

    /// It failed.
    pub fn retry(reason: impl Into<String>) -> Self {
        Verdict::Retry { reason: reason.into(), after: None }.into()
    }

    /// It is to go on later; the try does not count.
    pub fn park(until: Timestamp, reason: impl Into<String>) -> Self {
        Verdict::Park { until, reason: reason.into() }.into()
    }

    /// It can not be done.
    pub fn dead(reason: impl Into<String>) -> Self {
        Verdict::Dead { reason: reason.into() }.into()
    }

    /// The code it ran trapped or did not end.
    pub fn fault(code: impl Into<String>, reason: impl Into<String>) -> Self {
        Verdict::Fault { code: code.into(), reason: reason.into() }.into()
    }

    /// Adds what is to be stored in the same commit.
    pub fn with(mut self, change: Change) -> Self {
        self.change = Some(change);
        self
    }
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, change: None }
    }
}

impl From<Error> for Outcome {
    fn from(error: Error) -> Self {
        let after = error.retry_after_ms.map(|millis| i64::try_from(millis).unwrap_or(i64::MAX));
        Verdict::Retry { reason: error.message, after: after.map(SignedDuration::from_millis) }.into()
    }
}

impl Claimed {
    pub(super) fn new(job: Job) -> Self {
        Self { job, signal: watch::Sender::new(Signal::Go) }
    }

    /// The payload as the handler's own type.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] for a payload of another shape.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T> {
        T::deserialize(&self.job.payload).map_err(|error| {
            Error::invalid(format!("the payload of a `{}` job can not be read: {error}", self.job.kind))
        })
    }

    /// What it is told now.
    pub fn signal(&self) -> Signal {
        *self.signal.borrow()
    }

    /// Waits until it is told anything but to go on.
    pub async fn stopped(&self) -> Signal {
        let mut told = self.signal.subscribe();
        match told.wait_for(|signal| *signal != Signal::Go).await {
            Ok(signal) => *signal,
            // The sender is this claim's own, so it can not be gone.
            Err(_) => Signal::Lost,
        }
    }

    /// Lets a change be committed only as long as this claim holds: for what is stored on the way,
    /// such as each page of a sync with its cursor.
    ///
    /// # Errors
    /// None at present.
    pub fn guard(&self, change: &mut Change) -> Result<()> {
        change.admin().require::<JobLease>(&self.lease_id())
    }

    /// Makes the job's end part of a change that the handler commits by itself, such as one with
    /// an audit trail. The commit fails with a conflict where another worker has the job.
    ///
    /// # Errors
    /// None at present.
    pub fn done(&self, change: &mut Change) -> Result<()> {
        self.guard(change)?;
        let scope = &mut change.admin();
        scope.delete::<JobLease>(&self.lease_id())?;
        scope.delete::<Job>(&self.job.id)?;
        place::free(scope, &self.job).map(|_| ())
    }

    pub(super) fn lease_id(&self) -> (gatehouse_domain::id::JobId, u64) {
        (self.job.id, self.job.fence)
    }

    pub(super) fn tell(&self, signal: Signal) {
        self.signal.send_if_modified(|now| std::mem::replace(now, signal) != signal);
    }
}

//! How much is in the journal and not yet in sled: when it is time to apply it, and when
//! commits have to wait for that. It counts; it moves nothing.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::config::JournalLimits;
use super::journal::Ended;
use super::status::Status;
use crate::storage::Seq;

/// How often a waiting writer looks whether applying has failed meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What the writer adds and the applier takes away.
#[derive(Debug)]
pub(super) struct Backlog {
    limits: JournalLimits,
    inner: Mutex<Inner>,
    /// Told of everything that another thread may wait for.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    /// The memory of what is not in the tree yet, in bytes.
    pending: usize,
    /// Since when anything is pending.
    since: Option<Instant>,
    /// Files that take no more records, oldest first.
    ended: VecDeque<Ended>,
    /// Files whose place may be used again.
    spares: Vec<PathBuf>,
    closed: bool,
}

impl Backlog {
    /// A backlog as it was found at start.
    pub(super) fn new(limits: JournalLimits, pending: usize, ended: Vec<Ended>) -> Self {
        let since = (pending > 0).then(Instant::now);
        let inner = Inner { pending, since, ended: ended.into(), ..Inner::default() };
        Self { limits, inner: Mutex::new(inner), changed: Condvar::new() }
    }

    /// Records what a group added. `pending` is called with the lock held, so that the newest
    /// answer is the one that stays.
    pub(super) fn added(&self, pending: impl FnOnce() -> usize, ended: Option<Ended>) {
        let mut inner = self.lock();
        let first = inner.since.is_none();
        inner.since.get_or_insert_with(Instant::now);
        inner.pending = pending();
        inner.ended.extend(ended);
        if first || inner.is_much(&self.limits) {
            drop(inner);
            self.changed.notify_all();
        }
    }

    /// Records what is left after a part was applied; `pending` as in [`Backlog::added`].
    pub(super) fn applied(&self, pending: impl FnOnce() -> usize) {
        let mut inner = self.lock();
        inner.pending = pending();
        inner.since = (inner.pending > 0).then(Instant::now);
        drop(inner);
        self.changed.notify_all();
    }

    /// Takes the files whose commits sled has durably, all up to `seq`.
    pub(super) fn take_ended(&self, seq: Seq) -> Vec<Ended> {
        let mut inner = self.lock();
        let mut taken = Vec::new();
        while let Some(file) = inner.ended.pop_front_if(|file| file.last <= seq) {
            taken.push(file);
        }
        drop(inner);
        self.changed.notify_all();
        taken
    }

    /// Takes a file whose place may be used again.
    pub(super) fn take_spare(&self) -> Option<PathBuf> {
        self.lock().spares.pop()
    }

    /// Adds files whose place may be used again.
    pub(super) fn add_spares(&self, spares: Vec<PathBuf>) {
        self.lock().spares.extend(spares);
    }

    /// How many such files there are.
    pub(super) fn spares(&self) -> usize {
        self.lock().spares.len()
    }

    /// Waits until there is something to apply; false when nothing will follow.
    pub(super) fn wait_until_due(&self) -> bool {
        let mut inner = self.lock();
        loop {
            if inner.closed {
                return false;
            }
            let left = match inner.since {
                _ if inner.is_much(&self.limits) => return true,
                Some(since) => self.limits.apply_after.saturating_sub(since.elapsed()),
                None => Duration::MAX,
            };
            if left.is_zero() {
                return true;
            }
            inner = match inner.since {
                Some(_) => self.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Waits until the backlog is within its limits, or nothing is written any more.
    pub(super) fn wait_for_room(&self, status: &Status) {
        let mut inner = self.lock();
        while inner.is_too_much(&self.limits) && status.check().is_ok() {
            inner = self.changed.wait_timeout(inner, LOOK_EVERY).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Nothing will follow.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn files(&self) -> u64 {
        self.ended.iter().map(|file| file.bytes).sum()
    }

    fn is_much(&self, limits: &JournalLimits) -> bool {
        self.pending > limits.pending_bytes / 2 || self.files() > limits.total_bytes / 2
    }

    fn is_too_much(&self, limits: &JournalLimits) -> bool {
        self.pending > limits.pending_bytes || self.files() > limits.total_bytes
    }
}

//! Commits on their way to the writer: bounded for callers, taken in groups by the writer.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use gatehouse_domain::Result;
use tokio::sync::{Semaphore, oneshot};

use crate::storage::{Batch, Seq, closed};

/// How many commits may wait; more wait outside.
const CAPACITY: usize = 1024;
/// How many commits share one barrier.
const GROUP: usize = 256;
/// How many bytes share one barrier, unless one commit alone has more. It keeps a group
/// within about one segment of sled's log.
const GROUP_BYTES: usize = 1 << 20;

/// A commit and where its answer goes.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) batch: Batch,
    pub(super) answer: oneshot::Sender<Result<Seq>>,
}

/// What the writer gets.
#[derive(Debug)]
pub(super) enum Next {
    /// Commits to write, in order; at least one.
    Group(Vec<Request>),
    /// The time has come and there was none.
    Idle,
    /// The queue is closed and empty.
    Closed,
}

/// The queue. Callers push from any task; only the writer takes.
#[derive(Debug)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    filled: Condvar,
    room: Semaphore,
}

#[derive(Debug, Default)]
struct Inner {
    requests: VecDeque<Request>,
    closed: bool,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self { inner: Mutex::default(), filled: Condvar::new(), room: Semaphore::new(CAPACITY) }
    }

    /// Adds a commit, after waiting for room. Giving up before it is added leaves nothing behind.
    pub(super) async fn push(&self, request: Request) -> Result<()> {
        self.room.acquire().await.map_err(|_| closed())?.forget();
        let mut inner = self.lock();
        if inner.closed {
            return Err(closed());
        }
        inner.requests.push_back(request);
        drop(inner);
        self.filled.notify_one();
        Ok(())
    }

    /// Waits for commits until `deadline` and takes as many as may share a barrier.
    pub(super) fn next(&self, deadline: Instant) -> Next {
        let mut inner = self.lock();
        while inner.requests.is_empty() {
            if inner.closed {
                return Next::Closed;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Next::Idle;
            }
            inner = self.filled.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let group = take_group(&mut inner.requests);
        drop(inner);
        self.room.add_permits(group.len());
        Next::Group(group)
    }

    /// Refuses new commits; the writer still gets those that wait.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.room.close();
        self.filled.notify_one();
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.lock().requests.len()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take_group(requests: &mut VecDeque<Request>) -> Vec<Request> {
    let mut group = Vec::new();
    let mut bytes = 0;
    while let Some(request) = requests.pop_front_if(|next| {
        bytes += next.batch.bytes();
        group.is_empty() || (group.len() < GROUP && bytes <= GROUP_BYTES)
    }) {
        group.push(request);
    }
    group
}

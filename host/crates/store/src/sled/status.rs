//! Whether writing still makes sense. A failed write is final: sled's own error is sticky,
//! and after a failed sync nobody knows what the disk holds.

use std::sync::atomic::{AtomicU64, Ordering};

use gatehouse_domain::{Error, ErrorKind, Result};
use tokio::sync::watch;

use crate::storage::Seq;

/// Set by the writer, read by everyone.
#[derive(Debug)]
pub(super) struct Status {
    failure: watch::Sender<Option<(ErrorKind, String)>>,
    durable: AtomicU64,
}

impl Status {
    pub(super) fn new(durable: Seq) -> Self {
        Self { failure: watch::Sender::new(None), durable: AtomicU64::new(durable.0) }
    }

    /// Refuses when a write has failed.
    pub(super) fn check(&self) -> Result<()> {
        match &*self.failure.borrow() {
            None => Ok(()),
            Some((kind, reason)) => Err(Error::new(*kind, reason.clone())),
        }
    }

    /// Records the first failure and returns the error for everyone after it.
    pub(super) fn fail(&self, error: &Error) -> Error {
        let kind = if error.kind == ErrorKind::StorageFull { error.kind } else { ErrorKind::Unavailable };
        let reason = format!("writing to the database failed, so it takes no more commits until a restart: {error}");
        let first = self.failure.send_if_modified(|failure| {
            let first = failure.is_none();
            failure.get_or_insert((kind, reason));
            first
        });
        if first {
            tracing::error!(%error, "writing to the database failed; no more commits are taken");
        }
        self.check().err().unwrap_or_else(|| Error::unavailable("the database failed"))
    }

    /// Why writing failed, if it did.
    pub(super) fn reason(&self) -> Option<String> {
        self.failure.borrow().as_ref().map(|(_, reason)| reason.clone())
    }

    /// Waits until writing fails.
    pub(super) async fn failed(&self) -> String {
        let mut failure = self.failure.subscribe();
        let _ = failure.wait_for(Option::is_some).await;
        match self.reason() {
            Some(reason) => reason,
            None => std::future::pending().await,
        }
    }

    /// Records what is behind the barrier.
    pub(super) fn passed(&self, seq: Seq) {
        self.durable.store(seq.0, Ordering::Release);
    }

    /// The newest commit behind the barrier.
    pub(super) fn durable(&self) -> Seq {
        Seq(self.durable.load(Ordering::Acquire))
    }
}

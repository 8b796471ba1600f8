//! Storages around storages: one that counts what is read, one that can be killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use async_trait::async_trait;
use gatehouse_domain::{Error, Result};
use gatehouse_store::storage::{Batch, Scan, Seq, Storage, Versioned};
use gatehouse_store::watch::Watch;
use gatehouse_store::{Health, MemoryStorage};

/// Counts reads.
pub(super) struct Counting {
    inner: Arc<dyn Storage>,
    rows: AtomicUsize,
    calls: AtomicUsize,
}

impl Counting {
    pub(super) fn over(inner: Arc<dyn Storage>) -> Self {
        Self { inner, rows: AtomicUsize::new(0), calls: AtomicUsize::new(0) }
    }

    pub(super) fn reset(&self) {
        self.rows.store(0, Ordering::SeqCst);
        self.calls.store(0, Ordering::SeqCst);
    }

    pub(super) fn rows(&self) -> usize {
        self.rows.load(Ordering::SeqCst)
    }

    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    fn count(&self, rows: usize) {
        self.rows.fetch_add(rows, Ordering::SeqCst);
        self.calls.fetch_add(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Storage for Counting {
    async fn read(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>> {
        self.count(keys.len());
        self.inner.read(keys).await
    }
    async fn scan(&self, scan: Scan) -> Result<Vec<(Vec<u8>, Versioned)>> {
        let found = self.inner.scan(scan).await?;
        self.count(found.len());
        Ok(found)
    }
    async fn commit(&self, batch: Batch) -> Result<Seq> {
        self.inner.commit(batch).await
    }
    fn watch(&self, prefix: Vec<u8>) -> Watch {
        self.inner.watch(prefix)
    }
    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
    fn health(&self) -> Health {
        self.inner.health()
    }
}

/// A server's way to the storage, which ends at a chosen step: from then on nothing is answered.
/// A kill at a commit comes before it is stored or after, which the server can not know.
pub(super) struct Mortal {
    inner: Arc<MemoryStorage>,
    /// Steps left; the last one is the kill.
    left: AtomicU64,
    /// Whether the commit that is the last step is stored.
    after: bool,
}

impl Mortal {
    pub(super) fn over(inner: Arc<MemoryStorage>, steps: u64, after: bool) -> Self {
        Self { inner, left: AtomicU64::new(steps), after }
    }

    pub(super) fn is_dead(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0
    }

    /// Takes a step; whether it is the last.
    fn step(&self) -> Result<bool> {
        let took = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        took.map(|left| left == 1).map_err(|_| killed())
    }
}

fn killed() -> Error {
    Error::unavailable("the server was killed")
}

#[async_trait]
impl Storage for Mortal {
    async fn read(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>> {
        if self.step()? { Err(killed()) } else { self.inner.read(keys).await }
    }
    async fn scan(&self, scan: Scan) -> Result<Vec<(Vec<u8>, Versioned)>> {
        if self.step()? { Err(killed()) } else { self.inner.scan(scan).await }
    }
    async fn commit(&self, batch: Batch) -> Result<Seq> {
        if !self.step()? {
            return self.inner.commit(batch).await;
        }
        if self.after {
            self.inner.commit(batch).await?;
        }
        Err(killed())
    }
    fn watch(&self, prefix: Vec<u8>) -> Watch {
        self.inner.watch(prefix)
    }
    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
    fn health(&self) -> Health {
        self.inner.health()
    }
}

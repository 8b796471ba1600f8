//! The storage that is only memory: the model that the real ones are compared with.
//! It forgets everything when it is dropped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use gatehouse_domain::Result;

use crate::health::{Health, Space, State};
use crate::storage::{Batch, Scan, Seq, Storage, Versioned, closed, conflict};
use crate::watch::{Watch, Watchers};

/// A storage in memory, for tests.
#[derive(Debug, Default)]
pub struct MemoryStorage {
    inner: Mutex<Inner>,
    watchers: Watchers,
}

#[derive(Debug, Default)]
struct Inner {
    values: BTreeMap<Vec<u8>, Versioned>,
    seq: u64,
    closed: bool,
}

impl MemoryStorage {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    fn open(&self) -> Result<MutexGuard<'_, Inner>> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.closed { Err(closed()) } else { Ok(inner) }
    }
}

impl Inner {
    /// Applies a batch; returns the keys that it wrote.
    fn apply(&mut self, batch: Batch) -> Result<(Seq, BTreeSet<Vec<u8>>)> {
        let seq_of = |key: &Vec<u8>| self.values.get(key).map(|found| found.seq);
        if !batch.checks.iter().all(|check| check.expect.holds(seq_of(&check.key))) {
            return Err(conflict());
        }
        if !batch.is_read_only() {
            self.seq += 1;
        }
        let seq = Seq(self.seq);
        let mut written = BTreeSet::new();
        for (key, value) in batch.into_writes(seq) {
            match value {
                Some(value) => self.values.insert(key.clone(), Versioned { value, seq }),
                None => self.values.remove(&key),
            };
            written.insert(key);
        }
        Ok((seq, written))
    }
}

#[async_trait]
impl Storage for MemoryStorage {
    async fn read(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>> {
        let inner = self.open()?;
        Ok(keys.iter().map(|key| inner.values.get(key).cloned()).collect())
    }

    async fn scan(&self, scan: Scan) -> Result<Vec<(Vec<u8>, Versioned)>> {
        let inner = self.open()?;
        let Some(bounds) = scan.bounds() else { return Ok(Vec::new()) };
        let range = inner.values.range(bounds).map(|(key, value)| (key.clone(), value.clone()));
        Ok(if scan.reverse { range.rev().take(scan.limit).collect() } else { range.take(scan.limit).collect() })
    }

    async fn commit(&self, batch: Batch) -> Result<Seq> {
        batch.validate()?;
        let (seq, written) = self.open()?.apply(batch)?;
        self.watchers.notify(&written.iter().map(Vec::as_slice).collect());
        Ok(seq)
    }

    fn watch(&self, prefix: Vec<u8>) -> Watch {
        self.watchers.add(prefix)
    }

    async fn close(&self) -> Result<()> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        Ok(())
    }

    fn health(&self) -> Health {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        Health {
            state: State::Writable,
            space: Space::Enough,
            disk_bytes: 0,
            free_bytes: u64::MAX,
            durable: Seq(inner.seq),
            queue: 0,
        }
    }
}

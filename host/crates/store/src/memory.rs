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
    fn apply(&mut self, batch: &Batch) -> Result<Seq> {
        let seq_of = |key: &Vec<u8>| self.values.get(key).map(|found| found.seq);
        if !batch.checks.iter().all(|check| check.expect.holds(seq_of(&check.key))) {
            return Err(conflict());
        }
        if !batch.is_read_only() {
            self.seq += 1;
        }
        let seq = Seq(self.seq);
        for key in &batch.deletes {
            self.values.remove(key);
        }
        for (key, value) in &batch.puts {
            self.values.insert(key.clone(), Versioned { value: value.clone(), seq });
        }
        Ok(seq)
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
        let seq = self.open()?.apply(&batch)?;
        let keys: BTreeSet<&[u8]> =
            batch.puts.iter().map(|(key, _)| key).chain(&batch.deletes).map(Vec::as_slice).collect();
        self.watchers.notify(&keys);
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

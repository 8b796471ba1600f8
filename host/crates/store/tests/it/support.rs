//! Small helpers that the tests share: storages in temporary places, and batches in short.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use gatehouse_domain::Result;
use gatehouse_store::sled::JournalLimits;
use gatehouse_store::storage::{Append, Batch, Check, Expect, Scan, Seq, Storage};
use gatehouse_store::{Artefacts, MemoryStorage, SledConfig, SledStorage, Store};
use tempfile::TempDir;

/// A storage and the directory it lives in.
pub(crate) struct Place {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) dir: TempDir,
    pub(crate) durable: bool,
}

/// One of each kind of storage, empty.
pub(crate) fn places() -> Vec<Place> {
    let place = |durable, storage, dir| Place { storage, dir, durable };
    let dir = || tempfile::tempdir().unwrap();
    let sled = dir();
    let storage = open(sled.path());
    vec![place(false, Arc::new(MemoryStorage::new()), dir()), place(true, storage, sled)]
}

/// An embedded storage with limits that any disk satisfies.
pub(crate) fn open(dir: &Path) -> Arc<dyn Storage> {
    Arc::new(SledStorage::open(config(dir)).unwrap())
}

/// Settings for tests.
pub(crate) fn config(dir: &Path) -> SledConfig {
    let mut config = SledConfig::new(dir);
    config.cache_bytes = 8 << 20;
    config.space.full_bytes = 0;
    config.space.ballast_bytes = 4 << 20;
    // Small, so that files end and the database follows within a test.
    config.journal = JournalLimits {
        file_bytes: 128 << 10,
        total_bytes: 512 << 10,
        pending_bytes: 512 << 10,
        apply_after: Duration::from_millis(3),
    };
    config
}

/// The same for a database that never follows its journal.
pub(crate) fn slow(dir: &Path) -> SledConfig {
    let mut config = config(dir);
    config.journal = JournalLimits { apply_after: Duration::from_secs(3600), ..JournalLimits::default() };
    config
}

/// A typed store over a storage.
pub(crate) fn store(place: &Place) -> Store {
    let artefacts = Artefacts::open(place.dir.path().join("artefacts"), 1 << 20).unwrap();
    Store::new(Arc::clone(&place.storage), artefacts)
}

pub(crate) fn put(key: &[u8], value: &[u8]) -> Batch {
    Batch { puts: vec![(key.to_vec(), value.to_vec())], ..Batch::default() }
}

pub(crate) fn append(entries: &[(&[u8], &[u8])]) -> Batch {
    let append = |(prefix, value): &(&[u8], &[u8])| Append { prefix: prefix.to_vec(), value: value.to_vec() };
    Batch { appends: entries.iter().map(append).collect(), ..Batch::default() }
}

pub(crate) fn delete(key: &[u8]) -> Batch {
    Batch { deletes: vec![key.to_vec()], ..Batch::default() }
}

pub(crate) fn check(key: &[u8], expect: Expect) -> Check {
    Check { key: key.to_vec(), expect }
}

pub(crate) fn when(key: &[u8], expect: Expect, mut batch: Batch) -> Batch {
    batch.checks.push(check(key, expect));
    batch
}

pub(crate) async fn get(storage: &dyn Storage, key: &[u8]) -> Result<Option<(Vec<u8>, Seq)>> {
    let found = storage.read(&[key.to_vec()]).await?.pop().unwrap();
    Ok(found.map(|found| (found.value, found.seq)))
}

/// Keys and values below a prefix, in order.
pub(crate) async fn all(storage: &dyn Storage, prefix: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let scan = Scan { prefix: prefix.to_vec(), after: None, limit: 1_000_000, reverse: false };
    let found = storage.scan(scan).await.unwrap();
    found.into_iter().map(|(key, found)| (key, found.value)).collect()
}

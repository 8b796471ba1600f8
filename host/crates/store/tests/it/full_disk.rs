//! A full disk stops new commits and loses nothing. Needs the right to mount a small disk in
//! memory; without it, these tests say so and end.

use std::fs;
use std::path::Path;
use std::process::Command;

use gatehouse_domain::ErrorKind;
use gatehouse_store::storage::Storage;
use gatehouse_store::{SledStorage, Space, State};
use tempfile::TempDir;

use crate::support::{all, config, get, put};

struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount(mebibytes: u32) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let size = format!("size={mebibytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(dir.path()).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(dir));
        }
        println!("skipped: this user may not mount a small disk");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).output();
    }
}

fn key(n: u32) -> Vec<u8> {
    [&b"k/"[..], &n.to_be_bytes()].concat()
}

/// Commits until one is refused; returns how many were acknowledged.
async fn fill(storage: &SledStorage, from: u32) -> (u32, gatehouse_domain::Error) {
    let mut n = from;
    loop {
        match storage.commit(put(&key(n), &[n as u8; 12_000])).await {
            Ok(_) => n += 1,
            Err(error) => return (n, error),
        }
        assert!(n < 100_000, "the disk never fills");
    }
}

#[tokio::test]
async fn a_disk_that_fills_under_the_database_loses_nothing() {
    for size in [9, 13, 21] {
        let Some(disk) = SmallDisk::mount(size) else { return };
        let storage = SledStorage::open(config(disk.path())).unwrap();
        let (stored, error) = fill(&storage, 0).await;
        assert!(stored > 10);
        assert_eq!(error.kind, ErrorKind::StorageFull, "{error}");
        assert!(matches!(storage.health().state, State::Failed { .. }));
        storage.failed().await;
        assert_eq!(storage.commit(put(b"x", b"1")).await.unwrap_err().kind, ErrorKind::StorageFull);
        // Sled may refuse reads after its failure; those it answers show what was acknowledged, no more.
        for n in 0..=stored {
            if let Ok(found) = get(&storage, &key(n)).await {
                assert_eq!(found.is_some(), n < stored, "{n} of {stored}");
            }
        }
        drop(storage);
        // Nothing is free, and the database opens with what the ballast gives back.
        let storage = SledStorage::open(config(disk.path())).unwrap();
        let found = all(&storage, b"k/").await;
        // The commit that failed may or may not be there; every acknowledged one is.
        assert!(found.len() as u32 == stored || found.len() as u32 == stored + 1, "{} of {stored}", found.len());
        assert!(found.iter().zip(0..).all(|((k, v), n)| *k == key(n) && *v == [n as u8; 12_000]));
        storage.commit(put(b"x", b"1")).await.unwrap();
    }
}

#[tokio::test]
async fn writes_stop_before_the_disk_is_full_and_go_on_with_space() {
    let Some(disk) = SmallDisk::mount(48) else { return };
    let mut config = config(disk.path());
    config.space.full_bytes = 10 << 20;
    config.space.low_bytes = 20 << 20;
    let storage = SledStorage::open(config.clone()).unwrap();
    assert_eq!(storage.health().space, Space::Enough);
    let filler = disk.path().join("filler");
    fs::write(&filler, vec![0; 25 << 20]).unwrap();
    assert_eq!(storage.health().space, Space::Low);
    assert!(storage.health().is_writable());
    let (stored, error) = fill(&storage, 0).await;
    assert_eq!(error.kind, ErrorKind::StorageFull);
    assert!(error.message.contains("free some space"), "{error}");
    assert!(matches!(storage.health().state, State::ReadOnly { .. }));
    assert_eq!(all(&storage, b"k/").await.len() as u32, stored);
    fs::remove_file(&filler).unwrap();
    storage.commit(put(&key(stored), b"again")).await.unwrap();
    assert_eq!(storage.health().state, State::Writable);
    storage.close().await.unwrap();
    fs::write(&filler, vec![0; 25 << 20]).unwrap();
    let storage = SledStorage::open(config).unwrap();
    assert_eq!(all(&storage, b"k/").await.len() as u32, stored + 1, "a full disk is readable after a restart");
}

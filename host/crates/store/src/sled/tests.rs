//! What happens when a write or a sync fails at any point: nothing is acknowledged from then on,
//! and a restart has everything that was. And what only shows from within.

use std::path::Path;
use std::time::Duration;

use gatehouse_domain::ErrorKind;

use super::fault::{self, Operation};
use super::{JournalLimits, SledConfig, SledStorage, sentinel};
use crate::health::State;
use crate::storage::{Batch, Scan, Seq, Storage};

fn config(dir: &std::path::Path) -> SledConfig {
    let mut config = SledConfig::new(dir);
    config.space.full_bytes = 0;
    config.space.ballast_bytes = 0;
    config
}

const EVERYTHING: Scan = Scan { prefix: Vec::new(), after: None, limit: 10_000, reverse: false };

fn put(n: u32) -> Batch {
    Batch { puts: vec![(n.to_be_bytes().to_vec(), vec![7; 3000])], ..Batch::default() }
}

async fn count(storage: &SledStorage) -> u32 {
    storage.scan(EVERYTHING).await.unwrap().len() as u32
}

/// Commits until it fails, and checks that this is final until a restart, which has everything
/// that was acknowledged.
async fn check(mut config: SledConfig, file: &str, operation: Operation, after: u32, errno: i32) {
    config.journal.file_bytes = 16 << 10;
    let storage = SledStorage::open(config.clone()).unwrap();
    storage.commit(put(0)).await.unwrap();
    let fault = fault::inject_into(operation, &config.dir.join(file), after, errno);
    let mut stored = 1;
    let error = loop {
        match storage.commit(put(stored)).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored < 100_000, "{file} never fails");
    };
    let kind = if errno == libc::ENOSPC { ErrorKind::StorageFull } else { ErrorKind::Unavailable };
    assert_eq!(error.kind, kind, "{error}");
    // The disk recovers; the storage does not, since it can not know what was lost.
    drop(fault);
    for _ in 0..3 {
        assert_eq!(storage.commit(put(1_000_000)).await.unwrap_err().kind, kind);
    }
    assert!(storage.failed().await.contains("restart"));
    assert!(matches!(storage.health().state, State::Failed { .. }));
    // Sled may refuse reads after its failure; those it answers never show what was not acknowledged.
    if let Ok(found) = storage.scan(EVERYTHING).await {
        assert_eq!(found.len() as u32, stored);
    }
    assert!(storage.close().await.is_err());
    let storage = SledStorage::open(config).unwrap();
    let found = count(&storage).await;
    assert!(found == stored || found == stored + 1, "{found} of {stored}");
    storage.commit(put(1_000_000)).await.unwrap();
}

#[tokio::test]
async fn a_journal_that_can_not_be_written_or_synced_is_final_until_a_restart() {
    for operation in [Operation::Sync, Operation::Write] {
        for (after, errno) in [(0, libc::EIO), (0, libc::ENOSPC), (1, libc::EIO), (3, libc::ENOSPC), (4, libc::EIO)] {
            let dir = tempfile::tempdir().unwrap();
            check(config(dir.path()), "journal/0000000001", operation, after, errno).await;
        }
    }
}

#[tokio::test]
async fn a_database_that_can_not_be_synced_is_final_until_a_restart() {
    for after in 0..10 {
        let dir = tempfile::tempdir().unwrap();
        let mut config = config(dir.path());
        config.journal.apply_after = Duration::ZERO;
        let errno = if after % 2 == 0 { libc::EIO } else { libc::ENOSPC };
        check(config, "db-000001/db", Operation::Sync, after, errno).await;
    }
}

/// Commits that nothing was applied of yet, newest keys first.
async fn pending(dir: &Path, count: u32) -> SledConfig {
    let mut config = config(dir);
    config.journal.apply_after = Duration::from_secs(3600);
    let storage = SledStorage::open(config.clone()).unwrap();
    for n in (0..count).rev() {
        storage.commit(put(n)).await.unwrap();
    }
    // As a killed process: what it has open is forgotten.
    let killed = dir.join("killed");
    copy(dir, &killed);
    drop(storage);
    config.dir = killed;
    config
}

fn copy(from: &Path, to: &Path) {
    let entries: Vec<_> = std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()).collect();
    std::fs::create_dir_all(to).unwrap();
    for path in entries.iter().filter(|path| *path != to) {
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(path, &target);
        } else {
            std::fs::copy(path, &target).unwrap();
        }
    }
}

#[tokio::test]
async fn a_start_that_fails_at_any_point_of_applying_is_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = pending(dir.path(), 900).await;
    config.journal.apply_after = Duration::ZERO;
    for after in [0, 1, 2, 3, 5, 8, 13, 21] {
        let storage = SledStorage::open(config.clone()).unwrap();
        assert_eq!(count(&storage).await, 900);
        let fault = fault::inject(&config.dir.join("db-000001/db"), after, libc::EIO);
        // One more commit, so that there is work even where everything is applied.
        let _ = storage.commit(put(0)).await;
        let _ = storage.close().await;
        drop(fault);
    }
    let storage = SledStorage::open(config.clone()).unwrap();
    assert_eq!(count(&storage).await, 900);
    storage.close().await.unwrap();
    // Everything is in the database now, and the journal needs no more than one file.
    let left = std::fs::read_dir(config.dir.join("journal")).unwrap();
    assert_eq!(left.filter(|entry| entry.as_ref().unwrap().path().extension().is_none()).count(), 1);
}

/// Part of what was committed is in the database, and the journal that has the rest is lost,
/// as is the mark of how far it had got: then the whole is refused.
#[tokio::test]
async fn a_database_that_is_ahead_of_its_journal_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let empty = tempfile::tempdir().unwrap();
    SledStorage::open(config(empty.path())).unwrap().close().await.unwrap();
    let config = pending(dir.path(), 900).await;
    let mut refused = 0;
    for after in 0..8 {
        let dir = dir.path().join(format!("case-{after}"));
        copy(&config.dir, &dir);
        let mut config = SledConfig { dir: dir.clone(), ..config.clone() };
        config.journal.apply_after = Duration::ZERO;
        let storage = SledStorage::open(config.clone()).unwrap();
        let fault = fault::inject(&dir.join("db-000001/db"), after, libc::EIO);
        let _ = storage.close().await;
        drop(storage);
        drop(fault);
        let journal = dir.join("journal/0000000001");
        std::fs::File::options().write(true).open(&journal).unwrap().set_len(512).unwrap();
        let uuid = sentinel::read(&dir).unwrap().unwrap().uuid;
        std::fs::remove_file(dir.join("COMMITTED")).unwrap();
        sentinel::Sentinel::open(&dir, sentinel::Mark { uuid, seq: Seq(1) }).unwrap();
        match SledStorage::open(config) {
            Ok(storage) => {
                let found = count(&storage).await;
                assert!(found == 0 || found == 900, "{found} of 900 after {after} syncs");
            }
            Err(error) => {
                assert_eq!(error.kind, ErrorKind::Corrupt);
                refused += 1;
            }
        }
    }
    assert!(refused > 0);
}

#[tokio::test]
async fn what_is_pending_is_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.journal = JournalLimits {
        file_bytes: 64 << 10,
        total_bytes: 256 << 10,
        pending_bytes: 64 << 10,
        apply_after: Duration::from_secs(3600),
    };
    let storage = SledStorage::open(config).unwrap();
    for n in 0..2000 {
        storage.commit(put(n)).await.unwrap();
        assert!(storage.pending() <= (64 << 10) + 4000, "{}", storage.pending());
    }
    let journal: u64 = std::fs::read_dir(dir.path().join("journal"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().map_or(0, |file| file.len()))
        .sum();
    // What may be full with one file more, the present file, and two to use again.
    assert!(journal <= (256 + 4 * (64 + 4)) << 10, "{journal}");
    assert_eq!(count(&storage).await, 2000);
}

#[tokio::test]
async fn a_database_from_before_the_journal_gets_one() {
    let dir = tempfile::tempdir().unwrap();
    let storage = SledStorage::open(config(dir.path())).unwrap();
    storage.commit(put(1)).await.unwrap();
    storage.close().await.unwrap();
    drop(storage);
    let open = super::open::open(&dir.path().join("db-000001"), 1 << 20).unwrap();
    for key in [super::cell::JOURNAL, super::cell::HIGH] {
        open.tree.remove(key).unwrap();
    }
    super::open::pass_barrier(&open).unwrap();
    drop(open);
    std::fs::remove_dir_all(dir.path().join("journal")).unwrap();
    for expect in 1..3 {
        let storage = SledStorage::open(config(dir.path())).unwrap();
        assert_eq!(count(&storage).await, expect);
        storage.commit(put(expect + 1)).await.unwrap();
    }
    std::fs::remove_dir_all(dir.path().join("journal")).unwrap();
    let error = SledStorage::open(config(dir.path())).err().unwrap();
    assert!(error.kind == ErrorKind::Corrupt && error.message.contains("journal"), "{error}");
}

#[tokio::test]
async fn a_sentinel_that_can_not_be_synced_stops_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.sentinel_every = std::time::Duration::ZERO;
    let storage = SledStorage::open(config).unwrap();
    storage.commit(put(0)).await.unwrap();
    let _fault = fault::inject(&dir.path().join("COMMITTED"), 0, libc::EIO);
    // The mark of the commit before may be made after its answer, and so fail already.
    let _ = storage.commit(put(1)).await;
    assert!(storage.failed().await.contains("COMMITTED"));
    assert_eq!(storage.commit(put(2)).await.unwrap_err().kind, ErrorKind::Unavailable);
}

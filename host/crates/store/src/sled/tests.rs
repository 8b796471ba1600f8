//! What happens when a sync fails: nothing is acknowledged from then on, and a restart has
//! everything that was.

use gatehouse_domain::ErrorKind;

use super::{SledConfig, SledStorage, fault};
use crate::health::State;
use crate::storage::{Batch, Scan, Storage};

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

#[tokio::test]
async fn a_failed_sync_is_final_until_a_restart() {
    for (after, errno, kind) in (0..12u32).map(|after| match after % 2 {
        0 => (after, libc::EIO, ErrorKind::Unavailable),
        _ => (after, libc::ENOSPC, ErrorKind::StorageFull),
    }) {
        let dir = tempfile::tempdir().unwrap();
        let storage = SledStorage::open(config(dir.path())).unwrap();
        let file = dir.path().join("db-000001/db");
        storage.commit(put(0)).await.unwrap();
        let fault = fault::inject(&file, after, errno);
        let mut stored = 1;
        let error = loop {
            match storage.commit(put(stored)).await {
                Ok(_) => stored += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind, kind, "{error}");
        assert!(stored <= after + 1);
        // The disk recovers; the storage does not, since it can not know what was lost.
        drop(fault);
        for _ in 0..3 {
            assert_eq!(storage.commit(put(1000)).await.unwrap_err().kind, kind);
        }
        assert!(storage.failed().await.contains("restart"));
        assert!(matches!(storage.health().state, State::Failed { .. }));
        // Sled may refuse reads after its failure; those it answers never show what was not acknowledged.
        if let Ok(found) = storage.scan(EVERYTHING).await {
            assert_eq!(found.len() as u32, stored);
        }
        assert!(storage.close().await.is_err());
        let storage = SledStorage::open(config(dir.path())).unwrap();
        let found = count(&storage).await;
        assert!(found == stored || found == stored + 1, "{found} of {stored}");
        storage.commit(put(1000)).await.unwrap();
    }
}

#[tokio::test]
async fn a_sentinel_that_can_not_be_synced_stops_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.sentinel_every = std::time::Duration::ZERO;
    let storage = SledStorage::open(config).unwrap();
    storage.commit(put(0)).await.unwrap();
    let _fault = fault::inject(&dir.path().join("COMMITTED"), 0, libc::EIO);
    storage.commit(put(1)).await.unwrap();
    assert!(storage.failed().await.contains("COMMITTED"));
    assert_eq!(storage.commit(put(2)).await.unwrap_err().kind, ErrorKind::Unavailable);
}

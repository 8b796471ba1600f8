//! Damaged files: data comes back right or is refused; it is never wrong and never missing.

use std::fs;
use std::path::{Path, PathBuf};

use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::SledStorage;
use gatehouse_store::storage::{Batch, Scan, Storage, Versioned};
use tempfile::TempDir;

use crate::support::{config, put, slow};

type Entries = Vec<(Vec<u8>, Versioned)>;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

async fn everything(dir: &Path) -> Result<Entries> {
    let storage = SledStorage::open(config(dir))?;
    let found = storage.scan(Scan { limit: 100_000, ..Scan::default() }).await?;
    Ok(found)
}

/// A closed database with values of many sizes, some overwritten and some deleted.
async fn sample() -> (TempDir, Entries) {
    let dir = tempfile::tempdir().unwrap();
    let storage = SledStorage::open(config(dir.path())).unwrap();
    let expect = fill(&storage).await;
    storage.close().await.unwrap();
    (dir, expect)
}

/// The same of a process that was killed before anything but the journal had it.
async fn pending_sample() -> (TempDir, Entries) {
    let (dir, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let storage = SledStorage::open(slow(dir.path())).unwrap();
    let expect = fill(&storage).await;
    copy(dir.path(), killed.path());
    (killed, expect)
}

async fn fill(storage: &SledStorage) -> Entries {
    for n in 0..200u32 {
        let value = n.to_be_bytes().repeat(1 + (n as usize * 37) % 300);
        let mut batch = put(format!("key/{:03}", n % 150).as_bytes(), &value);
        batch.deletes.extend((n % 11 == 0).then(|| format!("key/{:03}", (n + 75) % 150).into_bytes()));
        storage.commit(batch).await.unwrap();
    }
    storage.scan(Scan { limit: 100_000, ..Scan::default() }).await.unwrap()
}

/// Damages a copy and checks that it is refused, or read right.
async fn check(original: &Path, expect: &Entries, what: &str, damage: impl FnOnce(&Path)) -> bool {
    let dir = tempfile::tempdir().unwrap();
    copy(original, dir.path());
    damage(dir.path());
    match everything(dir.path()).await {
        Ok(found) => {
            assert!(found == *expect, "{what}: {} entries, expected {}", found.len(), expect.len());
            false
        }
        Err(error) => {
            let refused = matches!(error.kind, ErrorKind::Corrupt | ErrorKind::Unavailable | ErrorKind::Internal);
            assert!(refused, "{what}: {error}");
            true
        }
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files = vec![PathBuf::from("COMMITTED"), PathBuf::from("CURRENT")];
    for folder in ["db-000001", "journal"].map(Path::new) {
        for entry in fs::read_dir(dir.join(folder)).unwrap() {
            let entry = entry.unwrap();
            if entry.path().is_file() {
                files.push(folder.join(entry.file_name()));
            }
        }
    }
    files
}

#[tokio::test]
async fn a_flipped_bit_is_noticed_or_harmless() {
    for (dir, expect) in [sample().await, pending_sample().await] {
        check_flips(dir.path(), &expect).await;
    }
}

async fn check_flips(dir: &Path, expect: &Entries) {
    let (mut cases, mut refused) = (0, 0);
    for file in files(dir) {
        let bytes = fs::read(dir.join(&file)).unwrap();
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        for step in 0..60u64 {
            let at = (step * 2_654_435_761 % used.max(1) as u64) as usize;
            let bit = 1 << (step % 8);
            let flip = |copy: &Path| {
                let mut bytes = bytes.clone();
                bytes[at] ^= bit;
                fs::write(copy.join(&file), bytes).unwrap();
            };
            cases += 1;
            refused += u32::from(check(dir, expect, &format!("{} at {at}", file.display()), flip).await);
        }
    }
    assert!(refused > 0, "none of {cases} damages was noticed, so the test damages nothing");
}

#[tokio::test]
async fn a_truncated_file_is_noticed_or_harmless() {
    for (dir, expect) in [sample().await, pending_sample().await] {
        check_cuts(dir.path(), &expect).await;
    }
}

async fn check_cuts(dir: &Path, expect: &Entries) {
    for file in files(dir) {
        let length = fs::metadata(dir.join(&file)).unwrap().len();
        for step in 0..12u64 {
            let left = length * step / 12;
            let cut =
                |copy: &Path| fs::File::options().write(true).open(copy.join(&file)).unwrap().set_len(left).unwrap();
            let refused = check(dir, expect, &format!("{} cut to {left}", file.display()), cut).await;
            assert!(refused || !file.ends_with("db") || step > 0, "an emptied database was served");
        }
    }
}

#[tokio::test]
async fn a_missing_file_is_never_taken_for_a_new_database() {
    let (dir, expect) = sample().await;
    for (file, may_open) in [
        ("COMMITTED", false),
        ("CURRENT", false),
        ("db-000001/db", false),
        ("db-000001", false),
        ("journal", false),
        ("BALLAST", true),
        ("LOCK", true),
    ] {
        let remove = |copy: &Path| {
            let path = copy.join(file);
            if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
        };
        let refused = check(dir.path(), &expect, file, remove).await;
        assert_eq!(refused, !may_open, "{file}");
    }
}

#[tokio::test]
async fn a_lost_database_is_refused_and_the_refusal_tells_of_the_journal() {
    let (dir, _) = pending_sample().await;
    fs::remove_file(dir.path().join("db-000001/db")).unwrap();
    let error = everything(dir.path()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Corrupt);
    assert!(error.message.contains("holds the commits 2 to 201"), "{error}");
}

/// The last record is torn, as by a power cut before it was acknowledged: everything but its
/// commit is there, and the next commits are kept.
#[tokio::test]
async fn a_torn_last_record_is_not_there_and_not_in_the_way() {
    let dir = tempfile::tempdir().unwrap();
    let storage = SledStorage::open(slow(dir.path())).unwrap();
    let expect = fill(&storage).await;
    let mark = fs::read(dir.path().join("COMMITTED")).unwrap();
    let journal = dir.path().join("journal/0000000001");
    let used = |path: &Path| fs::read(path).unwrap().iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let before = used(&journal).next_multiple_of(512);
    storage.commit(put(b"torn", &[7; 900])).await.unwrap();
    let end = used(&journal);
    assert!(end > before + 900);
    for at in (before..end).step_by(53) {
        let killed = tempfile::tempdir().unwrap();
        copy(dir.path(), killed.path());
        fs::write(killed.path().join("COMMITTED"), &mark).unwrap();
        let journal = killed.path().join("journal/0000000001");
        let mut bytes = fs::read(&journal).unwrap();
        bytes[at..end].fill(0);
        fs::write(&journal, bytes).unwrap();
        assert!(everything(killed.path()).await.unwrap() == expect, "torn at {at}");
        let storage = SledStorage::open(slow(killed.path())).unwrap();
        storage.commit(put(b"next", b"1")).await.unwrap();
        drop(storage);
        assert_eq!(everything(killed.path()).await.unwrap().len(), expect.len() + 1);
        // With the mark of the killed process, the same is a loss.
        let killed = tempfile::tempdir().unwrap();
        copy(dir.path(), killed.path());
        let journal = killed.path().join("journal/0000000001");
        fs::write(&journal, &fs::read(&journal).unwrap()[..at]).unwrap();
        let error = everything(killed.path()).await.unwrap_err();
        assert!(error.kind == ErrorKind::Corrupt && error.message.contains("acknowledged"), "{error}");
    }
}

#[tokio::test]
async fn an_older_or_foreign_database_is_refused() {
    let (dir, expect) = sample().await;
    let newer = tempfile::tempdir().unwrap();
    copy(dir.path(), newer.path());
    let storage = SledStorage::open(config(newer.path())).unwrap();
    storage.commit(Batch { puts: vec![(b"one".to_vec(), b"more".to_vec())], ..Batch::default() }).await.unwrap();
    storage.close().await.unwrap();
    let mark = newer.path().join("COMMITTED");
    let replace = |copy: &Path| assert!(fs::copy(&mark, copy.join("COMMITTED")).unwrap() > 0);
    assert!(check(dir.path(), &expect, "an older database", replace).await);

    let (other, _) = sample().await;
    let mark = other.path().join("COMMITTED");
    let replace = |copy: &Path| assert!(fs::copy(&mark, copy.join("COMMITTED")).unwrap() > 0);
    assert!(check(dir.path(), &expect, "another database", replace).await);
}

#[tokio::test]
async fn what_a_crash_in_opening_leaves_is_cleared() {
    let (dir, expect) = sample().await;
    let litter = |copy: &Path| {
        let database = copy.join("db-000001");
        fs::write(database.join("snap.0000000000000001.generating"), "half").unwrap();
        fs::write(database.join("snap.FFFFFFFFFFFFFFFF"), "nonsense").unwrap();
        fs::write(database.join("OPENING"), "").unwrap();
        fs::create_dir(copy.join("db-000002")).unwrap();
    };
    assert!(!check(dir.path(), &expect, "litter", litter).await);
}

#[tokio::test]
async fn a_database_that_spilled_is_refused() {
    let (dir, expect) = sample().await;
    let spill = |copy: &Path| fs::write(copy.join("db-000001/blobs/12345"), "spilled").unwrap();
    // Sled clears such files at start when it has no use for them; either is right.
    check(dir.path(), &expect, "a spilled value", spill).await;
}

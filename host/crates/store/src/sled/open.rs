//! Opens one sled database with the settings that must never change, and never without a snapshot
//! that is whole: where sled has used its first segments again, its log alone can not be read any
//! more, and a try to do so overwrites what is left.

use std::fs::File;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use ::sled::{Config, Db, Mode};
use gatehouse_domain::{Error, Result};

use super::cell::{self, guarded, sled_error};
use super::{blobs, shim};
use crate::files::{barrier, io_error, names, remove};
use crate::storage::Seq;

/// Part of the file format: a database can not be opened with another value.
const SEGMENT_BYTES: usize = 2 << 20;
/// What the names of sled's snapshots begin with.
const SNAPSHOT: &str = "snap.";

/// An open database.
pub(super) struct Open {
    /// The tree that holds everything; it keeps the database open.
    pub(super) tree: ::sled::Tree,
    /// Our own descriptor of the database file.
    pub(super) file: File,
}

/// Opens or creates the database in `path`.
///
/// # Errors
/// Of the kind `Corrupt`, `StorageFull` or `Unavailable`.
pub(super) fn open(path: &Path, cache_bytes: u64) -> Result<Open> {
    std::fs::create_dir_all(path).map_err(|error| io_error("create", path, error))?;
    drop_broken_snapshots(path)?;
    let open = open_once(path, cache_bytes)?;
    blobs::check(path)?;
    Ok(open)
}

/// Proves that a flush reaches the disk through our symbol, by writing something.
///
/// # Errors
/// Of the kind `Internal` when the binary was linked without it.
pub(super) fn self_test(open: &Open) -> Result<()> {
    let boots = cell::get(&open.tree, cell::BOOTS)?.map_or(0, |boots| boots.seq.0);
    let before = shim::syncs();
    let value = cell::encode(cell::BOOTS, Seq(boots + 1), &[]);
    open.tree.insert(cell::BOOTS, value).map_err(|error| sled_error(&error))?;
    pass_barrier(open)?;
    if shim::syncs() > before {
        return Ok(());
    }
    Err(Error::internal(
        "this binary was linked without its own `sync_file_range`, so commits would not be durable; do not use it",
    ))
}

/// Returns when everything that was applied to the tree is on the disk.
pub(super) fn pass_barrier(open: &Open) -> Result<()> {
    open.tree.flush().map_err(|error| sled_error(&error))?;
    barrier(&open.file).map_err(|error| io_error("sync", Path::new("db"), error))
}

fn open_once(path: &Path, cache_bytes: u64) -> Result<Open> {
    let db = open_unlocked(path, cache_bytes)?;
    let tree = (*db).clone();
    let file = path.join("db");
    let file = File::open(&file).map_err(|error| io_error("open", &file, error))?;
    Ok(Open { tree, file })
}

/// Opens the database once its file is free. We hold the directory's lock, so only a thread
/// of sled that is just ending in this process can still hold the file.
fn open_unlocked(path: &Path, cache_bytes: u64) -> Result<Db> {
    let mut tries = 0;
    loop {
        let config = Config::new()
            .path(path)
            .mode(Mode::LowSpace)
            .segment_size(SEGMENT_BYTES)
            .cache_capacity(cache_bytes)
            .flush_every_ms(None)
            .use_compression(false);
        let locked = match guarded(|| config.open()) {
            Err(error) if error.message.contains("could not acquire lock") => error,
            opened => return opened,
        };
        tries += 1;
        if tries == 500 {
            return Err(locked);
        }
        sleep(Duration::from_millis(10));
    }
}

/// Deletes what can not be used of the snapshots: half-written ones, and damaged ones, for which sled
/// would refuse to open.
fn drop_broken_snapshots(path: &Path) -> Result<()> {
    for name in names(path)?.iter().filter(|name| name.starts_with(SNAPSHOT)) {
        let file = path.join(name);
        let bytes = std::fs::read(&file).map_err(|error| io_error("read", &file, error))?;
        if name.ends_with(".generating") || !is_whole(&bytes) {
            remove(&file)?;
        }
    }
    Ok(())
}

/// Whether a snapshot ends with its length and the checksum of what is before both.
fn is_whole(bytes: &[u8]) -> bool {
    let Some((rest, sum)) = bytes.split_last_chunk::<4>() else { return false };
    let Some((body, _)) = rest.split_last_chunk::<8>() else { return false };
    !body.is_empty() && crc32fast::hash(body) == u32::from_le_bytes(*sum)
}

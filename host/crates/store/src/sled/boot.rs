//! From a directory to a database that may be served, or a refusal that says what to do.

use std::path::PathBuf;

use gatehouse_domain::{Error, ErrorKind, Result};
use ring::rand::{SecureRandom, SystemRandom};

use super::cell::{self, corrupt, sled_error};
use super::config::SledConfig;
use super::home::{Found, Home, next_folder};
use super::open::{Open, open, pass_barrier, self_test};
use super::sentinel::{self, Mark, Sentinel};
use super::{ballast, compact};
use crate::storage::Seq;

/// A database that may be served.
pub(super) struct Booted {
    pub(super) open: Open,
    pub(super) sentinel: Sentinel,
    pub(super) seq: Seq,
    /// The database's folder.
    pub(super) path: PathBuf,
    /// Last, so that it is dropped last: the lock is held until the database is closed.
    _home: Home,
}

/// Opens the directory: lock, find, open, check against `COMMITTED`, prove the barrier,
/// compact, mark.
///
/// # Errors
/// [`ErrorKind::Corrupt`] when data is lost or damaged, [`ErrorKind::Unavailable`] when the
/// directory is in use, [`ErrorKind::StorageFull`] when there is no room to open.
pub(super) fn boot(config: &SledConfig) -> Result<Booted> {
    let home = Home::lock(&config.dir)?;
    let name = match home.find()? {
        Found::Database(name) => name,
        Found::Nothing(name) => {
            create(&home, &name, config)?;
            name
        }
    };
    let (open, mark) = match check(&home, &name, config) {
        Err(error) if error.kind == ErrorKind::StorageFull && ballast::drop_it(&home.dir)? => {
            tracing::warn!(%error, "the disk is full; opening the database with the space of the ballast");
            check(&home, &name, config)?
        }
        checked => checked?,
    };
    let (open, name) = compacted(&home, open, name, config)?;
    home.sweep(&name)?;
    let sentinel = Sentinel::open(&home.dir, mark)?;
    ballast::hold(&home.dir, &config.space);
    let path = home.dir.join(&name);
    Ok(Booted { open, sentinel, seq: mark.seq, path, _home: home })
}

/// Creates an empty database. `CURRENT` is written last: until then it is not there.
fn create(home: &Home, name: &str, config: &SledConfig) -> Result<()> {
    home.begin()?;
    let path = home.dir.join(name);
    let open = open(&path, config.cache_bytes)?;
    let mut uuid = [0; 16];
    SystemRandom::new().fill(&mut uuid).map_err(|_| Error::internal("the system has no random numbers"))?;
    let first = Seq(1);
    for (key, value) in [(cell::UUID, uuid.as_slice()), (cell::SEQ, &[])] {
        open.tree.insert(key, cell::encode(key, first, value)).map_err(|error| sled_error(&error))?;
    }
    pass_barrier(&open)?;
    compact::sync_folder(&path)?;
    Sentinel::open(&home.dir, Mark { uuid, seq: first })?;
    home.choose(name)
}

/// Opens the database, compares it with `COMMITTED` and tests its barrier.
fn check(home: &Home, name: &str, config: &SledConfig) -> Result<(Open, Mark)> {
    let open = open(&home.dir.join(name), config.cache_bytes)?;
    let uuid = cell::get(&open.tree, cell::UUID)?.and_then(|found| found.value.try_into().ok());
    let seq = cell::get(&open.tree, cell::SEQ)?.map(|found| found.seq);
    let (Some(uuid), Some(seq)) = (uuid, seq) else {
        return Err(corrupt("it opened empty although it holds acknowledged commits"));
    };
    let mark = Mark { uuid, seq };
    let acknowledged = sentinel::read(&home.dir)?.ok_or_else(|| corrupt("`COMMITTED` is missing"))?;
    if acknowledged.uuid != uuid {
        return Err(corrupt("`COMMITTED` belongs to another database"));
    }
    if acknowledged.seq > seq {
        let (has, had) = (seq.0, acknowledged.seq.0);
        return Err(corrupt(&format!("it holds commits up to {has}, but {had} was acknowledged")));
    }
    self_test(&open)?;
    Ok((open, mark))
}

/// Rewrites the database where that is due. A failure only costs the attempt.
fn compacted(home: &Home, current: Open, name: String, config: &SledConfig) -> Result<(Open, String)> {
    let path = home.dir.join(&name);
    if !compact::is_due(&current, &path, &config.compaction)? {
        return Ok((current, name));
    }
    home.sweep(&name)?;
    let next = next_folder(&name);
    let next_path = home.dir.join(&next);
    if let Err(error) = compact::copy(&current, &next_path, config.cache_bytes) {
        tracing::warn!(%error, "the database could not be compacted; it is used as it is");
        return Ok((current, name));
    }
    drop(current);
    let compact = open(&next_path, config.cache_bytes)?;
    self_test(&compact)?;
    home.choose(&next)?;
    tracing::info!(
        before = compact::disk_bytes(&path),
        after = compact::disk_bytes(&next_path),
        "compacted the database"
    );
    Ok((compact, next))
}

//! From a directory to a database that may be served, or a refusal that says what to do.

use std::path::PathBuf;

use gatehouse_domain::{Error, ErrorKind, Result};
use ring::rand::{SecureRandom, SystemRandom};

use super::cell::{self, corrupt, sled_error};
use super::config::SledConfig;
use super::home::{Found, Home, next_folder};
use super::journal::{self, Journal, Recovered};
use super::open::{Open, open, pass_barrier, self_test};
use super::sentinel::{self, Mark, Sentinel};
use super::{ballast, compact};
use crate::storage::Seq;

/// A database that may be served.
pub(super) struct Booted {
    pub(super) open: Open,
    pub(super) sentinel: Sentinel,
    /// The journal, with what it holds that the tree may not.
    pub(super) recovered: Recovered,
    /// The commit up to which the tree has everything.
    pub(super) applied: Seq,
    /// The database's folder.
    pub(super) path: PathBuf,
    /// Last, so that it is dropped last: the lock is held until the database is closed.
    pub(super) home: Home,
}

/// A database whose journal was read, and that lacks nothing.
struct Checked {
    open: Open,
    uuid: [u8; 16],
    applied: Seq,
    recovered: Recovered,
}

/// Opens the directory: lock, find, open, read the journal, check against `COMMITTED`, prove
/// the barrier, compact, mark.
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
    let Checked { open, uuid, applied, recovered } = match check(&home, &name, config) {
        Err(error) if error.kind == ErrorKind::StorageFull && ballast::drop_it(&home.dir)? => {
            tracing::warn!(%error, "the disk is full; opening the database with the space of the ballast");
            check(&home, &name, config)?
        }
        checked => checked?,
    };
    let (open, name) = compacted(&home, open, name, config)?;
    home.sweep(&name)?;
    let sentinel = Sentinel::open(&home.dir, Mark { uuid, seq: recovered.last })?;
    ballast::hold(&home.dir, &config.space);
    let path = home.dir.join(&name);
    Ok(Booted { open, sentinel, recovered, applied, path, home })
}

/// Creates an empty database. `CURRENT` is written last: until then it is not there.
fn create(home: &Home, name: &str, config: &SledConfig) -> Result<()> {
    home.begin()?;
    let path = home.dir.join(name);
    let open = open(&path, config.cache_bytes)?;
    let mut uuid = [0; 16];
    SystemRandom::new().fill(&mut uuid).map_err(|_| Error::internal("the system has no random numbers"))?;
    let first = Seq(1);
    for (key, value) in [(cell::UUID, uuid.as_slice()), (cell::SEQ, &[]), (cell::JOURNAL, &[])] {
        open.tree.insert(key, cell::encode(key, first, value)).map_err(|error| sled_error(&error))?;
    }
    pass_barrier(&open)?;
    compact::sync_folder(&path)?;
    Journal::create(&home.dir, uuid, first)?;
    Sentinel::open(&home.dir, Mark { uuid, seq: first })?;
    home.choose(name)
}

/// Opens the database and its journal, compares them with `COMMITTED` and tests the barrier.
fn check(home: &Home, name: &str, config: &SledConfig) -> Result<Checked> {
    let advise = |error: Error| match error.kind {
        ErrorKind::Corrupt => Error::new(error.kind, format!("{}; {}", error.message, journal::describe(&home.dir))),
        _ => error,
    };
    let open = open(&home.dir.join(name), config.cache_bytes).map_err(advise)?;
    let uuid = cell::get(&open.tree, cell::UUID)?.and_then(|found| found.value.try_into().ok());
    let seq_in = |key| Ok::<_, Error>(cell::get(&open.tree, key)?.map(|found| found.seq));
    let (Some(uuid), Some(applied)) = (uuid, seq_in(cell::SEQ)?) else {
        return Err(advise(corrupt("it opened empty although it holds acknowledged commits")));
    };
    let acknowledged = sentinel::read(&home.dir)?.ok_or_else(|| corrupt("`COMMITTED` is missing"))?;
    if acknowledged.uuid != uuid {
        return Err(corrupt("`COMMITTED` belongs to another database"));
    }
    if seq_in(cell::JOURNAL)?.is_none() {
        reaches("it", applied, acknowledged.seq)?;
        adopt(home, &open, Mark { uuid, seq: applied })?;
    }
    let recovered = Journal::recover(&home.dir, uuid, applied, config.journal.file_bytes)?;
    let needed = seq_in(cell::HIGH)?.unwrap_or_default().max(acknowledged.seq);
    reaches("it and its journal", recovered.last, needed)?;
    self_test(&open)?;
    Ok(Checked { open, uuid, applied, recovered })
}

fn reaches(what: &str, has: Seq, needs: Seq) -> Result<()> {
    if has >= needs {
        return Ok(());
    }
    Err(corrupt(&format!("{what} holds commits up to {}, but {} was acknowledged", has.0, needs.0)))
}

/// Gives a database its journal that was written before there were any.
fn adopt(home: &Home, open: &Open, mark: Mark) -> Result<()> {
    Journal::create(&home.dir, mark.uuid, mark.seq)?;
    let value = cell::encode(cell::JOURNAL, mark.seq, &[]);
    open.tree.insert(cell::JOURNAL, value).map_err(|error| sled_error(&error))?;
    pass_barrier(open)
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

//! What one entry of the tree looks like. The tree holds our own entries beside the data.
//!
//! Key: one byte that says whose it is, then the key. Value: sequence (8 bytes, big-endian),
//! checksum of key, sequence and value (4 bytes), value. Sled checks its own pages; the
//! checksum here also notices a whole entry that ended up under another key.

use gatehouse_domain::{Error, ErrorKind, Result};

use crate::files::is_full;
use crate::storage::{Seq, Versioned};

/// First byte of the keys that are the storage's own.
pub(super) const META: u8 = 0;
/// First byte of the keys that commits write.
pub(super) const DATA: u8 = 1;

/// The newest commit up to which the tree has everything.
pub(super) const SEQ: &[u8] = &[META, b's'];
/// The database's identity: 16 random bytes.
pub(super) const UUID: &[u8] = &[META, b'u'];
/// The newest commit of which anything is in the tree: the journal has to reach it. Up to
/// [`SEQ`], everything is in the tree.
pub(super) const HIGH: &[u8] = &[META, b'h'];
/// Present once the database has a journal.
pub(super) const JOURNAL: &[u8] = &[META, b'j'];
/// How often it was opened.
pub(super) const BOOTS: &[u8] = &[META, b'b'];

const HEADER: usize = 12;

/// The tree's key for a key of the data.
pub(super) fn data_key(key: &[u8]) -> Vec<u8> {
    let mut full = Vec::with_capacity(key.len() + 1);
    full.push(DATA);
    full.extend_from_slice(key);
    full
}

/// The tree's value.
pub(super) fn encode(key: &[u8], seq: Seq, value: &[u8]) -> Vec<u8> {
    let mut cell = Vec::with_capacity(HEADER + value.len());
    cell.extend_from_slice(&seq.0.to_be_bytes());
    cell.extend_from_slice(&checksum(key, seq, value).to_be_bytes());
    cell.extend_from_slice(value);
    cell
}

/// The value in a cell, if it is the one that was written under `key`.
pub(super) fn decode(key: &[u8], cell: &[u8]) -> Result<Versioned> {
    let (Some((seq, rest)), true) = (cell.split_first_chunk::<8>(), cell.len() >= HEADER) else {
        return Err(damaged(key));
    };
    let (Some((sum, value)), seq) = (rest.split_first_chunk::<4>(), Seq(u64::from_be_bytes(*seq))) else {
        return Err(damaged(key));
    };
    if u32::from_be_bytes(*sum) != checksum(key, seq, value) {
        return Err(damaged(key));
    }
    Ok(Versioned { value: value.to_vec(), seq })
}

/// Reads one entry.
pub(super) fn get(tree: &::sled::Tree, key: &[u8]) -> Result<Option<Versioned>> {
    let found = guarded(|| tree.get(key))?;
    found.map(|cell| decode(key, &cell)).transpose()
}

/// Runs a call into sled. Sled panics on some damaged pages; that is an error here, where
/// panics unwind, and ends the process where they do not.
pub(super) fn guarded<T>(call: impl FnOnce() -> ::sled::Result<T>) -> Result<T> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(|error| sled_error(&error)),
        Err(panic) => Err(corrupt(&panic_text(panic.as_ref()))),
    }
}

/// Our error for one of sled's.
pub(super) fn sled_error(error: &::sled::Error) -> Error {
    match error {
        ::sled::Error::Corruption { .. } => corrupt(&error.to_string()),
        ::sled::Error::Io(io) if is_full(io) => {
            Error::new(ErrorKind::StorageFull, format!("the disk of the database is full ({io}); free some space"))
        }
        other => Error::unavailable(format!("the database failed: {other}")),
    }
}

/// What a panic said.
pub(super) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".to_owned())
}

/// The error for a database that can not be trusted.
pub(super) fn corrupt(what: &str) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        format!("the database is damaged ({what}); restore the data directory from a backup"),
    )
}

// Keys can be secrets (the id of an endpoint is), so only a fingerprint is shown.
fn damaged(key: &[u8]) -> Error {
    corrupt(&format!("the value of the key with checksum {:08x} is not what was written", crc32fast::hash(key)))
}

fn checksum(key: &[u8], seq: Seq, value: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(&seq.0.to_be_bytes());
    hasher.update(value);
    hasher.finalize()
}

//! One file of the journal: its header, and records appended to it. It knows nothing of what
//! the records mean.
//!
//! The file is filled with zeros some way ahead of its records, or it is an old one whose place
//! is used again. A sync then has to write the record only, and not the file's new size and
//! blocks as well. What an old file still holds can not pass for a record of the new one,
//! since every checksum covers the file's number.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use gatehouse_domain::Result;

use super::record::{ALIGN, Identity};
use crate::files::{self, barrier, io_error, is_full, write_at};
use crate::storage::Seq;

/// How far ahead of the records the zeros reach.
const AHEAD: u64 = 256 << 10;

const MAGIC: &[u8; 8] = b"GHJOURNL";

/// A file that takes records.
#[derive(Debug)]
pub(super) struct JournalFile {
    pub(super) identity: Identity,
    pub(super) path: PathBuf,
    file: File,
    /// Where the next record goes.
    pub(super) end: u64,
    /// Up to where the file has been written.
    written: u64,
}

/// What a file begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) identity: Identity,
    /// The commit before the first of this file.
    pub(super) after: Seq,
}

impl JournalFile {
    /// Creates a file that holds no records yet, and its directory's entry, durably: out of
    /// `spare`, if there is one. What an interrupted creation left in its place is overwritten.
    pub(super) fn create(dir: &Path, header: Header, spare: Option<&Path>) -> Result<Self> {
        let path = dir.join(name(header.identity.number));
        let create = || {
            if let Some(spare) = spare {
                fs::rename(spare, &path)?;
            }
            let file = OpenOptions::new().write(true).create(true).truncate(spare.is_none()).open(&path)?;
            write_at(&file, &header.encode(), 0)?;
            barrier(&file)?;
            let written = file.metadata()?.len();
            Ok((file, written))
        };
        let (file, written) = create().map_err(|error| io_error("create", &path, error))?;
        files::sync(dir)?;
        Ok(Self { identity: header.identity, path, file, end: ALIGN as u64, written })
    }

    /// Goes on in a file after the record that ends at `end`. What it holds is synced first: a
    /// killed process may have written what it did not sync.
    pub(super) fn resume(dir: &Path, identity: Identity, end: u64) -> Result<Self> {
        let path = dir.join(name(identity.number));
        let open = || {
            let file = OpenOptions::new().write(true).open(&path)?;
            barrier(&file)?;
            let written = file.metadata()?.len();
            Ok((file, written))
        };
        let (file, written) = open().map_err(|error| io_error("open", &path, error))?;
        Ok(Self { identity, path, file, end, written })
    }

    /// Appends a record and syncs it. Zeros ahead of it reach up to the byte `ahead` at most.
    pub(super) fn append(&mut self, record: &[u8], ahead: u64) -> Result<()> {
        let end = self.end + record.len() as u64;
        let append = || {
            write_at(&self.file, record, self.end)?;
            let written = self.written.max(end);
            let zeros = if end > self.written { ahead.saturating_sub(end).min(AHEAD) } else { 0 };
            let filled = match fill(&self.file, zeros, end) {
                Ok(()) => written + zeros,
                // The record has its place; only the next ones are slower.
                Err(error) if is_full(&error) => written,
                Err(error) => return Err(error),
            };
            barrier(&self.file)?;
            Ok::<_, io::Error>(filled)
        };
        self.written = append().map_err(|error| io_error("write", &self.path, error))?;
        self.end = end;
        Ok(())
    }
}

impl Header {
    fn encode(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(ALIGN);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.identity.uuid);
        bytes.extend_from_slice(&self.identity.number.to_be_bytes());
        bytes.extend_from_slice(&self.after.0.to_be_bytes());
        let sum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&sum.to_be_bytes());
        bytes.resize(ALIGN, 0);
        bytes
    }

    /// The header that a file's bytes begin with, if it is whole.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (uuid, rest) = rest.split_first_chunk::<16>()?;
        let (number, rest) = rest.split_first_chunk::<8>()?;
        let (after, rest) = rest.split_first_chunk::<8>()?;
        let (sum, _) = rest.split_first_chunk::<4>()?;
        let right = magic == MAGIC && crc32fast::hash(bytes.get(..40)?) == u32::from_be_bytes(*sum);
        let identity = Identity { uuid: *uuid, number: u64::from_be_bytes(*number) };
        right.then_some(Self { identity, after: Seq(u64::from_be_bytes(*after)) })
    }
}

fn fill(file: &File, zeros: u64, at: u64) -> io::Result<()> {
    if zeros == 0 {
        return Ok(());
    }
    write_at(file, &vec![0; usize::try_from(zeros).unwrap_or_default()], at)
}

/// What the names of files end with whose place may be used again.
pub(super) const SPARE: &str = "old";

/// The name of the file with this number.
pub(super) fn name(number: u64) -> String {
    format!("{number:010}")
}

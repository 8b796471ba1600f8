//! `COMMITTED`: which database this is and how far it has got, kept outside of it.
//! A database that comes back with less lost something and is never served.
//!
//! The file has three slots. The first two are synced in turn, every second and at shutdown,
//! so that a power cut can tear only one of them. The third is written after every barrier
//! without a sync: it survives a killed process, and a torn one is simply not counted.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use gatehouse_domain::{Error, ErrorKind, Result};

use crate::files::{self, barrier, io_error};
use crate::storage::Seq;

/// The file's name.
pub(super) const FILE: &str = "COMMITTED";

const MAGIC: &[u8; 8] = b"GHCOMMIT";
const SLOT: usize = 512;
const HINT: u64 = 2;

/// What the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// The database's identity.
    pub(super) uuid: [u8; 16],
    /// A commit that was acknowledged.
    pub(super) seq: Seq,
}

/// The open file.
#[derive(Debug)]
pub(super) struct Sentinel {
    file: File,
    path: PathBuf,
    uuid: [u8; 16],
    turn: u64,
    synced: Seq,
}

impl Sentinel {
    /// Opens the file for writing, creates it where it is missing, and marks `mark` durably.
    pub(super) fn open(dir: &Path, mark: Mark) -> Result<Self> {
        let path = dir.join(FILE);
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(|error| io_error("open", &path, error))?;
        let mut sentinel = Self { file, path, uuid: mark.uuid, turn: 0, synced: Seq(0) };
        // Both, so that all blocks exist and no later write needs space.
        sentinel.sync(mark.seq)?;
        sentinel.hint(mark.seq)?;
        sentinel.sync(mark.seq)?;
        files::sync(dir)?;
        Ok(sentinel)
    }

    /// Writes the newest commit without a sync.
    pub(super) fn hint(&mut self, seq: Seq) -> Result<()> {
        self.write(HINT, seq).map_err(|error| io_error("write", &self.path, error))
    }

    /// Writes the newest commit and syncs it.
    pub(super) fn sync(&mut self, seq: Seq) -> Result<()> {
        self.write(self.turn, seq)
            .and_then(|()| barrier(&self.file))
            .map_err(|error| io_error("write", &self.path, error))?;
        self.turn = 1 - self.turn;
        self.synced = seq;
        Ok(())
    }

    /// The commit that was synced last.
    pub(super) fn synced(&self) -> Seq {
        self.synced
    }

    fn write(&self, slot: u64, seq: Seq) -> io::Result<()> {
        self.file.write_all_at(&encode(Mark { uuid: self.uuid, seq }), slot * SLOT as u64)
    }
}

/// What the file says; `None` where there is none.
///
/// # Errors
/// [`ErrorKind::Corrupt`] for a file without a whole slot.
pub(super) fn read(dir: &Path) -> Result<Option<Mark>> {
    let path = dir.join(FILE);
    let mut bytes = Vec::new();
    match File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error("read", &path, error)),
        Ok(_) => {}
    }
    let marks = bytes.chunks(SLOT).filter_map(decode);
    marks.max_by_key(|mark| mark.seq).map(Some).ok_or_else(|| {
        let message =
            format!("`{}` is damaged, so the database can not be checked; restore it from a backup", path.display());
        Error::new(ErrorKind::Corrupt, message)
    })
}

fn encode(mark: Mark) -> Vec<u8> {
    let mut slot = Vec::with_capacity(SLOT);
    slot.extend_from_slice(MAGIC);
    slot.extend_from_slice(&mark.uuid);
    slot.extend_from_slice(&mark.seq.0.to_be_bytes());
    let sum = crc32fast::hash(&slot);
    slot.extend_from_slice(&sum.to_be_bytes());
    slot.resize(SLOT, 0);
    slot
}

fn decode(slot: &[u8]) -> Option<Mark> {
    let (body, rest) = slot.split_at_checked(32)?;
    let (sum, _) = rest.split_first_chunk::<4>()?;
    let (magic, body_rest) = body.split_first_chunk::<8>()?;
    let (uuid, seq) = body_rest.split_first_chunk::<16>()?;
    let seq = Seq(u64::from_be_bytes(seq.try_into().ok()?));
    let whole = magic == MAGIC && crc32fast::hash(body) == u32::from_be_bytes(*sum);
    whole.then_some(Mark { uuid: *uuid, seq })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: [u8; 16] = [7; 16];

    #[test]
    fn the_newest_whole_slot_counts() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()).unwrap(), None);
        let mut sentinel = Sentinel::open(dir.path(), Mark { uuid: UUID, seq: Seq(3) }).unwrap();
        sentinel.sync(Seq(5)).unwrap();
        sentinel.hint(Seq(9)).unwrap();
        let path = dir.path().join(FILE);
        for (slot, seq) in [(2, 5), (0, 3)] {
            let mut bytes = std::fs::read(&path).unwrap();
            assert!(read(dir.path()).unwrap().unwrap().seq.0 > seq);
            bytes[slot * SLOT + 20] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(read(dir.path()).unwrap(), Some(Mark { uuid: UUID, seq: Seq(seq) }), "without slot {slot}");
        }
        std::fs::write(&path, b"").unwrap();
        assert_eq!(read(dir.path()).unwrap_err().kind, ErrorKind::Corrupt);
    }
}

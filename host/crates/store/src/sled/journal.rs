//! The journal: every group of commits is appended here and synced before anyone hears of it.
//! Sled follows later; what sled has durably is deleted here.

mod file;
mod record;
mod replay;

use std::fs;
use std::path::{Path, PathBuf};

use gatehouse_domain::Result;

use self::file::{Header, JournalFile, SPARE};
pub(super) use self::record::{Builder, Identity};
use super::cell::corrupt;
use super::overlay::Overlay;
use crate::files::{self, io_error, names, remove};
use crate::storage::Seq;

/// The folder in the data directory.
pub(super) const FOLDER: &str = "journal";

/// The open journal. Only the writer has it.
#[derive(Debug)]
pub(super) struct Journal {
    dir: PathBuf,
    current: JournalFile,
    /// The newest commit in it.
    last: Seq,
    file_bytes: u64,
}

/// A file that takes no more records.
#[derive(Debug)]
pub(super) struct Ended {
    /// The file.
    pub(super) path: PathBuf,
    /// Its newest commit.
    pub(super) last: Seq,
    /// Its size.
    pub(super) bytes: u64,
}

/// A journal as it was found at start.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) journal: Journal,
    /// The files before the one that takes records, oldest first.
    pub(super) ended: Vec<Ended>,
    /// What it holds that sled may not hold.
    pub(super) overlay: Overlay,
    /// The newest commit.
    pub(super) last: Seq,
}

impl Journal {
    /// Creates an empty journal in a data directory, after the commit `after`.
    pub(super) fn create(home: &Path, uuid: [u8; 16], after: Seq) -> Result<()> {
        let dir = home.join(FOLDER);
        remove(&dir)?;
        fs::create_dir(&dir).map_err(|error| io_error("create", &dir, error))?;
        JournalFile::create(&dir, Header { identity: Identity { uuid, number: 1 }, after }, None)?;
        files::sync(home)
    }

    /// Opens the journal of a data directory whose database holds everything up to `after`.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Corrupt`] for a journal that lacks something.
    pub(super) fn recover(home: &Path, uuid: [u8; 16], after: Seq, file_bytes: u64) -> Result<Recovered> {
        let dir = home.join(FOLDER);
        if !dir.is_dir() {
            return Err(corrupt("its journal is missing"));
        }
        let mut overlay = Overlay::default();
        let replayed = replay::replay(&dir, uuid, after, |seq, (key, value)| {
            overlay.insert(key.to_vec(), seq, value.map(<[u8]>::to_vec));
        })?;
        let mut found = replayed.files;
        let Some(newest) = found.pop() else { return Err(corrupt("its journal has no files")) };
        let identity = Identity { uuid, number: newest.number };
        let current = match newest.end {
            Some(end) => JournalFile::resume(&dir, identity, end)?,
            None => JournalFile::create(&dir, Header { identity, after: newest.last }, None)?,
        };
        let ended = found.into_iter().map(|file| {
            let path = dir.join(file::name(file.number));
            Ended { path, last: file.last, bytes: file.bytes }
        });
        let ended = ended.collect();
        let mut journal = Self { dir, current, last: newest.last, file_bytes };
        let mut ended: Vec<Ended> = ended;
        if journal.last < after {
            // It ends before what sled has, so it can not go on from there.
            tracing::warn!(
                journal = journal.last.0,
                database = after.0,
                "the journal lacks commits that the database has"
            );
            let before = journal.last;
            journal.last = after;
            ended.push(Ended { last: before, ..journal.turn(None)? });
        }
        for name in names(&journal.dir)?.iter().filter(|name| name.ends_with(SPARE)) {
            remove(&journal.dir.join(name))?;
        }
        Ok(Recovered { journal, ended, overlay, last: replayed.last })
    }

    /// Whether the next record begins a new file.
    pub(super) fn is_full(&self) -> bool {
        self.current.end >= self.file_bytes
    }

    /// Appends a record whose last commit is `last`, and syncs it. Returns the file before,
    /// if this record began a new one, out of `spare` if there is one. `has_room`: whether the
    /// disk has room for zeros as well.
    pub(super) fn append(
        &mut self,
        record: Builder,
        last: Seq,
        has_room: bool,
        spare: Option<&Path>,
    ) -> Result<Option<Ended>> {
        let ended = if self.is_full() { Some(self.turn(spare)?) } else { None };
        let record = record.finish(self.current.identity);
        self.current.append(&record, if has_room { self.file_bytes } else { 0 })?;
        self.last = last;
        Ok(ended)
    }

    fn turn(&mut self, spare: Option<&Path>) -> Result<Ended> {
        let Identity { uuid, number } = self.current.identity;
        let header = Header { identity: Identity { uuid, number: number + 1 }, after: self.last };
        let before = std::mem::replace(&mut self.current, JournalFile::create(&self.dir, header, spare)?);
        Ok(Ended { path: before.path, last: self.last, bytes: before.end })
    }
}

/// Puts away files that are not needed any more, oldest first, durably: `keep` of them for
/// use again, whose paths it returns, and the others for good.
pub(super) fn retire(ended: &[Ended], keep: usize) -> Result<Vec<PathBuf>> {
    let mut kept = Vec::new();
    for (file, number) in ended.iter().zip(0..) {
        if number < keep {
            let spare = file.path.with_extension(SPARE);
            fs::rename(&file.path, &spare).map_err(|error| io_error("rename", &file.path, error))?;
            kept.push(spare);
        } else {
            remove(&file.path)?;
        }
    }
    let dir = ended.last().and_then(|file| file.path.parent());
    dir.map_or(Ok(()), files::sync)?;
    Ok(kept)
}

/// What the journal in a data directory says it holds, for the message of a database that can
/// not be opened.
pub(super) fn describe(home: &Path) -> String {
    let dir = home.join(FOLDER);
    let header = |number: &u64| {
        let bytes = fs::read(dir.join(file::name(*number))).ok()?;
        Header::decode(&bytes)
    };
    let first = replay::numbers(&dir).ok().and_then(|numbers| numbers.iter().find_map(header));
    let Some(first) = first else { return "there is no journal that could help".to_owned() };
    let (uuid, after) = (first.identity.uuid, first.after);
    match replay::replay(&dir, uuid, after, |_, _| {}) {
        Ok(replayed) => format!("its journal is whole and holds the commits {} to {}", after.0 + 1, replayed.last.0),
        Err(error) => format!("its journal begins with commit {}, and {error}", after.0 + 1),
    }
}

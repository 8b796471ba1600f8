//! The data directory: which of its folders is the database, and who may use it.
//!
//! `CURRENT` names the database folder and is replaced atomically. It is written last when a
//! database is created, and `CREATING` first, so an interrupted creation is told apart from
//! a lost file.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use gatehouse_domain::{Error, ErrorKind, Result};
use rustix::fs::FlockOperation;

use super::{journal, sentinel};
use crate::files::{self, io_error, names, remove};

const LOCK: &str = "LOCK";
const CURRENT: &str = "CURRENT";
const CREATING: &str = "CREATING";
const PREFIX: &str = "db-";

/// A locked data directory. The lock ends with the value, or with the process.
#[derive(Debug)]
pub(super) struct Home {
    /// The directory.
    pub(super) dir: PathBuf,
    _lock: File,
}

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A database, in this folder.
    Database(String),
    /// Nothing that was ever acknowledged; create this folder.
    Nothing(String),
}

impl Home {
    /// Creates the directory where it is missing, and locks it.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when another process holds it.
    pub(super) fn lock(dir: &Path) -> Result<Self> {
        files::make(dir)?;
        let path = dir.join(LOCK);
        let lock = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let lock = lock.map_err(|error| io_error("open", &path, error))?;
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|error| {
            let path = path.display();
            let message = format!("another process uses this data directory: it holds the lock `{path}`; stop it or choose another directory");
            Error::unavailable(message).caused_by(error)
        })?;
        Ok(Self { dir: dir.to_owned(), _lock: lock })
    }

    /// Finds the database, and clears what an interrupted creation left.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when files are missing that a database always has.
    pub(super) fn find(&self) -> Result<Found> {
        let databases: Vec<String> = names(&self.dir)?.into_iter().filter(|name| name.starts_with(PREFIX)).collect();
        let current = fs::read_to_string(self.dir.join(CURRENT)).ok().map(|name| name.trim().to_owned());
        let has = |name: &str| self.dir.join(name).exists();
        match current {
            Some(name) if !name.starts_with(PREFIX) || !has(&name) => Err(self.lost(&name)),
            Some(_) if !has(sentinel::FILE) => Err(self.lost(sentinel::FILE)),
            Some(name) => {
                remove(&self.dir.join(CREATING))?;
                Ok(Found::Database(name))
            }
            None if has(CREATING) => {
                // Nothing was acknowledged yet.
                for name in databases.iter().map(String::as_str).chain([sentinel::FILE, journal::FOLDER]) {
                    remove(&self.dir.join(name))?;
                }
                Ok(Found::Nothing(folder(1)))
            }
            None if databases.is_empty() && !has(sentinel::FILE) && !has(journal::FOLDER) => {
                Ok(Found::Nothing(folder(1)))
            }
            None => Err(self.lost(CURRENT)),
        }
    }

    /// Marks that a database is being created.
    pub(super) fn begin(&self) -> Result<()> {
        files::replace(&self.dir.join(CREATING), b"a database is being created here\n")
    }

    /// Makes a folder the database.
    pub(super) fn choose(&self, name: &str) -> Result<()> {
        files::replace(&self.dir.join(CURRENT), format!("{name}\n").as_bytes())?;
        remove(&self.dir.join(CREATING))
    }

    /// Deletes every database folder but this one: what a compaction replaced or left half done.
    pub(super) fn sweep(&self, keep: &str) -> Result<()> {
        for name in names(&self.dir)?.iter().filter(|name| name.starts_with(PREFIX) && *name != keep) {
            remove(&self.dir.join(name))?;
        }
        Ok(())
    }

    fn lost(&self, name: &str) -> Error {
        let dir = self.dir.display();
        let message = format!(
            "`{name}` is missing from the data directory `{dir}`, which holds a database; restore the directory from a backup"
        );
        Error::new(ErrorKind::Corrupt, message)
    }
}

/// The folder after this one.
pub(super) fn next_folder(name: &str) -> String {
    folder(name.trim_start_matches(PREFIX).parse::<u64>().unwrap_or(0) + 1)
}

fn folder(number: u64) -> String {
    format!("{PREFIX}{number:06}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(existing: &[(&str, &str)], expect: Result<Found, &str>) {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in existing {
            match *content {
                "dir" => fs::create_dir(dir.path().join(name)).unwrap(),
                text => fs::write(dir.path().join(name), text).unwrap(),
            }
        }
        let found = Home::lock(dir.path()).unwrap().find();
        match expect {
            Ok(expect) => assert_eq!(found.unwrap(), expect, "{existing:?}"),
            Err(missing) => {
                let error = found.unwrap_err();
                assert_eq!(error.kind, ErrorKind::Corrupt);
                assert!(error.message.contains(missing), "{existing:?}: {error}");
            }
        }
    }

    #[test]
    fn a_lost_file_is_never_taken_for_a_new_directory() {
        let db = ("db-000001", "dir");
        let nothing = || Ok(Found::Nothing("db-000001".to_owned()));
        check(&[], nothing());
        check(&[("CREATING", ""), db], nothing());
        check(&[("CREATING", ""), db, ("COMMITTED", ""), ("journal", "dir")], nothing());
        check(&[("CURRENT", "db-000001\n"), db, ("COMMITTED", "")], Ok(Found::Database("db-000001".to_owned())));
        check(&[("CURRENT", "db-000001\n"), ("COMMITTED", "")], Err("db-000001"));
        check(&[("CURRENT", "db-000001\n"), db], Err("COMMITTED"));
        check(&[("COMMITTED", "")], Err("CURRENT"));
        check(&[("journal", "dir")], Err("CURRENT"));
        check(&[db], Err("CURRENT"));
        assert_eq!(next_folder("db-000041"), "db-000042");
    }
}

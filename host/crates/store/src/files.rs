//! File operations that end on the disk, and errors that name the file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use gatehouse_domain::{Error, ErrorKind, Result};

/// Syncs a file's data and size.
pub(crate) fn barrier(file: &File) -> io::Result<()> {
    #[cfg(test)]
    if let Some(errno) = crate::sled::fault::hits(file) {
        return Err(io::Error::from_raw_os_error(errno));
    }
    file.sync_data()
}

/// Writes all of `bytes` at a place in a file.
pub(crate) fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    #[cfg(test)]
    if let Some(errno) = crate::sled::fault::hits_write(file) {
        // As a disk that fills within a write: a part of it is there.
        let part = bytes.get(..bytes.len() / 2).unwrap_or_default();
        file.write_all_at(part, at)?;
        return Err(io::Error::from_raw_os_error(errno));
    }
    file.write_all_at(bytes, at)
}

/// Syncs a directory's entries, or any file by its path.
pub(crate) fn sync(path: &Path) -> Result<()> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| io_error("sync", path, error))
}

/// Creates a directory where it is missing, with those above it, and their entries durably: what is
/// stored in a directory is lost with the directory's own name.
pub(crate) fn make(dir: &Path) -> Result<()> {
    let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let missing: Vec<&Path> = dir.ancestors().take_while(is_missing).collect();
    fs::create_dir_all(dir).map_err(|error| io_error("create", dir, error))?;
    for path in missing.into_iter().rev() {
        let above = path.parent().filter(|above| !above.as_os_str().is_empty());
        sync(above.unwrap_or(Path::new(".")))?;
    }
    Ok(())
}

/// Replaces a file's content; a crash leaves the old or the new.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    // Two at once must not share a temporary file.
    let temporary = path.with_extension(format!("{}.tmp", COUNT.fetch_add(1, Ordering::Relaxed)));
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().map_err(|error| io_error("write", path, error))?;
    path.parent().map_or(Ok(()), sync)
}

/// Deletes a file or a directory with all it holds; one that is not there is no error.
pub(crate) fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("delete", path, error)),
        _ => Ok(()),
    }
}

/// The names in a directory.
pub(crate) fn names(dir: &Path) -> Result<Vec<String>> {
    let read = || -> io::Result<Vec<String>> {
        fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    };
    read().map_err(|error| io_error("list", dir, error))
}

/// The error for a failed file operation: a full disk is told apart from everything else.
pub(crate) fn io_error(action: &str, path: &Path, error: io::Error) -> Error {
    let kind = if is_full(&error) { ErrorKind::StorageFull } else { ErrorKind::Unavailable };
    Error::new(kind, format!("can not {action} `{}`", path.display())).caused_by(error)
}

/// Whether the disk, or the quota, is used up.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

//! Makes a sync or a write of a chosen file fail, for tests of what happens then.

use std::fs::File;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Syncing.
    Sync,
    /// Writing: the first half is written.
    Write,
}

struct Fault {
    operation: Operation,
    number: u64,
    inode: u64,
    after: u32,
    errno: i32,
}

static FAULTS: Mutex<Vec<Fault>> = Mutex::new(Vec::new());

/// A fault that lasts as long as this does. It must not outlive its file: the file system
/// gives the number of a deleted file to a new one, which would then fail in another test.
#[must_use]
pub(crate) struct Injected(u64);

/// Lets `after` syncs of the file pass and fails every one after them with `errno`.
pub(crate) fn inject(path: &Path, after: u32, errno: i32) -> Injected {
    inject_into(Operation::Sync, path, after, errno)
}

/// Lets `after` operations on the file pass and fails every one after them with `errno`.
pub(crate) fn inject_into(operation: Operation, path: &Path, after: u32, errno: i32) -> Injected {
    static NUMBERS: AtomicU64 = AtomicU64::new(0);
    let inode = path.metadata().unwrap().ino();
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
    FAULTS.lock().unwrap_or_else(PoisonError::into_inner).push(Fault { operation, number, inode, after, errno });
    Injected(number)
}

impl Drop for Injected {
    fn drop(&mut self) {
        FAULTS.lock().unwrap_or_else(PoisonError::into_inner).retain(|fault| fault.number != self.0);
    }
}

/// The error to fail a sync of this file with.
pub(crate) fn hits(file: &File) -> Option<i32> {
    errno_of(Operation::Sync, file.as_raw_fd())
}

/// The error to fail a write to this file with.
pub(crate) fn hits_write(file: &File) -> Option<i32> {
    errno_of(Operation::Write, file.as_raw_fd())
}

/// As [`hits`], for a C caller: sets `errno`.
#[allow(unsafe_code, reason = "errno belongs to libc")]
pub(super) fn hits_fd(fd: RawFd) -> bool {
    let Some(errno) = errno_of(Operation::Sync, fd) else { return false };
    // SAFETY: the pointer is to this thread's errno and always valid.
    unsafe { *libc::__errno_location() = errno };
    true
}

#[allow(unsafe_code, reason = "a descriptor from C has no lifetime")]
fn errno_of(operation: Operation, fd: RawFd) -> Option<i32> {
    let mut faults = FAULTS.lock().unwrap_or_else(PoisonError::into_inner);
    if faults.is_empty() {
        return None;
    }
    // SAFETY: the caller holds the descriptor open during this call.
    let inode = rustix::fs::fstat(unsafe { BorrowedFd::borrow_raw(fd) }).ok()?.st_ino;
    let fault = faults.iter_mut().find(|fault| fault.inode == inode && fault.operation == operation)?;
    if fault.after == 0 {
        return Some(fault.errno);
    }
    fault.after -= 1;
    None
}

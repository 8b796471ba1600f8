//! Takes the place of the C library's file calls in this test binary, so that every write, sync and
//! rename of a watched directory is seen in the order in which it was made, sled's among them.
//! What it watches is never synced in earnest: a test's crash is one of the trace and not of the machine.
#![allow(unsafe_code, reason = "C symbols have to be defined to take the place of libc's")]

use std::ffi::{CStr, OsStr, c_char, c_int, c_long, c_uint, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::trace::Trace;

/// How many directories are watched: where there are none, a call goes straight to the kernel.
static WATCHED: AtomicUsize = AtomicUsize::new(0);
static ROOTS: RwLock<Vec<Arc<Root>>> = RwLock::new(Vec::new());

/// A directory that is watched as long as this lives.
pub(crate) struct Watched(Arc<Root>);

struct Root {
    dir: PathBuf,
    /// What was seen; `None` where nobody asks, and only the syncs are left out.
    trace: Option<Mutex<Trace>>,
}

impl Watched {
    /// Records what happens to a directory from now on.
    pub(crate) fn record(dir: &Path) -> Self {
        Self::root(dir, Some(Mutex::new(Trace::of(dir))))
    }

    /// Spares a directory its syncs.
    pub(crate) fn spare(dir: &Path) -> Self {
        Self::root(dir, None)
    }

    fn root(dir: &Path, trace: Option<Mutex<Trace>>) -> Self {
        let root = Arc::new(Root { dir: dir.canonicalize().unwrap(), trace });
        ROOTS.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&root));
        WATCHED.fetch_add(1, Ordering::SeqCst);
        Self(root)
    }

    /// Adds to the trace, in its place among what the store does.
    pub(crate) fn note(&self, note: impl FnOnce(&mut Trace)) {
        if let Some(trace) = &self.0.trace {
            note(&mut trace.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Ends the recording.
    pub(crate) fn end(self) -> Trace {
        let mut trace = Trace::default();
        self.note(|recorded| trace = std::mem::take(recorded));
        trace
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        ROOTS.write().unwrap_or_else(PoisonError::into_inner).retain(|root| !Arc::ptr_eq(root, &self.0));
        WATCHED.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The watched directory that holds a file, and the file's path within it.
fn find(path: &Path) -> Option<(Arc<Root>, PathBuf)> {
    let roots = ROOTS.read().unwrap_or_else(PoisonError::into_inner);
    let found = |root: &Arc<Root>| Some((Arc::clone(root), path.strip_prefix(&root.dir).ok()?.to_owned()));
    roots.iter().find_map(found)
}

fn find_fd(fd: c_int) -> Option<(Arc<Root>, PathBuf)> {
    if WATCHED.load(Ordering::Relaxed) == 0 || fd < 3 {
        return None;
    }
    find(&std::fs::read_link(format!("/proc/self/fd/{fd}")).ok()?)
}

fn find_name(path: *const c_char) -> Option<(Arc<Root>, PathBuf)> {
    if WATCHED.load(Ordering::Relaxed) == 0 {
        return None;
    }
    // SAFETY: the caller passes what the C function takes, a text that ends with a zero.
    find(Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(path) }.to_bytes())))
}

/// Makes a call and records it where it succeeded: both under one lock, so that the order is right.
fn seen(
    found: Option<(Arc<Root>, PathBuf)>,
    call: impl FnOnce() -> c_long,
    note: impl FnOnce(&mut Trace, &Path, i64),
) -> c_long {
    let Some((root, path)) = found else { return call() };
    let Some(trace) = &root.trace else { return call() };
    let mut trace = trace.lock().unwrap_or_else(PoisonError::into_inner);
    let done = call();
    if done >= 0 {
        note(&mut trace, &path, done);
    }
    done
}

fn bytes<'b>(buffer: *const c_void, count: i64) -> &'b [u8] {
    // SAFETY: the kernel has just read as many bytes from there.
    unsafe { std::slice::from_raw_parts(buffer.cast(), usize::try_from(count).unwrap_or(0)) }
}

#[unsafe(no_mangle)]
extern "C" fn open64(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    // SAFETY: the arguments are the caller's own.
    let call = || unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path, flags, mode) };
    let found = if flags & (libc::O_CREAT | libc::O_TRUNC) == 0 { None } else { find_name(path) };
    seen(found, call, |trace, path, _| trace.opened(path, flags & libc::O_TRUNC != 0)) as c_int
}

#[unsafe(no_mangle)]
extern "C" fn write(fd: c_int, buffer: *const c_void, count: usize) -> isize {
    // SAFETY: the arguments are the caller's own.
    let call = || unsafe { libc::syscall(libc::SYS_write, fd, buffer, count) };
    let note = |trace: &mut Trace, path: &Path, wrote| {
        // SAFETY: asks where the descriptor is, and changes nothing.
        let end = unsafe { libc::lseek64(fd, 0, libc::SEEK_CUR) };
        trace.write(path, u64::try_from(end - wrote).unwrap_or(0), bytes(buffer, wrote));
    };
    seen(find_fd(fd), call, note) as isize
}

#[unsafe(no_mangle)]
extern "C" fn pwrite64(fd: c_int, buffer: *const c_void, count: usize, at: i64) -> isize {
    // SAFETY: the arguments are the caller's own.
    let call = || unsafe { libc::syscall(libc::SYS_pwrite64, fd, buffer, count, at) };
    let note = |trace: &mut Trace, path: &Path, wrote| {
        trace.write(path, u64::try_from(at).unwrap_or(0), bytes(buffer, wrote));
    };
    seen(find_fd(fd), call, note) as isize
}

#[unsafe(no_mangle)]
extern "C" fn ftruncate64(fd: c_int, length: i64) -> c_int {
    // SAFETY: the arguments are the caller's own.
    let call = || unsafe { libc::syscall(libc::SYS_ftruncate, fd, length) };
    let note = |trace: &mut Trace, path: &Path, _| trace.resize(path, u64::try_from(length).unwrap_or(0));
    seen(find_fd(fd), call, note) as c_int
}

fn sync(fd: c_int, number: c_long) -> c_int {
    let found = find_fd(fd);
    let watched = found.is_some();
    // SAFETY: the argument is the caller's own.
    let call = || if watched { 0 } else { unsafe { libc::syscall(number, fd) } };
    seen(found, call, |trace, path, _| trace.sync(path)) as c_int
}

#[unsafe(no_mangle)]
extern "C" fn fsync(fd: c_int) -> c_int {
    sync(fd, libc::SYS_fsync)
}

#[unsafe(no_mangle)]
extern "C" fn fdatasync(fd: c_int) -> c_int {
    sync(fd, libc::SYS_fdatasync)
}

#[unsafe(no_mangle)]
extern "C" fn renameat(here: c_int, from: *const c_char, there: c_int, to: *const c_char) -> c_int {
    // `rename` itself is the store's own; it comes through here.
    // SAFETY: the arguments are the caller's own.
    let call = || unsafe { libc::syscall(libc::SYS_renameat2, here, from, there, to, 0) };
    let target = find_name(to);
    let note = |trace: &mut Trace, path: &Path, _| {
        if let Some((_, target)) = target {
            trace.rename(path, &target);
        }
    };
    seen(find_name(from), call, note) as c_int
}

#[unsafe(no_mangle)]
extern "C" fn mkdir(path: *const c_char, mode: c_uint) -> c_int {
    // SAFETY: the arguments are the caller's own.
    let call = || unsafe { libc::syscall(libc::SYS_mkdir, path, mode) };
    seen(find_name(path), call, |trace, path, _| trace.make_folder(path)) as c_int
}

#[unsafe(no_mangle)]
extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: the arguments are the caller's own.
    let call = || unsafe { libc::syscall(libc::SYS_unlink, path) };
    seen(find_name(path), call, |trace, path, _| trace.remove(path)) as c_int
}

#[unsafe(no_mangle)]
extern "C" fn rmdir(path: *const c_char) -> c_int {
    // SAFETY: the arguments are the caller's own.
    let call = || unsafe { libc::syscall(libc::SYS_rmdir, path) };
    seen(find_name(path), call, |trace, path, _| trace.remove(path)) as c_int
}

#[unsafe(no_mangle)]
extern "C" fn unlinkat(folder: c_int, path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: the arguments are the caller's own.
    let call = || unsafe { libc::syscall(libc::SYS_unlinkat, folder, path, flags) };
    let found = match find_fd(folder) {
        // SAFETY: as above.
        Some((root, within)) => {
            let name = unsafe { CStr::from_ptr(path) }.to_bytes();
            Some((root, within.join(OsStr::from_bytes(name))))
        }
        None => find_name(path),
    };
    seen(found, call, |trace, path, _| trace.remove(path)) as c_int
}

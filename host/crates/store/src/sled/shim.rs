//! Makes sled's barriers barriers. Sled calls `sync_file_range`, which syncs neither the
//! file's metadata nor the drive's cache; the symbol is ours here and syncs both. Sled also renames
//! each snapshot into its place and then overwrites what only the snapshot before it needs; the
//! symbol `rename` is ours as well, and syncs the folder of a snapshot in between.

use std::ffi::{CStr, OsStr, c_char, c_int, c_uint};
use std::fs::File;
use std::hint::black_box;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// How often sled asked for a sync in this process.
static SYNCS: AtomicU64 = AtomicU64::new(0);

/// Takes the place of libc's function for everything that is linked statically, sled included.
/// The range and flags are ignored: the whole file is synced.
#[allow(unsafe_code, reason = "a C symbol has to be defined to take the place of libc's")]
#[unsafe(no_mangle)]
pub(super) extern "C" fn sync_file_range(
    fd: c_int,
    _offset: libc::off64_t,
    _bytes: libc::off64_t,
    _flags: c_uint,
) -> c_int {
    SYNCS.fetch_add(1, Ordering::Relaxed);
    #[cfg(test)]
    if super::fault::hits_fd(fd) {
        return -1;
    }
    // SAFETY: fdatasync takes no pointers; a bad descriptor is answered with EBADF.
    unsafe { libc::fdatasync(fd) }
}

/// Takes the place of libc's function, as above.
#[allow(unsafe_code, reason = "a C symbol has to be defined to take the place of libc's")]
#[unsafe(no_mangle)]
pub(super) extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: the pointers are what the caller would pass to libc's own.
    let renamed = unsafe { libc::renameat(libc::AT_FDCWD, from, libc::AT_FDCWD, to) };
    if renamed != 0 {
        return renamed;
    }
    // SAFETY: the call above has read it as a text that ends with a zero.
    let to = Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(to) }.to_bytes()));
    let synced = match to.file_name().zip(to.parent()) {
        Some((name, folder)) if name.as_bytes().starts_with(b"snap.") => {
            File::open(folder).and_then(|it| it.sync_all())
        }
        _ => Ok(()),
    };
    // What failed has left its reason where C looks for it.
    if synced.is_ok() { 0 } else { -1 }
}

/// How often sled asked for a sync so far. That it rises over a flush proves that the
/// binary was linked with our symbol.
pub(super) fn syncs() -> u64 {
    // The reference keeps the linker from leaving this object file, and so the symbol, out.
    black_box((sync_file_range as *const (), rename as *const ()));
    SYNCS.load(Ordering::Relaxed)
}

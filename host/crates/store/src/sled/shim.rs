//! Makes sled's barrier a barrier. Sled calls `sync_file_range`, which syncs neither the
//! file's metadata nor the drive's cache; the symbol is ours here and syncs both.

use std::ffi::{c_int, c_uint};
use std::hint::black_box;
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

/// How often sled asked for a sync so far. That it rises over a flush proves that the
/// binary was linked with our symbol.
pub(super) fn syncs() -> u64 {
    // The reference keeps the linker from leaving this object file, and so the symbol, out.
    black_box(sync_file_range as *const ());
    SYNCS.load(Ordering::Relaxed)
}

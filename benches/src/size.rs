//! How much is measured: with `--quick` a small part of it, to see that everything works.

use std::sync::atomic::{AtomicBool, Ordering};

static QUICK: AtomicBool = AtomicBool::new(false);

/// The part that `--quick` leaves.
const PART: usize = 20;

/// Has every count from now on be a part of itself.
pub(crate) fn be_quick() {
    QUICK.store(true, Ordering::Relaxed);
}

/// A count, or the part of it that is measured.
pub(crate) fn of(count: usize) -> usize {
    if QUICK.load(Ordering::Relaxed) { (count / PART).max(1) } else { count }
}

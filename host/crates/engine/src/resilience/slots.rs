//! A bounded number of places, taken and given back, and a way to wait for one.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Notify;

/// Places of one compartment.
#[derive(Debug)]
pub(super) struct Slots {
    taken: AtomicU32,
    most: AtomicU32,
    /// Told once for each place that is given back. Whoever is told and can not use it, since
    /// another compartment is full, tells the next.
    freed: Notify,
}

impl Slots {
    pub(super) fn new(most: u32) -> Self {
        Self { taken: AtomicU32::new(0), most: AtomicU32::new(most), freed: Notify::new() }
    }

    /// Takes a place, where more than `reserve` are left; the last one is never kept back.
    pub(super) fn take(&self, reserve: u32) -> bool {
        let most = self.most.load(Ordering::Relaxed);
        let usable = most.saturating_sub(reserve).max(1);
        self.taken
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, |taken| (taken < usable).then_some(taken + 1))
            .is_ok()
    }

    /// Gives a place back.
    pub(super) fn give(&self) {
        self.taken.fetch_sub(1, Ordering::AcqRel);
        self.freed.notify_one();
    }

    /// Passes the word on that a place was given back.
    pub(super) fn tell_next(&self) {
        self.freed.notify_one();
    }

    /// Waits until a place was given back since the call before, or is.
    pub(super) async fn wait(&self) {
        self.freed.notified().await;
    }

    /// Sets how many there are. Those taken beyond it come back in their time.
    pub(super) fn resize(&self, most: u32) {
        if self.most.swap(most, Ordering::Relaxed) < most {
            self.freed.notify_one();
        }
    }

    pub(super) fn taken(&self) -> u32 {
        self.taken.load(Ordering::Relaxed)
    }

    pub(super) fn most(&self) -> u32 {
        self.most.load(Ordering::Relaxed)
    }
}

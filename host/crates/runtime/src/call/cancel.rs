//! Ending a call from outside: a flag that a running guest meets at its next epoch and a
//! waiting one at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Sets off the end of a call. Clones set off the same call.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    set: AtomicBool,
    woken: Notify,
}

impl Cancel {
    /// One that is not set off.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the call: within one epoch of ten milliseconds where the guest runs, at once
    /// where it waits.
    pub fn cancel(&self) {
        self.0.set.store(true, Ordering::Release);
        self.0.woken.notify_waiters();
    }

    /// Whether it was set off.
    pub fn is_cancelled(&self) -> bool {
        self.0.set.load(Ordering::Acquire)
    }

    /// Waits until it is set off.
    pub(crate) async fn cancelled(&self) {
        // The waiter is made before the flag is read, so that none is missed between.
        let woken = self.0.woken.notified();
        if !self.is_cancelled() {
            woken.await;
        }
    }
}

/// Sets off a cancel when it is dropped, unless it was disarmed.
pub(crate) struct CancelOnDrop(Option<Cancel>);

impl CancelOnDrop {
    pub(crate) fn new(cancel: Cancel) -> Self {
        Self(Some(cancel))
    }

    pub(crate) fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(cancel) = &self.0 {
            cancel.cancel();
        }
    }
}

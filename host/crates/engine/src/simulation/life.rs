//! One server's life: it ends at a step that the dice chose, and nothing of it is heard after.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A server's life. Clones are the same life.
#[derive(Clone)]
pub(crate) struct Life(Arc<Inner>);

struct Inner {
    /// The steps that are left; the last one is the kill.
    left: AtomicU64,
    /// Whether the commit that is the last step is stored.
    after: bool,
    /// It was thought dead and is not: what it was about goes on, and it begins nothing new.
    haunts: AtomicBool,
}

/// What becomes of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is taken.
    Taken,
    /// It is the last: a commit is stored, and nobody learns of it.
    Last {
        /// Whether it is stored.
        stored: bool,
    },
    /// There is no one to take it.
    Dead,
}

impl Life {
    /// A life of so many steps.
    pub(crate) fn of(steps: u64, after: bool) -> Self {
        Self(Arc::new(Inner { left: AtomicU64::new(steps), after, haunts: AtomicBool::new(false) }))
    }

    /// A life that nothing ends.
    pub(crate) fn endless() -> Self {
        Self::of(u64::MAX, false)
    }

    pub(crate) fn step(&self) -> Step {
        if self.haunts() {
            return Step::Taken;
        }
        match self.0.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
            Ok(1) => Step::Last { stored: self.0.after },
            Ok(_) => Step::Taken,
            Err(_) => Step::Dead,
        }
    }

    /// Ends it at once.
    pub(crate) fn end(&self) {
        self.0.left.store(0, Ordering::SeqCst);
    }

    /// It is thought dead and goes on with what it was about.
    pub(crate) fn haunt(&self) {
        self.0.haunts.store(true, Ordering::SeqCst);
    }

    pub(crate) fn haunts(&self) -> bool {
        self.0.haunts.load(Ordering::SeqCst)
    }

    /// Whether there is nobody any more who hears an answer.
    pub(crate) fn is_over(&self) -> bool {
        !self.haunts() && self.0.left.load(Ordering::SeqCst) == 0
    }

    /// Whether another server is to take its place.
    pub(crate) fn is_replaceable(&self) -> bool {
        self.haunts() || self.is_over()
    }
}

//! Random numbers from a seed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Duration;

/// Random numbers from a seed (splitmix64). Clones go on together.
#[derive(Clone)]
pub(crate) struct Dice(Arc<AtomicU64>);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed)))
    }

    pub(crate) fn roll(&self) -> u64 {
        let state = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst).wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `sides`.
    pub(crate) fn below(&self, sides: u64) -> u64 {
        self.roll() % sides
    }

    /// Whether it is the one of so many.
    pub(crate) fn one_in(&self, sides: u64) -> bool {
        self.below(sides) == 0
    }

    /// Less than so many milliseconds.
    pub(crate) fn millis(&self, below: u64) -> Duration {
        Duration::from_millis(self.below(below))
    }
}

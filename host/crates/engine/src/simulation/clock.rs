//! A clock that somebody sets, beside the time that passes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use gatehouse_domain::Result;
use gatehouse_domain::time::{SignedDuration, Timestamp, from_millis};
use tokio::time::Instant;

use super::Dice;
use crate::clock::Clock;

/// Noon of a day.
const NOON: i64 = 1_800_014_400_000;

/// The servers' clock. Clones are the same clock.
#[derive(Clone)]
pub(crate) struct Skewed {
    began: Instant,
    skew: Arc<AtomicI64>,
    dice: Dice,
}

impl Skewed {
    pub(crate) fn new(dice: &Dice) -> Self {
        Self { began: Instant::now(), skew: Arc::default(), dice: dice.clone() }
    }

    /// Sets it ahead or back.
    pub(crate) fn jump(&self, by: SignedDuration) {
        self.skew.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// The milliseconds that really passed.
    pub(crate) fn passed(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap()
    }
}

impl Clock for Skewed {
    fn now(&self) -> Timestamp {
        from_millis(NOON + i64::try_from(self.passed()).unwrap() + self.skew.load(Ordering::SeqCst))
    }

    fn chance(&self) -> Result<[u8; 16]> {
        let (high, low) = (self.dice.roll(), self.dice.roll());
        Ok(((u128::from(high) << 64) | u128::from(low)).to_be_bytes())
    }
}

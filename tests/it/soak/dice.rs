//! Numbers that follow from a seed and a name, so that a run can be repeated as far as a process
//! that is killed can be: the same wishes, faults and pauses in the same order for each worker.

use ring::digest::{SHA256, digest};

/// A stream of numbers (splitmix64).
pub(super) struct Dice(u64);

impl Dice {
    /// The stream of a name.
    pub(super) fn of(seed: u64, name: &str) -> Self {
        let hash = digest(&SHA256, format!("{seed} {name}").as_bytes());
        Self(u64::from_be_bytes(hash.as_ref()[..8].try_into().unwrap()))
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (number ^ (number >> 31)) % end
    }

    /// Whether something happens that does so in `percent` of a hundred times.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub(super) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

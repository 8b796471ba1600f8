//! How a storage is: what it can do now, and what it has left.

use crate::storage::Seq;

/// Whether a storage takes writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It reads and writes.
    Writable,
    /// It only reads.
    ReadOnly {
        /// Why, and what to do.
        reason: String,
    },
    /// A write failed for good: it never writes again. Reads show what was durable before, or
    /// are refused as well.
    Failed {
        /// What happened.
        reason: String,
    },
}

/// How much room the disk has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// Enough.
    Enough,
    /// Little: nothing that can wait should be begun.
    Low,
    /// So little that nothing is written.
    Full,
}

/// A storage's health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Whether it takes writes.
    pub state: State,
    /// How much room the disk has.
    pub space: Space,
    /// What the database uses on disk, in bytes.
    pub disk_bytes: u64,
    /// What is free on its disk, in bytes.
    pub free_bytes: u64,
    /// The newest durable commit.
    pub durable: Seq,
    /// Commits that wait to be written.
    pub queue: usize,
}

impl Health {
    /// Whether it takes writes.
    pub fn is_writable(&self) -> bool {
        self.state == State::Writable
    }
}

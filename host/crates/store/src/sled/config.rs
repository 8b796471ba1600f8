//! Settings of the embedded storage, with units and defaults. Nothing here is read from a file.

use std::path::PathBuf;
use std::time::Duration;

/// How much more than twice the limit has to be free to count as plenty, in bytes: far more
/// than can be written between two looks at the disk.
const PLENTY: u64 = 256 << 20;

/// Settings of the embedded storage.
#[derive(Debug, Clone)]
pub struct SledConfig {
    /// The directory that holds everything; created where it is missing.
    pub dir: PathBuf,
    /// How much of the database is kept in memory, in bytes. It is a ceiling that is reached
    /// only as pages are read and written, not memory that is taken at start. Default 64 MiB.
    pub cache_bytes: u64,
    /// When the disk counts as low and as full.
    pub space: SpaceLimits,
    /// How large the journal and what is pending may grow.
    pub journal: JournalLimits,
    /// When the database is rewritten at start.
    pub compaction: Compaction,
    /// How often the newest commit is synced outside the database. Default one second.
    pub sentinel_every: Duration,
}

/// When the disk counts as low and as full.
#[derive(Debug, Clone, Copy)]
pub struct SpaceLimits {
    /// Below this many free bytes the disk is low. Default 2 GiB.
    pub low_bytes: u64,
    /// Below this share of free bytes the disk is low, in percent. Default 10.
    pub low_percent: u64,
    /// Below this many free bytes nothing is written. Default 512 MiB.
    pub full_bytes: u64,
    /// A file that is deleted when there is no room to open the database: sled writes as it
    /// opens, about 1 MiB, and then what was pending. Default 16 MiB; 0 for none.
    pub ballast_bytes: u64,
}

/// How large the journal may grow, and what is in it and not yet in the database.
#[derive(Debug, Clone, Copy)]
pub struct JournalLimits {
    /// A file takes records until it has this many bytes. Default 8 MiB.
    pub file_bytes: u64,
    /// Commits wait while the full files have more bytes than this. Default 64 MiB.
    pub total_bytes: u64,
    /// Commits wait while what is pending takes more memory than this, in bytes. A start on a
    /// full disk has to write as much, so keep it below the ballast. Default 8 MiB.
    pub pending_bytes: usize,
    /// How long a commit is pending at most, if the database keeps up. Default one second.
    pub apply_after: Duration,
}

/// When the database is rewritten at start: both must hold.
#[derive(Debug, Clone, Copy)]
pub struct Compaction {
    /// It uses more than this many bytes. Default 256 MiB.
    pub min_bytes: u64,
    /// It uses more than this many times its live bytes. Default 4.
    pub ratio: u64,
}

impl SledConfig {
    /// The defaults for a directory.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            cache_bytes: 64 << 20,
            space: SpaceLimits::default(),
            journal: JournalLimits::default(),
            compaction: Compaction::default(),
            sentinel_every: Duration::from_secs(1),
        }
    }
}

impl SpaceLimits {
    /// From how many free bytes on there is room for more than what has to be written.
    pub(super) fn plenty(&self) -> u64 {
        PLENTY + 2 * self.full_bytes.min(u64::MAX / 4)
    }
}

impl Default for SpaceLimits {
    fn default() -> Self {
        Self { low_bytes: 2 << 30, low_percent: 10, full_bytes: 512 << 20, ballast_bytes: 16 << 20 }
    }
}

impl Default for JournalLimits {
    fn default() -> Self {
        Self { file_bytes: 8 << 20, total_bytes: 64 << 20, pending_bytes: 8 << 20, apply_after: Duration::from_secs(1) }
    }
}

impl Default for Compaction {
    fn default() -> Self {
        Self { min_bytes: 256 << 20, ratio: 4 }
    }
}

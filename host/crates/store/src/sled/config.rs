//! Settings of the embedded storage, with units and defaults. Nothing here is read from a file.

use std::path::PathBuf;
use std::time::Duration;

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
    /// opens, about 1 MiB. Default 16 MiB, which is that with much to spare; 0 for none.
    pub ballast_bytes: u64,
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
            compaction: Compaction::default(),
            sentinel_every: Duration::from_secs(1),
        }
    }
}

impl Default for SpaceLimits {
    fn default() -> Self {
        Self { low_bytes: 2 << 30, low_percent: 10, full_bytes: 512 << 20, ballast_bytes: 16 << 20 }
    }
}

impl Default for Compaction {
    fn default() -> Self {
        Self { min_bytes: 256 << 20, ratio: 4 }
    }
}

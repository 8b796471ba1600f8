//! How much room is left, and what that allows.

use std::path::Path;

use gatehouse_domain::{Error, ErrorKind, Result};

use super::config::SpaceLimits;
use crate::health::Space;

/// The room on the disk of `dir`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Free bytes.
    pub(super) free: u64,
    total: u64,
}

impl Room {
    /// Asks the file system. One that does not answer counts as full.
    pub(super) fn of(dir: &Path) -> Self {
        rustix::fs::statvfs(dir).map_or(Self { free: 0, total: 0 }, |stat| Self {
            free: stat.f_bavail.saturating_mul(stat.f_frsize),
            total: stat.f_blocks.saturating_mul(stat.f_frsize),
        })
    }

    /// What is left, by the limits.
    pub(super) fn level(self, limits: &SpaceLimits) -> Space {
        let low = limits.low_bytes.max(self.total / 100 * limits.low_percent);
        if self.free < limits.full_bytes {
            Space::Full
        } else if self.free < low {
            Space::Low
        } else {
            Space::Enough
        }
    }

    /// Refuses to write on a full disk.
    pub(super) fn check(self, limits: &SpaceLimits) -> Result<()> {
        if self.level(limits) == Space::Full {
            return Err(Error::new(ErrorKind::StorageFull, self.full(limits)));
        }
        Ok(())
    }

    /// Why nothing is written, and what to do.
    pub(super) fn full(self, limits: &SpaceLimits) -> String {
        let (free, need) = (self.free >> 20, limits.full_bytes >> 20);
        format!(
            "the disk of the data directory has {free} MiB free and {need} MiB are needed to write; free some space"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_low_before_it_is_full() {
        let limits = SpaceLimits { low_bytes: 200, low_percent: 10, full_bytes: 50, ballast_bytes: 0 };
        for (free, total, expect) in [
            (1_000, 1_000, Space::Enough),
            (199, 1_000, Space::Low),
            (300, 10_000, Space::Low),
            (1_000, 10_000, Space::Enough),
            (50, 1_000, Space::Low),
            (49, 1_000, Space::Full),
            (0, 0, Space::Full),
        ] {
            let room = Room { free, total };
            assert_eq!(room.level(&limits), expect, "{room:?}");
            assert_eq!(room.check(&limits).is_err(), expect == Space::Full);
        }
    }
}

//! A file that holds space for the day the disk is full: sled can not open without writing.

use std::fs::File;
use std::path::Path;

use gatehouse_domain::Result;
use rustix::fs::FallocateFlags;

use super::config::SpaceLimits;
use super::space::Room;
use crate::files::{io_error, remove};

const FILE: &str = "BALLAST";

/// Takes the space, if there is plenty. A failure is no reason not to start.
pub(super) fn hold(dir: &Path, limits: &SpaceLimits) {
    let path = dir.join(FILE);
    let held = path.metadata().is_ok_and(|file| file.len() == limits.ballast_bytes);
    let room = Room::of(dir).free.saturating_sub(limits.full_bytes);
    if limits.ballast_bytes == 0 || held || room < limits.ballast_bytes {
        return;
    }
    let reserve = |file: File| Ok(rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, limits.ballast_bytes)?);
    if let Err(error) = File::create(&path).and_then(reserve) {
        let error = io_error("reserve", &path, error);
        tracing::warn!(%error, "there is no ballast; a full disk may keep the database from opening");
    }
}

/// Gives the space back; whether there was any.
///
/// # Errors
/// When the file can not be deleted.
pub(super) fn drop_it(dir: &Path) -> Result<bool> {
    let path = dir.join(FILE);
    let held = path.exists();
    remove(&path)?;
    Ok(held)
}

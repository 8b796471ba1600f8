//! Sled spills large pages to files that it never syncs. Our values are too small for that;
//! this makes sure.

use std::path::Path;

use gatehouse_domain::{Error, Result};

use crate::files::names;

/// Refuses a database that spilled.
pub(super) fn check(database: &Path) -> Result<()> {
    let dir = database.join("blobs");
    match names(&dir)?.first() {
        None => Ok(()),
        Some(name) => Err(Error::internal(format!(
            "the database wrote `{}`, which is not safe against a power cut; report this as a bug",
            dir.join(name).display()
        ))),
    }
}

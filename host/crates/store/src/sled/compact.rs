//! Rewrites a database that grew far beyond what lives in it. Only at start, where nothing
//! else writes: an ordered copy into a new folder, verified, then chosen atomically.

use std::path::Path;

use gatehouse_domain::{Error, Result};
use ring::digest::{Context, SHA256};

use super::cell::{guarded, sled_error};
use super::config::Compaction;
use super::open::{Open, open, pass_barrier};
use crate::files::{self, names};

/// How many bytes are copied in one transaction.
const STEP_BYTES: usize = 1 << 20;

/// Whether the database is worth rewriting. Reads everything once it is beyond `min_bytes`.
pub(super) fn is_due(open: &Open, path: &Path, rule: &Compaction) -> Result<bool> {
    let used = disk_bytes(path);
    if used <= rule.min_bytes {
        return Ok(false);
    }
    let mut live = 0u64;
    visit(&open.tree, |key, cell| {
        live += (key.len() + cell.len()) as u64;
        Ok(())
    })?;
    Ok(used > live.saturating_mul(rule.ratio))
}

/// Copies the database to `path`, which must not exist, and verifies the copy by reading it.
///
/// # Errors
/// Whatever kept it from being copied whole; the original is untouched.
pub(super) fn copy(from: &Open, path: &Path, cache_bytes: u64) -> Result<()> {
    let to = open(path, cache_bytes)?;
    let mut step = ::sled::Batch::default();
    let mut bytes = 0;
    visit(&from.tree, |key, cell| {
        step.insert(key, cell);
        bytes += key.len() + cell.len();
        if bytes >= STEP_BYTES {
            to.tree.apply_batch(std::mem::take(&mut step)).map_err(|error| sled_error(&error))?;
            bytes = 0;
            pass_barrier(&to)?;
        }
        Ok(())
    })?;
    to.tree.apply_batch(step).map_err(|error| sled_error(&error))?;
    pass_barrier(&to)?;
    drop(to);
    sync_folder(path)?;
    let copied = open(path, cache_bytes)?;
    if fingerprint(&copied.tree)? != fingerprint(&from.tree)? {
        return Err(Error::internal("the compacted database differs from the original, so it is not used"));
    }
    sync_folder(path)
}

/// Syncs what sled leaves to chance: its settings file and the folder's entries.
pub(super) fn sync_folder(path: &Path) -> Result<()> {
    for name in names(path)? {
        files::sync(&path.join(name))?;
    }
    files::sync(path)?;
    path.parent().map_or(Ok(()), files::sync)
}

/// What the database's files use.
pub(super) fn disk_bytes(path: &Path) -> u64 {
    let size = |name: &String| path.join(name).metadata().map_or(0, |file| file.len());
    names(path).unwrap_or_default().iter().map(size).sum()
}

fn fingerprint(tree: &::sled::Tree) -> Result<Vec<u8>> {
    let mut context = Context::new(&SHA256);
    visit(tree, |key, cell| {
        for part in [key, cell] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        Ok(())
    })?;
    Ok(context.finish().as_ref().to_vec())
}

fn visit(tree: &::sled::Tree, mut each: impl FnMut(&[u8], &[u8]) -> Result<()>) -> Result<()> {
    let mut entries = tree.iter();
    while let Some((key, cell)) = guarded(|| entries.next().transpose())? {
        each(&key, &cell)?;
    }
    Ok(())
}

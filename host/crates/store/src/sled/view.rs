//! What readers see: everything behind the last barrier of the journal and nothing beyond it.
//!
//! The overlay holds what the tree does not have yet, and is looked at first. A group is added
//! to it under the write lock, after its barrier. The applier moves entries from the overlay to
//! the tree under the write lock as well. So a reader, who holds one read lock for a read or a
//! scan, sees whole groups of commits or none of them, wherever they are.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use gatehouse_domain::Result;

use super::cell::{self, DATA, sled_error};
use super::overlay::{Overlay, Written, merge};
use crate::storage::{Scan, Seq, Versioned, closed};

type Entry = (Vec<u8>, Versioned);

/// How many entries are moved to the tree at once, while readers wait: some 100 µs.
const STEP: usize = 32;

/// The tree and the overlay as readers see them.
pub(super) struct View {
    inner: RwLock<Inner>,
}

struct Inner {
    tree: Option<::sled::Tree>,
    overlay: Overlay,
    /// The newest commit in the overlay or the tree.
    seq: Seq,
}

/// What was moved to the tree.
#[derive(Debug)]
pub(super) struct Step {
    /// The last key.
    pub(super) last: Vec<u8>,
    /// The bytes of keys and values.
    pub(super) bytes: usize,
}

impl View {
    pub(super) fn new(tree: ::sled::Tree, overlay: Overlay, seq: Seq) -> Self {
        Self { inner: RwLock::new(Inner { tree: Some(tree), overlay, seq }) }
    }

    /// Reads keys as of one moment.
    pub(super) fn read(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>> {
        let inner = self.shared();
        let tree = inner.tree()?;
        keys.iter().map(|key| inner.read(tree, key)).collect()
    }

    /// The commit that wrote a key.
    pub(super) fn seq_of(&self, key: &[u8]) -> Result<Option<Seq>> {
        let inner = self.shared();
        match inner.overlay.get(key) {
            Some(written) => Ok(written.value.as_ref().map(|_| written.seq)),
            None => Ok(cell::get(inner.tree()?, &cell::data_key(key))?.map(|found| found.seq)),
        }
    }

    /// Reads a range as of one moment.
    pub(super) fn scan(&self, scan: &Scan) -> Result<Vec<Entry>> {
        let inner = self.shared();
        let tree = inner.tree()?;
        let Some((low, high)) = scan.bounds() else { return Ok(Vec::new()) };
        let written = inner.overlay.range((low.clone(), high.clone()));
        let stored = tree.range((tree_bound(low), tree_bound(high)));
        // Calls into sled may panic on a damaged page; each step is guarded by itself.
        if scan.reverse {
            let mut stored = stored.rev();
            merge(std::iter::from_fn(|| step(&mut stored)), written.rev(), scan)
        } else {
            let mut stored = stored;
            merge(std::iter::from_fn(|| step(&mut stored)), written, scan)
        }
    }

    /// Shows readers a group. Call it after the barrier.
    pub(super) fn publish(&self, writes: BTreeMap<Vec<u8>, Written>, seq: Seq) {
        let mut inner = self.exclusive();
        for (key, Written { seq, value }) in writes {
            inner.overlay.insert(key, seq, value);
        }
        inner.seq = seq;
    }

    /// Moves a few entries after the key `after`, at most some `limit` bytes, from the overlay to the
    /// tree; `None` where there are none. Only the applier calls this.
    pub(super) fn apply(&self, tree: &::sled::Tree, after: Option<&[u8]>, limit: usize) -> Result<Option<Step>> {
        let mut inner = self.exclusive();
        let (mut keys, mut bytes) = (Vec::new(), 0);
        // Until the journal is as far as this, the tree is not whole. First, as sled's log is in order.
        insert(tree, cell::HIGH, Some(&cell::encode(cell::HIGH, inner.seq, &[])))?;
        for (key, written) in inner.overlay.after(after).take(STEP) {
            if bytes >= limit {
                break;
            }
            let full = cell::data_key(key);
            let cell = written.value.as_ref().map(|value| cell::encode(&full, written.seq, value));
            bytes += full.len() + cell.as_ref().map_or(0, Vec::len);
            // Not as a sled batch: sled writes and syncs its log for each of those, and nothing
            // here needs to be atomic.
            insert(tree, &full, cell.as_deref())?;
            keys.push(full);
        }
        let Some(last) = keys.last().and_then(|key| key.get(1..)).map(<[u8]>::to_vec) else { return Ok(None) };
        for key in &keys {
            // The next visitor of a page that grew splits it, which writes to the log. That
            // visitor is this thread, within its barrier, and not a reader at any time.
            tree.get(key).map_err(|error| sled_error(&error))?;
            inner.overlay.remove(key.get(1..).unwrap_or_default());
        }
        Ok(Some(Step { last, bytes }))
    }

    /// The memory of what the tree lacks.
    pub(super) fn pending(&self) -> usize {
        self.shared().overlay.bytes()
    }

    /// Lets go of the tree: readers are refused from now on.
    pub(super) fn close(&self) {
        self.exclusive().tree = None;
    }

    fn shared(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn exclusive(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn tree(&self) -> Result<&::sled::Tree> {
        self.tree.as_ref().ok_or_else(closed)
    }

    fn read(&self, tree: &::sled::Tree, key: &[u8]) -> Result<Option<Versioned>> {
        match self.overlay.get(key) {
            Some(written) => Ok(written.versioned()),
            None => cell::get(tree, &cell::data_key(key)),
        }
    }
}

fn insert(tree: &::sled::Tree, key: &[u8], cell: Option<&[u8]>) -> Result<()> {
    let done = match cell {
        Some(cell) => tree.insert(key, cell),
        None => tree.remove(key),
    };
    done.map(drop).map_err(|error| sled_error(&error))
}

fn tree_bound(bound: Bound<Vec<u8>>) -> Bound<Vec<u8>> {
    match bound {
        Bound::Included(key) => Bound::Included(cell::data_key(&key)),
        Bound::Excluded(key) => Bound::Excluded(cell::data_key(&key)),
        Bound::Unbounded => Bound::Excluded(vec![DATA + 1]),
    }
}

type StoredItem = ::sled::Result<(::sled::IVec, ::sled::IVec)>;

fn step(stored: &mut impl Iterator<Item = StoredItem>) -> Option<Result<Entry>> {
    let item = cell::guarded(|| stored.next().transpose());
    let decode = |(key, cell): (::sled::IVec, ::sled::IVec)| {
        let value = cell::decode(&key, &cell)?;
        Ok((key.get(1..).unwrap_or_default().to_vec(), value))
    };
    item.transpose().map(|item| item.and_then(decode))
}

//! What readers see: everything behind the last barrier and nothing beyond it.
//!
//! The writer changes the tree before the barrier. Until the barrier is passed, `pending`
//! holds the durable value of every key that was changed, and readers take it instead of
//! the tree's. The transaction and the exchange of `pending` happen under the write lock, a
//! read or scan under one read lock, so a reader sees whole groups of commits or none of
//! them. The barrier itself is passed without the lock: readers never wait for the disk.
//! If the barrier fails, `pending` stays: readers see what was durable, or are refused by sled,
//! whose own error is sticky too.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use ::sled::transaction::{ConflictableTransactionError, TransactionError, TransactionalTree};
use gatehouse_domain::{Error, Result};

use super::cell::{self, DATA};
use super::group::{Group, Slot};
use crate::storage::{Scan, Versioned, closed};

type Entry = (Vec<u8>, Versioned);

/// The tree as readers see it.
pub(super) struct View {
    inner: RwLock<Inner>,
}

struct Inner {
    tree: Option<::sled::Tree>,
    pending: BTreeMap<Vec<u8>, Slot>,
}

impl View {
    pub(super) fn new(tree: ::sled::Tree) -> Self {
        Self { inner: RwLock::new(Inner { tree: Some(tree), pending: BTreeMap::new() }) }
    }

    /// Reads keys as of one moment.
    pub(super) fn read(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>> {
        let inner = self.shared();
        let tree = inner.tree()?;
        let read = |key: &Vec<u8>| match inner.pending.get(key) {
            Some(slot) => Ok(slot.before.clone()),
            None => cell::get(tree, &cell::data_key(key)),
        };
        keys.iter().map(read).collect()
    }

    /// Reads a range as of one moment.
    pub(super) fn scan(&self, scan: &Scan) -> Result<Vec<Entry>> {
        let inner = self.shared();
        let tree = inner.tree()?;
        let Some((low, high)) = scan.bounds() else { return Ok(Vec::new()) };
        let pending = inner.pending.range((low.clone(), high.clone()));
        let stored = tree.range((tree_bound(low), tree_bound(high)));
        // Calls into sled may panic on a damaged page; each step is guarded by itself.
        if scan.reverse {
            let mut stored = stored.rev();
            merge(std::iter::from_fn(|| step(&mut stored)), pending.rev(), scan)
        } else {
            let mut stored = stored;
            merge(std::iter::from_fn(|| step(&mut stored)), pending, scan)
        }
    }

    /// Applies a group to the tree, hidden from readers. Only the writer calls this.
    pub(super) fn apply(&self, group: Group) -> Result<()> {
        let mut inner = self.exclusive();
        let tree = inner.tree()?.clone();
        inner.pending = group.slots;
        let cells: Vec<_> = inner.pending.iter().filter_map(|(key, slot)| cell_of(key, slot)).collect();
        let seq = cell::encode(cell::SEQ, group.seq, &[]);
        let written = tree.transaction(|tx: &TransactionalTree| {
            for (key, cell) in &cells {
                match cell {
                    Some(cell) => tx.insert(key.as_slice(), cell.as_slice())?,
                    None => tx.remove(key.as_slice())?,
                };
            }
            tx.insert(cell::SEQ, seq.as_slice())?;
            Ok::<_, ConflictableTransactionError<()>>(())
        });
        written.map_err(|error| match error {
            TransactionError::Storage(error) => cell::sled_error(&error),
            TransactionError::Abort(()) => Error::internal("a transaction was aborted that never aborts"),
        })?;
        // The next visitor of a page that grew splits it, which writes to the log. That
        // visitor is the writer, within this barrier, and not a reader at any time.
        for (key, _) in &cells {
            tree.get(key).map_err(|error| cell::sled_error(&error))?;
        }
        Ok(())
    }

    /// Shows readers what [`View::apply`] applied; returns what was written. Call it after the barrier.
    pub(super) fn publish(&self) -> BTreeMap<Vec<u8>, Slot> {
        std::mem::take(&mut self.exclusive().pending)
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
}

/// The tree's key and new cell; nothing for a key that was absent and stays so.
fn cell_of(key: &[u8], slot: &Slot) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    if slot.before.is_none() && slot.after.is_none() {
        return None;
    }
    let key = cell::data_key(key);
    let cell = slot.after.as_ref().map(|after| cell::encode(&key, after.seq, &after.value));
    Some((key, cell))
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

/// The tree's entries with the pending keys put back to what is durable, in scan order.
fn merge<'a>(
    stored: impl Iterator<Item = Result<Entry>>,
    pending: impl Iterator<Item = (&'a Vec<u8>, &'a Slot)>,
    scan: &Scan,
) -> Result<Vec<Entry>> {
    let is_first = |a: &[u8], b: &[u8]| if scan.reverse { a > b } else { a < b };
    let mut pending = pending.peekable();
    let mut found = Vec::new();
    let restore = |found: &mut Vec<Entry>, key: &[u8], slot: &Slot| {
        found.extend(slot.before.clone().map(|before| (key.to_vec(), before)));
    };
    for entry in stored {
        let (key, value) = entry?;
        while let Some((changed, slot)) = pending.next_if(|(changed, _)| is_first(changed, &key)) {
            restore(&mut found, changed, slot);
        }
        match pending.next_if(|(changed, _)| **changed == key) {
            Some((changed, slot)) => restore(&mut found, changed, slot),
            None => found.push((key, value)),
        }
        if found.len() >= scan.limit {
            found.truncate(scan.limit);
            return Ok(found);
        }
    }
    for (changed, slot) in pending {
        restore(&mut found, changed, slot);
    }
    found.truncate(scan.limit);
    Ok(found)
}

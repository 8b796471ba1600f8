//! What a storage does: ordered byte keys, atomic commits, durable when `commit` returns.
//! It knows nothing of records, tenants or JSON.

use std::collections::HashSet;
use std::ops::Bound;

use async_trait::async_trait;
use gatehouse_domain::{Error, ErrorKind, Result};

use crate::health::Health;
use crate::watch::Watch;

/// The longest key, in bytes.
pub const MAX_KEY: usize = 1024;
/// The longest value, in bytes. Sled writes larger pages to files that it never syncs.
pub const MAX_VALUE: usize = 16 * 1024;
/// The most bytes of keys and values in one batch.
pub const MAX_BATCH: usize = 4 << 20;

/// The most appends in one batch: their places are counted in 16 bits.
pub const MAX_APPENDS: usize = 1 << 16;
/// The bytes that a storage adds to the prefix of an append: the commit's sequence (8) and the
/// append's place in its batch (2), both big-endian.
pub const ASSIGNED: usize = 10;

/// The sequence number of the commit that wrote a value. It grows with every commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Seq(pub u64);

/// A value and the commit that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// The value.
    pub value: Vec<u8>,
    /// The commit that wrote it.
    pub seq: Seq,
}

/// What must hold of a key for a batch to be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The key.
    pub key: Vec<u8>,
    /// What must hold.
    pub expect: Expect,
}

/// The state that a check asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// There is no such key.
    Absent,
    /// There is such a key, whatever its value.
    Present,
    /// The value is the one that this commit wrote.
    At(Seq),
}

/// A value whose key is made when it is committed, by [`assigned_key`]. Values below one prefix
/// are ordered as they were committed: a reader that goes on after the last one it saw misses none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// What the key begins with.
    pub prefix: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
}

/// A change: all of it is applied or none of it. A key may be written once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// What must hold; evaluated before anything of this batch is applied.
    pub checks: Vec<Check>,
    /// Keys and their new values.
    pub puts: Vec<(Vec<u8>, Vec<u8>)>,
    /// Keys to remove; one that is not there is no error.
    pub deletes: Vec<Vec<u8>>,
    /// Values to add below a prefix, in this order. They can not conflict.
    pub appends: Vec<Append>,
}

/// Which part of the key space to read, and in which direction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// Only keys that begin with this.
    pub prefix: Vec<u8>,
    /// Only keys beyond this one, in the direction of the scan.
    pub after: Option<Vec<u8>>,
    /// At most this many.
    pub limit: usize,
    /// From the last key to the first.
    pub reverse: bool,
}

/// The two ends of a range of keys.
pub type Bounds = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// An ordered, transactional, durable map from byte keys to byte values.
#[async_trait]
pub trait Storage: Send + Sync + 'static {
    /// Reads keys, all of them as of one moment. Only durable values are ever returned.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for a damaged value, [`ErrorKind::Unavailable`] after `close`.
    async fn read(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>>;

    /// Reads a range in order, as of one moment. Only durable values are ever returned.
    ///
    /// # Errors
    /// As [`Storage::read`].
    async fn scan(&self, scan: Scan) -> Result<Vec<(Vec<u8>, Versioned)>>;

    /// Applies a batch. When this returns, it is on the disk. A batch that writes nothing
    /// only evaluates its checks and returns the newest sequence.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when a check fails and nothing was written;
    /// [`ErrorKind::Invalid`] or [`ErrorKind::TooLarge`] for a batch beyond the limits;
    /// [`ErrorKind::StorageFull`] or [`ErrorKind::Unavailable`] when nothing can be written now.
    async fn commit(&self, batch: Batch) -> Result<Seq>;

    /// Tells of commits to keys that begin with `prefix`, from now on.
    fn watch(&self, prefix: Vec<u8>) -> Watch;

    /// Flushes, records the end and releases the lock. Later calls are refused.
    ///
    /// # Errors
    /// Whatever stopped the last write.
    async fn close(&self) -> Result<()>;

    /// How it is now.
    fn health(&self) -> Health;

    /// Resolves with the reason when a write failed for good: the process should exit,
    /// since whether the last commits are durable is not known. Pending as long as all is well.
    async fn failed(&self) -> String {
        std::future::pending().await
    }
}

impl Expect {
    /// Whether a key that was last written at `found` is as asked.
    pub fn holds(self, found: Option<Seq>) -> bool {
        match self {
            Self::Absent => found.is_none(),
            Self::Present => found.is_some(),
            Self::At(seq) => found == Some(seq),
        }
    }
}

impl Batch {
    /// Refuses a batch beyond the limits, or one that writes a key twice.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] and [`ErrorKind::Invalid`].
    pub fn validate(&self) -> Result<()> {
        let checked = self.checks.iter().map(|check| &check.key);
        let written = self.puts.iter().map(|(key, _)| key).chain(&self.deletes);
        let too_long = |key: &&Vec<u8>| key.is_empty() || key.len() > MAX_KEY;
        if let Some(key) = checked.chain(written.clone()).find(too_long) {
            return Err(Error::invalid(format!("a key has {} bytes; it takes 1 to {MAX_KEY}", key.len())));
        }
        self.validate_appends()?;
        let mut values =
            self.puts.iter().map(|(_, value)| value).chain(self.appends.iter().map(|append| &append.value));
        if let Some(value) = values.find(|value| value.len() > MAX_VALUE) {
            return Err(too_large("a value", value.len(), MAX_VALUE));
        }
        if self.bytes() > MAX_BATCH {
            return Err(too_large("a commit", self.bytes(), MAX_BATCH));
        }
        let mut seen = HashSet::new();
        if written.clone().all(|key| seen.insert(key)) {
            return Ok(());
        }
        Err(Error::invalid("one commit writes the same key twice; keep only the last of the two"))
    }

    /// The bytes of its keys and values.
    pub fn bytes(&self) -> usize {
        let puts: usize = self.puts.iter().map(|(key, value)| key.len() + value.len()).sum();
        let deletes: usize = self.deletes.iter().map(Vec::len).sum();
        let appended = |append: &Append| append.prefix.len() + ASSIGNED + append.value.len();
        let appends: usize = self.appends.iter().map(appended).sum();
        puts + deletes + appends
    }

    /// Whether it writes nothing.
    pub fn is_read_only(&self) -> bool {
        self.puts.is_empty() && self.deletes.is_empty() && self.appends.is_empty()
    }

    /// What it writes as the commit `seq`: keys with their new values, or `None` for deleted ones.
    pub(crate) fn into_writes(self, seq: Seq) -> impl Iterator<Item = (Vec<u8>, Option<Vec<u8>>)> {
        let puts = self.puts.into_iter().map(|(key, value)| (key, Some(value)));
        let deletes = self.deletes.into_iter().map(|key| (key, None));
        let assigned =
            move |(append, index): (Append, u16)| (assigned_key(&append.prefix, seq, index), Some(append.value));
        puts.chain(deletes).chain(self.appends.into_iter().zip(0..=u16::MAX).map(assigned))
    }

    fn validate_appends(&self) -> Result<()> {
        let most = MAX_KEY - ASSIGNED;
        let unfit = |append: &&Append| append.prefix.is_empty() || append.prefix.len() > most;
        if let Some(append) = self.appends.iter().find(unfit) {
            let length = append.prefix.len();
            return Err(Error::invalid(format!("the prefix of an append has {length} bytes; it takes 1 to {most}")));
        }
        if self.appends.len() > MAX_APPENDS {
            let count = self.appends.len();
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!("a commit has {count} appends; the limit is {MAX_APPENDS}"),
            ));
        }
        Ok(())
    }
}

impl Scan {
    /// The bounds between which the scan's keys lie; `None` where there can be none.
    pub fn bounds(&self) -> Option<Bounds> {
        let end = successor(&self.prefix);
        let mut low = Bound::Included(self.prefix.clone());
        let mut high = end.clone().map_or(Bound::Unbounded, Bound::Excluded);
        let Some(after) = &self.after else { return Some((low, high)) };
        let beyond_end = end.as_ref().is_some_and(|end| after >= end);
        if self.reverse {
            if *after <= self.prefix {
                return None;
            }
            if !beyond_end {
                high = Bound::Excluded(after.clone());
            }
        } else {
            if beyond_end {
                return None;
            }
            if *after >= self.prefix {
                low = Bound::Excluded(after.clone());
            }
        }
        Some((low, high))
    }
}

/// The key of the append at place `index` of the commit `seq`: prefix, sequence, place.
pub fn assigned_key(prefix: &[u8], seq: Seq, index: u16) -> Vec<u8> {
    let mut key = Vec::with_capacity(prefix.len() + ASSIGNED);
    key.extend_from_slice(prefix);
    key.extend_from_slice(&seq.0.to_be_bytes());
    key.extend_from_slice(&index.to_be_bytes());
    key
}

/// The conflict that a failed check is answered with.
pub(crate) fn conflict() -> Error {
    Error::conflict("the record was changed by another request; read it again and retry")
}

/// What is answered after `close`.
pub(crate) fn closed() -> Error {
    Error::unavailable("the store is closed; the server is shutting down")
}

/// The error for something beyond a limit, with both numbers.
pub(crate) fn too_large(what: &str, size: usize, limit: usize) -> Error {
    Error::new(ErrorKind::TooLarge, format!("{what} has {size} bytes; the limit is {limit}"))
}

/// The first key after all keys that begin with `prefix`.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Some(end);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_where_the_next_one_begins() {
        for (prefix, end) in [
            (&b"a"[..], Some(&b"b"[..])),
            (b"a\xff", Some(b"b")),
            (b"\x00\xff\xff", Some(b"\x01")),
            (b"\xff\xff", None),
            (b"", None),
        ] {
            assert_eq!(successor(prefix).as_deref(), end, "{prefix:?}");
        }
    }

    fn check(batch: Batch, expect: ErrorKind) {
        assert_eq!(batch.validate().unwrap_err().kind, expect);
    }

    #[test]
    fn batches_beyond_the_limits_are_refused() {
        let put = |key: &[u8], size: usize| Batch { puts: vec![(key.to_vec(), vec![0; size])], ..Batch::default() };
        assert!(put(b"k", MAX_VALUE).validate().is_ok());
        check(put(b"k", MAX_VALUE + 1), ErrorKind::TooLarge);
        check(put(b"", 1), ErrorKind::Invalid);
        check(put(&[1; MAX_KEY + 1], 1), ErrorKind::Invalid);
        let many = (0..300u32).map(|n| (n.to_be_bytes().to_vec(), vec![0; MAX_VALUE])).collect();
        check(Batch { puts: many, ..Batch::default() }, ErrorKind::TooLarge);
        let twice = Batch { puts: vec![(b"k".to_vec(), vec![])], deletes: vec![b"k".to_vec()], ..Batch::default() };
        check(twice, ErrorKind::Invalid);
    }

    #[test]
    fn appends_count_towards_the_limits() {
        let append = |prefix: usize, size: usize, count: usize| Batch {
            appends: vec![Append { prefix: vec![1; prefix], value: vec![0; size] }; count],
            ..Batch::default()
        };
        for fits in [append(1, MAX_VALUE, 1), append(MAX_KEY - ASSIGNED, 0, 1), append(1, 1, MAX_APPENDS)] {
            assert!(fits.validate().is_ok());
        }
        check(append(0, 1, 1), ErrorKind::Invalid);
        check(append(MAX_KEY - ASSIGNED + 1, 1, 1), ErrorKind::Invalid);
        check(append(1, MAX_VALUE + 1, 1), ErrorKind::TooLarge);
        check(append(1, 0, MAX_APPENDS + 1), ErrorKind::TooLarge);
        // 11 bytes of key and 53 of value, times 65,536, are exactly the limit.
        assert!(append(1, 53, MAX_APPENDS).validate().is_ok());
        check(append(2, 53, MAX_APPENDS), ErrorKind::TooLarge);
        assert!(!append(1, 0, 1).is_read_only());
    }
}

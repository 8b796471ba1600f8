//! Commits that share one barrier, evaluated in order: each sees what those before it write.
//! No I/O beyond the reads that the caller passes in.

use std::collections::BTreeMap;

use gatehouse_domain::Result;

use super::journal::Builder;
use super::overlay::Written;
use crate::storage::{Batch, Seq, conflict};

/// The outcome of the commits so far.
#[derive(Debug)]
pub(super) struct Group {
    /// What the group leaves, by key.
    pub(super) writes: BTreeMap<Vec<u8>, Written>,
    /// The same for the journal, commit by commit.
    pub(super) record: Builder,
    /// The newest commit.
    pub(super) seq: Seq,
}

impl Group {
    /// An empty group after the commit `seq`.
    pub(super) fn new(seq: Seq) -> Self {
        Self { writes: BTreeMap::new(), record: Builder::new(Seq(seq.0 + 1)), seq }
    }

    /// Evaluates a commit; `seq_of` tells which commit before this group wrote a key. One that
    /// fails leaves the group as it was.
    pub(super) fn apply(&mut self, batch: Batch, seq_of: impl Fn(&[u8]) -> Result<Option<Seq>>) -> Result<Seq> {
        for check in &batch.checks {
            let found = match self.writes.get(&check.key) {
                Some(written) => written.value.as_ref().map(|_| written.seq),
                None => seq_of(&check.key)?,
            };
            if !check.expect.holds(found) {
                return Err(conflict());
            }
        }
        if batch.is_read_only() {
            return Ok(self.seq);
        }
        let seq = Seq(self.seq.0 + 1);
        self.seq = seq;
        self.record.begin();
        for (key, value) in batch.into_writes(seq) {
            self.record.write(&key, value.as_deref());
            self.writes.insert(key, Written { seq, value });
        }
        Ok(seq)
    }

    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }
}

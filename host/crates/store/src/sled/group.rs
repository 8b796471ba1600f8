//! Commits that share one barrier, evaluated in order: each sees what those before it write.
//! No I/O beyond the reads that the caller passes in.

use std::collections::BTreeMap;

use gatehouse_domain::Result;

use crate::storage::{Batch, Seq, Versioned, conflict};

/// One key that the group writes.
#[derive(Debug)]
pub(super) struct Slot {
    /// What is durable: what readers see until the barrier.
    pub(super) before: Option<Versioned>,
    /// What the group leaves; `None` where it deletes.
    pub(super) after: Option<Versioned>,
}

/// The outcome of the commits so far.
#[derive(Debug)]
pub(super) struct Group {
    /// By key of the data.
    pub(super) slots: BTreeMap<Vec<u8>, Slot>,
    /// The newest commit.
    pub(super) seq: Seq,
}

impl Group {
    /// An empty group after the commit `seq`.
    pub(super) fn new(seq: Seq) -> Self {
        Self { slots: BTreeMap::new(), seq }
    }

    /// Evaluates a commit. One that fails leaves the group as it was.
    pub(super) fn apply(&mut self, batch: Batch, read: impl Fn(&[u8]) -> Result<Option<Versioned>>) -> Result<Seq> {
        for check in &batch.checks {
            let found = match self.slots.get(&check.key) {
                Some(slot) => slot.after.as_ref().map(|found| found.seq),
                None => read(&check.key)?.map(|found| found.seq),
            };
            if !check.expect.holds(found) {
                return Err(conflict());
            }
        }
        if batch.is_read_only() {
            return Ok(self.seq);
        }
        let seq = Seq(self.seq.0 + 1);
        let mut slots = Vec::new();
        for (key, value) in batch.into_writes(seq) {
            let before = if self.slots.contains_key(&key) { None } else { read(&key)? };
            slots.push((key, before, value));
        }
        self.seq = seq;
        for (key, before, value) in slots {
            let after = value.map(|value| Versioned { value, seq });
            let slot = self.slots.entry(key).or_insert(Slot { before, after: None });
            slot.after = after;
        }
        Ok(seq)
    }

    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

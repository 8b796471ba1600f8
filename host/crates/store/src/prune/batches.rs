//! Retention of batches: one that is finished goes with its items, which never outlive it.

use gatehouse_domain::Result;
use gatehouse_domain::batch::{Batch, Item};
use gatehouse_domain::id::BatchId;

use super::{BATCH, Sweep, commit, is_older};
use crate::page::Page;
use crate::record::Record;
use crate::records::QueuedCall;

impl Sweep<'_> {
    /// Deletes finished batches that are older than `cutoff`: the items first, so that a stop in
    /// between leaves nothing that belongs to no batch.
    pub(super) async fn batches(&self, cutoff: [u8; 6]) -> Result<u64> {
        let scope = self.store.tenant(self.tenant);
        let (mut page, mut pruned) = (Page::first(BATCH), 0);
        loop {
            let found = scope.list_stored::<Batch>(&[], &page).await?;
            for batch in found.items.iter().take_while(|batch| is_older(&batch.id(), &[], cutoff)) {
                if batch.finished_at.is_none() {
                    continue;
                }
                self.items(batch.id).await?;
                let mut change = self.store.change();
                change.tenant(self.tenant).remove(batch)?;
                pruned += commit(change, 1).await?;
            }
            let ended = found.items.last().is_none_or(|last| !is_older(&last.id(), &[], cutoff));
            match found.next.filter(|_| !ended) {
                Some(next) => page.after = Some(next),
                None => return Ok(pruned),
            }
        }
    }

    async fn items(&self, batch: BatchId) -> Result<()> {
        loop {
            let page = Page::first(BATCH);
            let found = self.store.tenant(self.tenant).list_stored::<Item>(&batch.to_bytes(), &page).await?;
            if found.items.is_empty() {
                return Ok(());
            }
            let mut change = self.store.change();
            for item in &found.items {
                change.tenant(self.tenant).remove(item)?;
                change.tenant(self.tenant).delete::<QueuedCall>(&item.execution)?;
            }
            if commit(change, 1).await? == 0 {
                return Ok(());
            }
        }
    }
}

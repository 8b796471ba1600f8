//! Retention of syncs: runs that ended, rows of the log, changes that were settled, and records
//! that are gone with their places in the feed. A record that is there is kept, and so is a run
//! that is not over.

use gatehouse_domain::Result;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::integration::Integration;
use gatehouse_domain::sync::{SyncChange, SyncFeed, SyncLog, SyncRun, SyncState, SyncedRecord};
use gatehouse_domain::time::{Timestamp, from_millis};

use super::{BATCH, commit};
use crate::change::Change;
use crate::entry::{Placed, Position};
use crate::page::{MAX_LIMIT, Page};
use crate::record::Stored;
use crate::records::{ChangeKey, added_at, entity_prefix, feed_position};
use crate::scope::{LivesIn, OfTenant};
use crate::store::Store;

impl Store {
    /// Deletes what syncs left behind more than `days` before `now`.
    pub(super) async fn prune_syncs(&self, tenant: TenantId, now: Timestamp, days: u32) -> Result<u64> {
        let oldest = from_millis(now.as_millisecond().saturating_sub(i64::from(days) * 86_400_000));
        let mut pruned = 0;
        let mut page = Page::first(BATCH);
        loop {
            let integrations = self.tenant(tenant).list::<Integration>(&page).await?;
            for integration in &integrations.items {
                let part = integration.id.to_bytes();
                let is_old = |row: &Placed<SyncLog>| row.at < oldest;
                pruned += self.tenant(tenant).trim_under::<SyncLog>(&part, is_old).await?;
                let ended = |run: &SyncRun| run.finished_at.is_some_and(|at| at < oldest);
                pruned += self.prune_under(tenant, &part, |run: &Stored<SyncRun>| ended(run)).await?;
            }
            let Some(next) = integrations.next else { break };
            page.after = Some(next);
        }
        let mut page = Page::first(BATCH);
        loop {
            let states = self.tenant(tenant).list::<SyncState>(&page).await?;
            for state in &states.items {
                pruned += self.prune_entity(tenant, state, oldest).await?;
            }
            let Some(next) = states.next else { return Ok(pruned) };
            page.after = Some(next);
        }
    }

    async fn prune_entity(&self, tenant: TenantId, state: &SyncState, oldest: Timestamp) -> Result<u64> {
        let settled = ChangeKey::prefix_of(state.integration, &state.entity, true);
        let is_old = |change: &Stored<SyncChange>| change.settled_at.is_some_and(|at| at < oldest);
        let changes = self.prune_under(tenant, &settled, is_old).await?;
        Ok(changes + self.prune_gone(tenant, state, oldest).await?)
    }

    /// Deletes records that are gone for so long, with their entries in the feed, through which
    /// they are found, and the entries of deletions of records that have come back.
    async fn prune_gone(&self, tenant: TenantId, state: &SyncState, oldest: Timestamp) -> Result<u64> {
        let part = entity_prefix(state.integration, &state.entity);
        let (mut after, mut pruned) = (Position::START, 0);
        loop {
            let entries = self.tenant(tenant).entries_after_under::<SyncFeed>(&part, after, MAX_LIMIT).await?;
            let Some(last) = entries.last() else { return Ok(pruned) };
            after = last.position;
            let ended = last.at >= oldest;
            for entry in entries.iter().filter(|entry| entry.deleted && entry.at < oldest) {
                pruned += self.prune_one(tenant, state, entry, &part).await?;
            }
            if ended {
                return Ok(pruned);
            }
        }
    }

    async fn prune_one(
        &self,
        tenant: TenantId,
        state: &SyncState,
        entry: &Placed<SyncFeed>,
        part: &[u8],
    ) -> Result<u64> {
        let id = (state.integration, state.entity.clone(), entry.id.clone());
        let record = self.tenant(tenant).get::<SyncedRecord>(&id).await?;
        let mut change = self.change();
        // One that has come back since has another entry, and stays.
        if let Some(record) = record.filter(|record| record.deleted && feed_position(record) == entry.position) {
            change.tenant(tenant).remove(&record)?;
            if added_at(&record) != entry.position {
                change.tenant(tenant).delete_entry_under::<SyncFeed>(part, added_at(&record))?;
            }
        }
        change.tenant(tenant).delete_entry_under::<SyncFeed>(part, entry.position)?;
        commit(change, 1).await
    }

    /// Deletes the records below a prefix that `is_old` finds old, oldest first, up to the first that is not.
    async fn prune_under<R: LivesIn<OfTenant>>(
        &self,
        tenant: TenantId,
        under: &[u8],
        is_old: impl Fn(&Stored<R>) -> bool + Send + Sync,
    ) -> Result<u64> {
        let mut pruned = 0;
        loop {
            let found = self.tenant(tenant).list_stored::<R>(under, &Page::first(BATCH)).await?;
            let old: Vec<&Stored<R>> = found.items.iter().take_while(|record| is_old(record)).collect();
            let mut change: Change = self.change();
            for record in &old {
                change.tenant(tenant).remove(record)?;
            }
            let removed = commit(change, old.len() as u64).await?;
            pruned += removed;
            if removed == 0 || old.len() < found.items.len() || found.next.is_none() {
                return Ok(pruned);
            }
        }
    }
}

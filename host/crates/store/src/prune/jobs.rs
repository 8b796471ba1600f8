//! Retention of jobs that were given up, and of faults that nobody has seen for as long. Jobs that
//! wait or run are never touched.

use gatehouse_domain::Result;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::job::Job;
use gatehouse_domain::time::Timestamp;

use super::{BATCH, commit, cutoff, is_older};
use crate::page::Page;
use crate::record::Record;
use crate::records::{DeadJob, JobGroup};
use crate::store::Store;

impl Store {
    /// Deletes a tenant's jobs that were given up more than `days` before `now`.
    pub(super) async fn prune_dead_jobs(&self, tenant: Option<TenantId>, now: Timestamp, days: u32) -> Result<u64> {
        let (under, cutoff) = (DeadJob::prefix_of(tenant), cutoff(now, days));
        let mut page = Page::first(BATCH);
        let mut pruned = 0;
        loop {
            let found = self.admin().list_stored::<DeadJob>(&under, &page).await?;
            let old: Vec<_> = found.items.iter().take_while(|dead| is_older(&dead.id(), &under, cutoff)).collect();
            let mut change = self.change();
            for dead in &old {
                // A replay deletes the entry first, and then this commit fails.
                change.admin().remove(dead)?;
                change.admin().delete::<Job>(&dead.job)?;
            }
            pruned += commit(change, old.len() as u64).await?;
            let ended = old.len() < found.items.len();
            match found.next.filter(|_| !ended) {
                Some(next) => page.after = Some(next),
                None => return Ok(pruned),
            }
        }
    }

    /// Deletes the faults of code that has not faulted for `days` before `now`.
    pub(super) async fn prune_faults(&self, now: Timestamp, days: u32) -> Result<()> {
        let oldest = now.as_millisecond().saturating_sub(i64::from(days) * 86_400_000);
        let mut page = Page::first(BATCH);
        loop {
            let found = self.admin().list_stored::<JobGroup>(&JobGroup::faults_prefix(), &page).await?;
            let mut change = self.change();
            for faults in &found.items {
                if matches!(&faults.record, JobGroup::Faults { at, .. } if at.as_millisecond() < oldest) {
                    change.admin().remove(faults)?;
                }
            }
            commit(change, 0).await?;
            let Some(next) = found.next else { return Ok(()) };
            page.after = Some(next);
        }
    }
}

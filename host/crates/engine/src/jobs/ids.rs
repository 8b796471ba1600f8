//! Job ids that grow: within a server they are in the order of enqueueing, even when the clock
//! is set back. Groups rely on it.

use std::sync::PoisonError;

use gatehouse_domain::Result;
use gatehouse_domain::id::JobId;
use gatehouse_domain::job::Job;
use gatehouse_store::Page;

use super::Jobs;

/// What the clock's 48 bits of milliseconds are shifted by.
const TIME: u32 = 80;
/// The random bits at the end of each id; the bits before them count.
const RANDOM: u32 = 40;

impl Jobs {
    /// An id beyond all earlier ones.
    pub(super) fn next_id(&self) -> Result<JobId> {
        let random = u128::from(self.roll()?) & ((1 << RANDOM) - 1);
        let millis = self.now().as_millisecond().max(0).unsigned_abs();
        let by_clock = (u128::from(millis) & 0xffff_ffff_ffff) << TIME;
        let mut last = self.0.last_id.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = ((*last >> RANDOM) + 1) << RANDOM;
        *last = by_clock.max(counted) | random;
        Ok(JobId::from_bytes(last.to_be_bytes()))
    }

    /// Goes on after the largest id that is stored.
    pub(super) async fn resume_ids(&self) -> Result<()> {
        let newest = self.0.store.admin().list::<Job>(&Page::last(1)).await?.items.pop();
        let stored = newest.map_or(0, |job| u128::from_be_bytes(job.id.to_bytes()));
        let mut last = self.0.last_id.lock().unwrap_or_else(PoisonError::into_inner);
        *last = stored.max(*last);
        Ok(())
    }
}

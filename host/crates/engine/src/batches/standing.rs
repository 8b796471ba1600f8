//! How the calls of a batch are. It follows from their records, so that nothing has to be kept in
//! step: a call that has no record is queued as long as what it carries is kept, and else it was
//! taken back.

use gatehouse_domain::Result;
use gatehouse_domain::batch::{Batch, Counts, Item};
use gatehouse_domain::execution::{Execution, Outcome};
use gatehouse_domain::id::{BatchId, TenantId};
use gatehouse_store::Page;
use gatehouse_store::records::QueuedCall;

use super::MOST;
use crate::Engine;

/// A call of a batch, as it is.
pub(super) struct Standing {
    pub(super) item: Item,
    pub(super) outcome: Outcome,
    /// Its record, once it was begun.
    pub(super) execution: Option<Execution>,
}

impl Engine {
    /// All calls of a batch, in order.
    pub(super) async fn standings(&self, tenant: TenantId, batch: BatchId) -> Result<Vec<Standing>> {
        let page = Page::first(MOST);
        let items = self.0.store.tenant(tenant).list_under::<Item>(&batch.to_bytes(), &page).await?.items;
        let mut standings = Vec::with_capacity(items.len());
        for item in items {
            standings.push(self.standing(tenant, item).await?);
        }
        Ok(standings)
    }

    /// One call of a batch.
    pub(super) async fn standing(&self, tenant: TenantId, item: Item) -> Result<Standing> {
        let scope = self.0.store.tenant(tenant);
        if item.refused.is_some() {
            return Ok(Standing { item, outcome: Outcome::Failed, execution: None });
        }
        // What it carries is looked at first: it is deleted with its end, never before.
        let kept = scope.get::<QueuedCall>(&item.execution).await?.is_some();
        let execution = scope.get::<Execution>(&item.execution).await?.map(|stored| stored.record);
        let outcome = match execution.as_ref().map(|execution| execution.outcome) {
            None | Some(Outcome::Queued) if kept => Outcome::Queued,
            None | Some(Outcome::Queued) => Outcome::Cancelled,
            Some(outcome) => outcome,
        };
        Ok(Standing { item, outcome, execution })
    }
}

/// What has become of the calls.
pub(super) fn counts(standings: &[Standing]) -> Counts {
    let mut counts = Counts::default();
    for standing in standings {
        counts.add(standing.outcome);
    }
    counts
}

/// Whether no further call may be begun.
pub(super) fn is_stopped(batch: &Batch, counts: &Counts) -> bool {
    batch.cancelled_at.is_some() || (batch.stop_on_error && counts.failed + counts.unknown > 0)
}

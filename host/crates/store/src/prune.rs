//! Retention: deletes what is old, in small commits, with everything that belongs to it.
//! It keeps a delivery that is still to be parsed, however old it is.

mod batches;
mod cassettes;
mod jobs;
mod oauth;
mod subscriptions;
mod sync;

use std::collections::HashSet;

use gatehouse_domain::event::Event;
use gatehouse_domain::execution::{Execution, Outcome};
use gatehouse_domain::id::{DeliveryId, TenantId};
use gatehouse_domain::tenant::Tenant;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::webhook::Delivery;
use gatehouse_domain::{ErrorKind, Result};

use crate::change::Change;
use crate::entry::Placed;
use crate::page::{MAX_LIMIT, Page};
use crate::record::{RecordId, Stored};
use crate::records::{
    DeliveryBody, DeliveryByIntegration, DeliveryProof, EventByIntegration, EventFeed, ExecutionByIntegration,
    IdempotentAnswer, IdempotentRequest, PendingDelivery, QuarantinedDelivery, RateBudget, RouteWindow, SeenDelivery,
};
use crate::scope::{LivesIn, OfTenant};
use crate::store::Store;

/// How many records one commit deletes.
const BATCH: usize = 64;

/// How long records are kept, by the time in their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Executions, recorded calls and batches, in days. Default 30.
    pub executions_days: u32,
    /// Deliveries with their bodies, and deliveries to subscriptions that are done or given up, in
    /// days. Default 30.
    pub deliveries_days: u32,
    /// Events, in days. Default 30.
    pub events_days: u32,
    /// Jobs that were given up, in days since then. Default 30.
    pub dead_jobs_days: u32,
    /// Runs and log rows of syncs, changes that were pushed, and what is left of records that are
    /// gone, in days. Default 30.
    pub sync_logs_days: u32,
    /// The audit trail and its checkpoints, in days. The engine prunes it, as the place where a
    /// chain begins then has to be sealed. Default 400.
    pub audit_days: u32,
}

/// How many records were deleted; what belongs to them is not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Executions.
    pub executions: u64,
    /// Deliveries.
    pub deliveries: u64,
    /// Events.
    pub events: u64,
    /// Deliveries that may be forgotten.
    pub seen_deliveries: u64,
    /// Idempotency keys that may be used anew.
    pub idempotent_requests: u64,
    /// Rate budgets of integrations that were not called for long.
    pub rate_budgets: u64,
    /// Jobs that were given up.
    pub dead_jobs: u64,
    /// Links and flows of OAuth that nobody ended in time.
    pub oauth_flows: u64,
    /// Deliveries to subscriptions.
    pub subscription_deliveries: u64,
    /// Counts of calls that are too old to tell anything.
    pub route_windows: u64,
    /// Runs, log rows, settled changes and records that are gone.
    pub syncs: u64,
    /// Batches.
    pub batches: u64,
    /// Recorded calls.
    pub cassettes: u64,
}

impl Default for Retention {
    fn default() -> Self {
        let days = 30;
        Self {
            executions_days: days,
            deliveries_days: days,
            events_days: days,
            dead_jobs_days: days,
            sync_logs_days: days,
            audit_days: 400,
        }
    }
}

impl Store {
    /// Deletes what is older than `retention` allows at `now`, and what has expired, of all
    /// tenants. It can be stopped at any point and begun again; a record that changes
    /// meanwhile is left for the next time.
    ///
    /// # Errors
    /// As [`crate::storage::Storage::commit`], without conflicts.
    pub async fn prune(&self, now: Timestamp, retention: &Retention) -> Result<Pruned> {
        let mut pruned = Pruned::default();
        pruned.dead_jobs += self.prune_dead_jobs(None, now, retention.dead_jobs_days).await?;
        self.prune_faults(now, retention.dead_jobs_days).await?;
        pruned.oauth_flows += self.prune_flows(now).await?;
        let mut page = Page::first(BATCH);
        loop {
            let tenants = self.admin().list::<Tenant>(&page).await?;
            for tenant in &tenants.items {
                self.prune_tenant(tenant.id, now, retention, &mut pruned).await?;
            }
            let Some(next) = tenants.next else { return Ok(pruned) };
            page.after = Some(next);
        }
    }

    async fn prune_tenant(
        &self,
        tenant: TenantId,
        now: Timestamp,
        retention: &Retention,
        pruned: &mut Pruned,
    ) -> Result<()> {
        let sweep = Sweep { store: self, tenant };
        pruned.executions += sweep.executions(cutoff(now, retention.executions_days)).await?;
        let before = now.saturating_sub(SignedDuration::from_hours(i64::from(retention.executions_days) * 24));
        pruned.cassettes += sweep.cassettes(before.unwrap_or(Timestamp::MIN)).await?;
        pruned.batches += sweep.batches(cutoff(now, retention.executions_days)).await?;
        pruned.deliveries += sweep.deliveries(cutoff(now, retention.deliveries_days)).await?;
        pruned.subscription_deliveries += sweep.sent(cutoff(now, retention.deliveries_days)).await?;
        pruned.events += sweep.events(cutoff(now, retention.events_days)).await?;
        pruned.dead_jobs += self.prune_dead_jobs(Some(tenant), now, retention.dead_jobs_days).await?;
        pruned.syncs += self.prune_syncs(tenant, now, retention.sync_logs_days).await?;
        pruned.seen_deliveries += sweep.expired(|seen: &SeenDelivery| seen.expires_at <= now).await?;
        pruned.idempotent_requests += sweep.expired(|request: &IdempotentRequest| request.expires_at <= now).await?;
        pruned.idempotent_requests += sweep.expired(|answer: &IdempotentAnswer| answer.expires_at <= now).await?;
        pruned.rate_budgets += sweep.expired(|budget: &RateBudget| budget.expires_at <= now).await?;
        let yesterday = now.as_second().saturating_sub(86_400) / 60;
        let told = |window: &RouteWindow| window.minutes.iter().any(|minute| minute.at > yesterday);
        pruned.route_windows += sweep.expired(|window: &RouteWindow| !told(window)).await?;
        Ok(())
    }
}

/// The deleting of one tenant's records.
struct Sweep<'s> {
    store: &'s Store,
    tenant: TenantId,
}

impl Sweep<'_> {
    async fn executions(&self, cutoff: [u8; 6]) -> Result<u64> {
        let remove = |found: &Stored<Execution>, change: &mut Change| {
            // Nobody has said yet what became of it, so its record is still needed.
            if matches!(found.outcome, Outcome::Queued | Outcome::Running | Outcome::Unknown) {
                return Ok(false);
            }
            let mut change = change.tenant(self.tenant);
            change.remove(found)?;
            change.delete::<ExecutionByIntegration>(&(found.integration, found.id))?;
            Ok(true)
        };
        self.go_through(&[], Some(cutoff), remove).await
    }

    async fn deliveries(&self, cutoff: [u8; 6]) -> Result<u64> {
        let pending = self.pending().await?;
        let remove = |found: &Stored<Delivery>, change: &mut Change| {
            if pending.contains(&found.id) {
                return Ok(false);
            }
            let mut change = change.tenant(self.tenant);
            change.remove(found)?;
            change.delete::<DeliveryByIntegration>(&(found.integration, found.id))?;
            change.delete::<DeliveryBody>(&found.id)?;
            change.delete::<DeliveryProof>(&found.id)?;
            change.delete::<QuarantinedDelivery>(&(found.integration, found.id))?;
            Ok(true)
        };
        self.go_through(&[], Some(cutoff), remove).await
    }

    async fn events(&self, cutoff: [u8; 6]) -> Result<u64> {
        let remove = |found: &Stored<Event>, change: &mut Change| {
            let mut change = change.tenant(self.tenant);
            change.remove(found)?;
            if let Some(integration) = found.integration {
                change.delete::<EventByIntegration>(&(integration, found.id))?;
            }
            Ok(true)
        };
        let pruned = self.go_through(&[], Some(cutoff), remove).await?;
        let is_old = |entry: &Placed<EventFeed>| is_older(&entry.event, &[], cutoff);
        self.store.tenant(self.tenant).trim::<EventFeed>(is_old).await?;
        Ok(pruned)
    }

    /// Deletes the records that `is_expired` finds among all of a kind.
    async fn expired<R: LivesIn<OfTenant>>(&self, is_expired: impl Fn(&R) -> bool + Send + Sync) -> Result<u64> {
        let remove = |found: &Stored<R>, change: &mut Change| {
            let expired = is_expired(&found.record);
            if expired {
                change.tenant(self.tenant).remove(found)?;
            }
            Ok(expired)
        };
        self.go_through(&[], None, remove).await
    }

    /// The tenant's deliveries that are still to be parsed.
    async fn pending(&self) -> Result<HashSet<DeliveryId>> {
        let mut pending = HashSet::new();
        let mut page = Page::first(MAX_LIMIT);
        loop {
            let found = self.store.admin().list::<PendingDelivery>(&page).await?;
            let own = found.items.into_iter().filter(|pending| pending.tenant == self.tenant);
            pending.extend(own.map(|pending| pending.delivery));
            let Some(next) = found.next else { return Ok(pending) };
            page.after = Some(next);
        }
    }

    /// Goes through the records whose id begins with `under`, oldest first, up to the first
    /// that is not older than `cutoff`; `remove` adds the deletion of one, or passes it over.
    async fn go_through<R: LivesIn<OfTenant>>(
        &self,
        under: &[u8],
        cutoff: Option<[u8; 6]>,
        remove: impl Fn(&Stored<R>, &mut Change) -> Result<bool> + Send + Sync,
    ) -> Result<u64> {
        let scope = self.store.tenant(self.tenant);
        let mut page = Page::first(BATCH);
        let mut pruned = 0;
        loop {
            let mut found = scope.list_stored::<R>(under, &page).await?;
            let length = found.items.len();
            let young = |record: &Stored<R>| cutoff.is_some_and(|cutoff| !is_older(&record.id(), under, cutoff));
            found.items.truncate(found.items.iter().position(young).unwrap_or(length));
            let ended = found.items.len() < length;
            let mut change = self.store.change();
            let mut removed = 0;
            for record in &found.items {
                removed += u64::from(remove(record, &mut change)?);
            }
            pruned += commit(change, removed).await?;
            match found.next.filter(|_| !ended) {
                Some(next) => page.after = Some(next),
                None => return Ok(pruned),
            }
        }
    }
}

/// Whether the part of an id after `under` begins with a time before `cutoff`.
fn is_older(id: &impl RecordId, under: &[u8], cutoff: [u8; 6]) -> bool {
    id.key_bytes().get(under.len()..).is_some_and(|rest| rest < cutoff.as_slice())
}

/// Commits; what lost against another writer is left for the next time.
async fn commit(change: Change, removed: u64) -> Result<u64> {
    if change.is_empty() {
        return Ok(0);
    }
    match change.commit().await {
        Ok(_) => Ok(removed),
        Err(error) if error.kind == ErrorKind::Conflict => Ok(0),
        Err(error) => Err(error),
    }
}

/// What the ids of records from `days` before `now` begin with: 48 bits of milliseconds.
fn cutoff(now: Timestamp, days: u32) -> [u8; 6] {
    let millis = now.as_millisecond().saturating_sub(i64::from(days) * 86_400_000);
    let [_, _, bytes @ ..] = millis.max(0).to_be_bytes();
    bytes
}

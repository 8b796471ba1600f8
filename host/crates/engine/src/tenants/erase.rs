//! Erasing what is left of deleted tenants, in the background. Its credentials are unreadable
//! before this begins, as their key is gone; its audit trail stays, as the proof.

use std::time::Duration;

use gatehouse_domain::id::TenantId;
use gatehouse_domain::key::ApiKey;
use gatehouse_domain::tenant::{Tenant, TenantStatus};
use gatehouse_domain::time::SignedDuration;
use gatehouse_domain::webhook::Endpoint;
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::record::{GlobalRecord, Kind, Record, TenantRecord};
use gatehouse_store::records::{Intent, KeyDigest, PendingDelivery, SubscriptionPlace};
use gatehouse_store::{Change, Page};
use tokio::sync::watch::Receiver;

use crate::Engine;

/// How long to rest between two rounds where no tenant is deleted.
const PAUSE: Duration = Duration::from_secs(600);
/// How long after its deletion a tenant is gone through again: a call that was running then
/// still writes its record.
const STRAGGLERS: SignedDuration = SignedDuration::from_hours(1);
/// What outlives its tenant.
const KEPT: &[Kind] = &[Kind::AuditEntry, Kind::ChainEnd];
/// How many records one commit deletes.
const BATCH: usize = 100;

/// Erases until `stop` says so.
pub(crate) async fn erase_deleted(engine: Engine, mut stop: Receiver<bool>) {
    loop {
        if let Err(error) = engine.erase_round().await {
            tracing::error!(%error, "erasing deleted tenants failed; it is tried again");
        }
        tokio::select! {
            () = engine.0.to_erase.notified() => {}
            () = tokio::time::sleep(PAUSE) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

impl Engine {
    async fn erase_round(&self) -> Result<()> {
        let mut page = Page::first(200);
        loop {
            let tenants = self.0.store.admin().list::<Tenant>(&page).await?;
            for tenant in tenants.items.iter().filter(|tenant| self.is_to_be_erased(tenant)) {
                self.erase(tenant.id).await?;
            }
            let Some(next) = tenants.next else { return Ok(()) };
            page.after = Some(next);
        }
    }

    fn is_to_be_erased(&self, tenant: &Tenant) -> bool {
        let recent = tenant.deleted_at.is_some_and(|at| self.now().duration_since(at) < STRAGGLERS);
        tenant.status == TenantStatus::Deleted && (tenant.erased_at.is_none() || recent)
    }

    /// Erases one tenant: first what the deployment keeps of it, found through its own records,
    /// then those.
    async fn erase(&self, tenant: TenantId) -> Result<()> {
        self.each_of::<ApiKey>(tenant, |key, change| change.admin().delete::<KeyDigest>(&key.id)).await?;
        self.forget_where::<Endpoint>(|endpoint| endpoint.tenant == tenant).await?;
        self.forget_where::<PendingDelivery>(|pending| pending.tenant == tenant).await?;
        self.forget_where::<SubscriptionPlace>(|place| place.tenant == tenant).await?;
        self.forget_where::<Intent>(|intent| intent.tenant == tenant).await?;
        self.forget_reviews(tenant).await?;
        let erased = self.0.store.erase_tenant(tenant, KEPT).await?;
        self.mark_erased(tenant).await?;
        tracing::info!(tenant.id = %tenant, records = erased, "erased what was left of a deleted tenant");
        Ok(())
    }

    /// Goes through a tenant's records of a kind; `then` adds to a change what belongs to one.
    async fn each_of<R: TenantRecord>(
        &self,
        tenant: TenantId,
        then: impl Fn(&R, &mut Change) -> Result<()> + Send + Sync,
    ) -> Result<()> {
        let scope = self.0.store.tenant(tenant);
        let mut page = Page::first(BATCH);
        loop {
            let found = scope.list::<R>(&page).await?;
            let mut change = self.0.store.change();
            for record in &found.items {
                then(record, &mut change)?;
            }
            if !change.is_empty() {
                change.commit().await?;
            }
            let Some(next) = found.next else { return Ok(()) };
            page.after = Some(next);
        }
    }

    /// Deletes the deployment's records of a kind that `is_gone` wants.
    async fn forget_where<R: GlobalRecord>(&self, is_gone: impl Fn(&R) -> bool + Send + Sync) -> Result<()>
    where
        <R as Record>::Id: Send + Sync,
    {
        let scope = self.0.store.admin();
        let mut page = Page::first(BATCH);
        loop {
            let found = scope.list::<R>(&page).await?;
            let mut change = self.0.store.change();
            for record in found.items.iter().filter(|record| is_gone(record)) {
                change.admin().delete::<R>(&record.id())?;
            }
            if !change.is_empty() {
                change.commit().await?;
            }
            let Some(next) = found.next else { return Ok(()) };
            page.after = Some(next);
        }
    }

    async fn mark_erased(&self, id: TenantId) -> Result<()> {
        let Some(stored) = self.0.store.admin().get::<Tenant>(&id).await? else { return Ok(()) };
        if stored.erased_at.is_some() {
            return Ok(());
        }
        let tenant = Tenant { erased_at: Some(self.now()), ..stored.record.clone() };
        let mut work = self.own_work(Some(id));
        work.admin().replace(&stored, &tenant)?;
        work.audit("tenant.erased", id, Some(&stored.record), Some(&tenant))?;
        match work.commit().await {
            // Somebody else changed it; the next round marks it.
            Err(error) if error.kind == ErrorKind::Conflict => Ok(()),
            outcome => outcome.map(|_| ()),
        }
    }
}

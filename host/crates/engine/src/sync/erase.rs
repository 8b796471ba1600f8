//! What a deleted integration leaves of its syncs, erased in small commits. It can be stopped at
//! any point and begun again.

use gatehouse_domain::Result;
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::mapping::{EntityShape, Mapping};
use gatehouse_domain::sync::{EntitySettings, SyncChange, SyncFeed, SyncLog, SyncRun, SyncState, SyncedRecord};
use gatehouse_store::record::TenantRecord;
use gatehouse_store::records::{MappingVersion, SyncSeen, entity_prefix};
use gatehouse_store::{Page, Placed};

use crate::Engine;

/// How many records one commit deletes.
const BATCH: usize = 200;

impl Engine {
    /// Erases the records, feeds, runs and logs of an integration that is no more.
    pub(super) async fn erase_synced(&self, tenant: TenantId, integration: IntegrationId) -> Result<()> {
        let scope = self.0.store.tenant(tenant);
        let part = integration.to_bytes();
        // The states come last: they name the entities, for a round that is begun again.
        let states = scope.list_under::<SyncState>(&part, &Page::first(1_000)).await?;
        for state in &states.items {
            let feed = entity_prefix(integration, &state.entity);
            scope.trim_under::<SyncFeed>(&feed, |_: &Placed<SyncFeed>| true).await?;
        }
        scope.trim_under::<SyncLog>(&part, |_: &Placed<SyncLog>| true).await?;
        let records = self.erase_kind::<SyncedRecord>(tenant, &part).await?;
        self.erase_kind::<SyncChange>(tenant, &part).await?;
        self.erase_kind::<SyncSeen>(tenant, &part).await?;
        self.erase_kind::<SyncRun>(tenant, &part).await?;
        self.erase_kind::<EntitySettings>(tenant, &part).await?;
        self.erase_kind::<Mapping>(tenant, &part).await?;
        self.erase_kind::<MappingVersion>(tenant, &part).await?;
        self.erase_kind::<EntityShape>(tenant, &part).await?;
        self.erase_kind::<SyncState>(tenant, &part).await?;
        tracing::info!(integration.id = %integration, records, "erased what the syncs of a deleted integration left");
        Ok(())
    }

    async fn erase_kind<R: TenantRecord>(&self, tenant: TenantId, under: &[u8]) -> Result<usize> {
        let mut erased = 0;
        loop {
            let found = self.0.store.tenant(tenant).list_stored::<R>(under, &Page::first(BATCH)).await?;
            if found.items.is_empty() {
                return Ok(erased);
            }
            erased += found.items.len();
            let mut change = self.0.store.change();
            for record in &found.items {
                change.tenant(tenant).remove(record)?;
            }
            change.commit().await?;
        }
    }
}

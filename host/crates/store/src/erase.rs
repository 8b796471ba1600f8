//! Erasing what is left of a tenant, record by record. It never touches another tenant, and
//! leaves the kinds that must outlive their tenant.

use gatehouse_domain::Result;
use gatehouse_domain::id::TenantId;

use crate::keys;
use crate::record::Kind;
use crate::storage::{Batch, Scan};
use crate::store::Store;

/// How many keys one commit deletes.
const BATCH: usize = 256;

impl Store {
    /// Deletes every record of a tenant with its parts, but for the kinds in `keep`. Answers how
    /// many values there were. It can be stopped at any point and begun again.
    ///
    /// # Errors
    /// As [`crate::storage::Storage::commit`], without conflicts.
    pub async fn erase_tenant(&self, tenant: TenantId, keep: &[Kind]) -> Result<u64> {
        let space = keys::tenant(tenant);
        let parts = keys::chunks_of(&space);
        Ok(self.erase(space, keep).await? + self.erase(parts, keep).await?)
    }

    /// Deletes all keys below `space`, which the kind's byte follows.
    async fn erase(&self, space: Vec<u8>, keep: &[Kind]) -> Result<u64> {
        let is_kept =
            |key: &[u8]| key.get(space.len()).is_some_and(|byte| keep.iter().any(|kind| *kind as u8 == *byte));
        let mut erased = 0;
        let mut after = None;
        loop {
            let scan = Scan { prefix: space.clone(), after, limit: BATCH, reverse: false };
            let found = self.storage().scan(scan).await?;
            let Some((last, _)) = found.last() else { return Ok(erased) };
            after = Some(last.clone());
            let deletes: Vec<Vec<u8>> = found.into_iter().map(|(key, _)| key).filter(|key| !is_kept(key)).collect();
            erased += deletes.len() as u64;
            if !deletes.is_empty() {
                self.storage().commit(Batch { deletes, ..Batch::default() }).await?;
            }
        }
    }
}

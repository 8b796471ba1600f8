//! That credentials were used: counted in memory with each use, written as one entry an
//! integration at most once a minute, never in the path of a call. A crash loses the counts of the
//! last minute, and no more.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use futures_util::stream;
use gatehouse_domain::Result;
use gatehouse_domain::id::{IntegrationId, TenantId};

use crate::Engine;

/// What the entries say was done. Their `count` is how often a credential, or a token of it, was
/// taken to be opened: for calls, for webhooks to be verified, for tokens to be renewed.
const USED: &str = "credential.used";
/// How many entries one commit adds.
const BATCH: usize = 64;
/// How many tenants' entries are written at the same time.
const AT_ONCE: usize = 32;

/// The uses that are not written yet.
#[derive(Default)]
pub(crate) struct SecretUses(Mutex<HashMap<(TenantId, IntegrationId), u64>>);

impl SecretUses {
    /// Counts one use.
    pub(crate) fn note(&self, tenant: TenantId, integration: IntegrationId) {
        *self.lock().entry((tenant, integration)).or_default() += 1;
    }

    fn take(&self) -> BTreeMap<TenantId, Vec<(IntegrationId, u64)>> {
        let mut taken: BTreeMap<TenantId, Vec<(IntegrationId, u64)>> = BTreeMap::new();
        for ((tenant, integration), count) in std::mem::take(&mut *self.lock()) {
            taken.entry(tenant).or_default().push((integration, count));
        }
        taken
    }

    /// Puts back what could not be written.
    fn give_back(&self, tenant: TenantId, uses: &[(IntegrationId, u64)]) {
        let mut known = self.lock();
        for (integration, count) in uses {
            *known.entry((tenant, *integration)).or_default() += count;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(TenantId, IntegrationId), u64>> {
        // Nothing panics while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Writes what was counted since the last time.
    pub(crate) async fn write_secret_uses(&self) {
        let write = |(tenant, uses): (TenantId, Vec<(IntegrationId, u64)>)| async move {
            for batch in uses.chunks(BATCH) {
                if let Err(error) = self.write_uses_of(tenant, batch).await {
                    self.0.secret_uses.give_back(tenant, batch);
                    tracing::warn!(%error, "how often credentials were used could not be written; it is tried again");
                }
            }
        };
        stream::iter(self.0.secret_uses.take()).for_each_concurrent(AT_ONCE, write).await;
    }

    async fn write_uses_of(&self, tenant: TenantId, uses: &[(IntegrationId, u64)]) -> Result<()> {
        let mut work = self.own_work(Some(tenant));
        for (integration, count) in uses {
            work.audit_count(USED, integration, *count);
        }
        work.commit_now().await
    }
}

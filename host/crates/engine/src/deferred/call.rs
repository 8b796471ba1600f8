//! What an accepted call carries, sealed under the tenant's key until it is over: its parameters
//! may hold secrets, which no record and no job shows.

use gatehouse_broker::TenantKeyRef;
use gatehouse_domain::id::{ExecutionId, TenantId};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::records::QueuedCall;
use gatehouse_store::{Page, Stored};
use serde::{Deserialize, Serialize};

use crate::routing::Wanted;
use crate::{Caller, Engine};

/// The largest call that is kept, in bytes of JSON.
const LARGEST: usize = 512 << 10;
/// How many calls are read at a time.
const PAGE: usize = 50;

/// What was asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Wish {
    /// Whether the integration that it names is called as it is; else one is chosen.
    pub(crate) direct: bool,
    /// The call.
    pub(crate) wanted: Wanted,
}

impl Engine {
    /// Seals a call for later.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] for one that can not be kept.
    pub(crate) async fn seal_call(&self, by: &Caller, execution: ExecutionId, wish: &Wish) -> Result<QueuedCall> {
        let plain = serde_json::to_vec(wish)
            .map_err(|error| Error::internal("a call can not be written as JSON").caused_by(error))?;
        if plain.len() > LARGEST {
            let message = format!("has {} bytes; a call that is made later takes at most {LARGEST}", plain.len());
            let error = Error::new(ErrorKind::TooLarge, format!("the call is too large: it {message}"));
            return Err(error.at("$.parameters", message));
        }
        let key = self.newest_key(by.tenant()?).await?;
        let sealed = self.0.vault.seal_call(&key, execution, &plain)?;
        let (actor, acting_for, request) = (by.key.id, by.acting_for, by.request);
        Ok(QueuedCall { execution, actor, acting_for, request, key_version: key.version, sealed })
    }

    /// Seals the calls that wait under one of the `older` keys again, under the newest. Answers
    /// whether any is left under them.
    ///
    /// # Errors
    /// Whatever the store says.
    pub(crate) async fn reseal_calls(&self, tenant: TenantId, older: &[u32]) -> Result<bool> {
        let to = self.newest_key(tenant).await?;
        let (mut left, mut page) = (false, Page::first(PAGE));
        loop {
            let found = self.0.store.tenant(tenant).list_stored::<QueuedCall>(&[], &page).await?;
            for stored in found.items.iter().filter(|stored| older.contains(&stored.key_version)) {
                if let Err(error) = self.reseal_call(tenant, stored, &to).await {
                    tracing::error!(%error, tenant.id = %tenant, execution.id = %stored.execution, "a queued call can not be sealed again");
                    left = true;
                }
            }
            let Some(next) = found.next else { return Ok(left) };
            page.after = Some(next);
        }
    }

    async fn reseal_call(&self, tenant: TenantId, stored: &Stored<QueuedCall>, to: &TenantKeyRef) -> Result<()> {
        let from = self.tenant_key(tenant, stored.key_version).await?;
        let plain = self.0.vault.open_call(&from, stored.execution, &stored.sealed)?;
        let sealed = self.0.vault.seal_call(to, stored.execution, &plain)?;
        let mut change = self.0.store.change();
        change
            .tenant(tenant)
            .replace(stored, &QueuedCall { key_version: to.version, sealed, ..stored.record.clone() })?;
        match change.commit().await {
            // It ended meanwhile, which deletes it.
            Err(error) if error.kind != ErrorKind::Conflict => Err(error),
            _ => Ok(()),
        }
    }

    /// Opens what was sealed.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where it does not open.
    pub(super) async fn open_call(&self, tenant: TenantId, call: &QueuedCall) -> Result<Wish> {
        let key = self.tenant_key(tenant, call.key_version).await?;
        let plain = self.0.vault.open_call(&key, call.execution, &call.sealed)?;
        serde_json::from_slice(&plain)
            .map_err(|error| Error::new(ErrorKind::Corrupt, "a queued call can not be read").caused_by(error))
    }
}

//! Opening recorded calls, and sealing them again where the tenant's key is exchanged. One that
//! does not open any more is let go: it is a recording, and no exchange waits for it.

use gatehouse_broker::TenantKeyRef;
use gatehouse_domain::cassette::{Cassette, FORMAT, Label};
use gatehouse_domain::id::{CassetteId, IntegrationId, TenantId};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::record::Record;
use gatehouse_store::records::CassetteTape;
use gatehouse_store::{Page, Stored};

use crate::Engine;

/// What the seal is bound to.
pub(super) const KIND: &str = "cassette";
/// How many are read at a time.
const PAGE: usize = 16;
/// How often one is read again whose key was exchanged at that moment.
const TRIES: usize = 3;

/// The bytes that the seal of a cassette is bound to.
pub(super) fn bound_to((integration, cassette): (IntegrationId, CassetteId)) -> Vec<u8> {
    [integration.to_bytes(), cassette.to_bytes()].concat()
}

impl Engine {
    /// A recorded call, where there is one.
    pub(crate) async fn open_cassette(
        &self,
        tenant: TenantId,
        id: (IntegrationId, CassetteId),
    ) -> Result<Option<Cassette>> {
        let mut last = None;
        for _ in 0..TRIES {
            let Some(tape) = self.0.store.tenant(tenant).get::<CassetteTape>(&id).await? else { return Ok(None) };
            match self.tenant_key(tenant, tape.key_version).await.and_then(|key| self.unsealed(&key, &tape)) {
                Ok(cassette) => return Ok(Some(cassette)),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| Error::internal("a cassette was not read")))
    }

    fn unsealed(&self, key: &TenantKeyRef, tape: &CassetteTape) -> Result<Cassette> {
        let plain = self.0.vault.open_kept(key, KIND, &bound_to(tape.id()), &tape.sealed)?;
        let cassette: Cassette = serde_json::from_slice(&plain)
            .map_err(|error| Error::new(ErrorKind::Corrupt, "a cassette can not be read").caused_by(error))?;
        if cassette.format > FORMAT {
            let message = format!("the cassette has format {}, and this server reads up to {FORMAT}", cassette.format);
            return Err(Error::new(ErrorKind::Corrupt, message));
        }
        Ok(cassette)
    }

    /// Seals a tenant's cassettes with its newest key.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where something is changed meanwhile: that wins, and is looked at
    /// again.
    pub(crate) async fn reseal_cassettes(&self, tenant: TenantId) -> Result<()> {
        let to = self.newest_key(tenant).await?;
        let mut page = Page::first(PAGE);
        loop {
            let found = self.0.store.tenant(tenant).list_stored::<CassetteTape>(&[], &page).await?;
            for stored in found.items.iter().filter(|stored| stored.key_version != to.version) {
                self.reseal_cassette(tenant, stored, &to).await?;
            }
            let Some(next) = found.next else { return Ok(()) };
            page.after = Some(next);
        }
    }

    async fn reseal_cassette(&self, tenant: TenantId, stored: &Stored<CassetteTape>, to: &TenantKeyRef) -> Result<()> {
        let id = Record::id(&stored.record);
        let from = self.tenant_key(tenant, stored.key_version).await;
        let again = from.and_then(|from| {
            let plain = self.0.vault.open_kept(&from, KIND, &bound_to(id), &stored.sealed)?;
            self.0.vault.seal_kept(to, KIND, &bound_to(id), &plain)
        });
        let mut change = self.0.store.change();
        let mut scope = change.tenant(tenant);
        match again {
            Ok(sealed) => {
                scope.replace(stored, &CassetteTape { key_version: to.version, sealed, ..stored.record.clone() })?;
            }
            Err(error) => {
                tracing::warn!(%error, tenant.id = %tenant, "a recorded call does not open any more and is let go");
                scope.remove(stored)?;
                scope.delete::<Label>(&id)?;
            }
        }
        change.commit().await.map(|_| ())
    }

    /// Whether a recorded call of a tenant is sealed by one of these keys.
    pub(crate) async fn cassettes_use(&self, tenant: TenantId, versions: &[u32]) -> Result<bool> {
        let mut page = Page::first(PAGE);
        loop {
            let found = self.0.store.tenant(tenant).list::<CassetteTape>(&page).await?;
            if found.items.iter().any(|tape| versions.contains(&tape.key_version)) {
                return Ok(true);
            }
            let Some(next) = found.next else { return Ok(false) };
            page.after = Some(next);
        }
    }
}

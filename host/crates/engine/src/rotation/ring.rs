//! A tenant's keys together, to seal with the newest what an older one sealed, and the guard that
//! everything newly sealed is stored under.

use gatehouse_broker::{CredentialContext, Place, TenantKeyRef};
use gatehouse_domain::id::TenantId;
use gatehouse_domain::{Error, Result};
use gatehouse_store::Change;
use gatehouse_store::records::{ClosedKey, SealedCredential, TenantKey};

use crate::Engine;

/// All keys of a tenant, as they were at one moment.
pub(crate) struct KeyRing<'e> {
    engine: &'e Engine,
    tenant: TenantId,
    keys: Vec<TenantKeyRef>,
}

impl Engine {
    /// A tenant's keys.
    pub(crate) async fn key_ring(&self, tenant: TenantId) -> Result<KeyRing<'_>> {
        let stored = self.tenant_keys(tenant).await?;
        let reference = |key: TenantKey| TenantKeyRef { tenant, version: key.version, wrapped: key.wrapped };
        let keys = stored.into_iter().map(|key| reference(key.record)).collect();
        Ok(KeyRing { engine: self, tenant, keys })
    }
}

impl KeyRing<'_> {
    /// The key that seals what is new.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`] where the tenant was deleted.
    pub(crate) fn newest(&self) -> Result<&TenantKeyRef> {
        self.keys.last().ok_or_else(|| Error::not_found("tenant", self.tenant))
    }

    /// The key of a generation.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Conflict`] where it is gone: whatever it sealed was sealed
    /// again, and is to be read again.
    fn key(&self, version: u32) -> Result<&TenantKeyRef> {
        self.keys.iter().find(|key| key.version == version).ok_or_else(|| {
            let tenant = self.tenant;
            Error::conflict(format!("the key {version} of the tenant `{tenant}` was exchanged and destroyed; retry"))
        })
    }

    /// Seals all of a credential with the newest key.
    ///
    /// # Errors
    /// As [`KeyRing::reseal`].
    pub(crate) fn reseal_credential(&self, sealed: &mut SealedCredential) -> Result<()> {
        let (tenant, integration, to) = (self.tenant, sealed.integration, self.newest()?);
        for part in sealed.parts().into_iter().filter(|part| *part.key_version != to.version) {
            let from = self.key(*part.key_version).map_err(|error| error.with("integration", integration))?;
            let context = CredentialContext { tenant, integration, version: part.version };
            *part.fields = self.engine.0.vault.reseal(from, to, &context, part.fields)?;
            *part.key_version = to.version;
        }
        Ok(())
    }

    /// Seals a secret with the newest key, where another one of the tenant's sealed it.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Conflict`] where that key is gone,
    /// [`gatehouse_domain::ErrorKind::Corrupt`] where the secret does not open.
    pub(crate) fn reseal(&self, place: &Place<'_>, key_version: &mut u32, sealed: &mut String) -> Result<()> {
        let to = self.newest()?;
        if *key_version != to.version {
            *sealed = self.engine.0.vault.reseal_at(self.key(*key_version)?, to, place, sealed)?;
            *key_version = to.version;
        }
        Ok(())
    }

    /// Has a change that stores something that the newest key seals conflict where that key is to
    /// be destroyed.
    ///
    /// # Errors
    /// As [`KeyRing::newest`].
    pub(crate) fn guard(&self, change: &mut Change) -> Result<()> {
        guard_key(change, self.tenant, self.newest()?.version)
    }
}

/// Has a change that stores something sealed conflict where the key that seals it is to be
/// destroyed, so that none comes in behind the last look of an exchange.
///
/// # Errors
/// None at present.
pub(crate) fn guard_key(change: &mut Change, tenant: TenantId, key_version: u32) -> Result<()> {
    change.tenant(tenant).require::<TenantKey>(&key_version)?;
    change.admin().absent::<ClosedKey>(&(tenant, key_version))
}

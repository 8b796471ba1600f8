//! Sealing and opening an integration's credential, without ever holding its plaintext.

use std::collections::BTreeMap;

use gatehouse_broker::{CredentialContext, TenantKeyRef};
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::Page;
use gatehouse_store::records::{SealedCredential, TenantKey};

use crate::work::Work;
use crate::{Credentials, Engine};

/// A sealed credential with what the broker needs to open it.
pub(crate) struct Opened {
    pub(crate) key: TenantKeyRef,
    pub(crate) context: CredentialContext,
    pub(crate) fields: BTreeMap<String, String>,
}

impl Engine {
    /// Seals credentials for the generation that `integration` names.
    pub(crate) async fn seal(
        &self,
        tenant: TenantId,
        integration: &Integration,
        credentials: &Credentials,
    ) -> Result<SealedCredential> {
        let key = self.newest_key(tenant).await?;
        let version = integration.credential_version;
        let context = CredentialContext { tenant, integration: integration.id, version };
        let fields = self.0.vault.seal(&key, &context, credentials)?;
        Ok(SealedCredential {
            integration: integration.id,
            version,
            key_version: key.version,
            fields,
            previous: None,
            endpoint: None,
        })
    }

    /// Adds a sealed credential to a work, all of it sealed by the tenant's newest key. Every
    /// credential is stored by this: the work conflicts where a key that seals it is to be
    /// destroyed, so that none comes in behind the last look.
    pub(crate) async fn keep_credential(
        &self,
        work: &mut Work,
        tenant: TenantId,
        sealed: &SealedCredential,
    ) -> Result<()> {
        let ring = self.key_ring(tenant).await?;
        let mut sealed = sealed.clone();
        ring.reseal_credential(&mut sealed)?;
        ring.guard(work.change())?;
        work.tenant(tenant).put(&sealed)
    }

    /// The sealed credential of an integration.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where it was disconnected.
    pub(crate) async fn credential(&self, tenant: TenantId, integration: IntegrationId) -> Result<Opened> {
        let sealed = self.sealed(tenant, integration).await?;
        match self.opened(tenant, &sealed).await {
            // Sealed again between the two reads, and the old key destroyed.
            Err(error) if error.kind == ErrorKind::Corrupt => {
                let again = self.sealed(tenant, integration).await?;
                if again == sealed { Err(error) } else { self.opened(tenant, &again).await }
            }
            outcome => outcome,
        }
    }

    /// What opens a sealed credential. That it is used stands in the audit trail within a minute.
    pub(crate) async fn opened(&self, tenant: TenantId, sealed: &SealedCredential) -> Result<Opened> {
        self.0.secret_uses.note(tenant, sealed.integration);
        let key = self.tenant_key(tenant, sealed.key_version).await?;
        let context = CredentialContext { tenant, integration: sealed.integration, version: sealed.version };
        Ok(Opened { key, context, fields: sealed.fields.clone() })
    }

    /// The credentials that a webhook may be signed with: the one in use, and the one before it
    /// while its time is not over.
    pub(crate) async fn signing_credentials(
        &self,
        tenant: TenantId,
        integration: IntegrationId,
    ) -> Result<Vec<Opened>> {
        let sealed = self.sealed(tenant, integration).await?;
        match self.all_opened(tenant, &sealed).await {
            Err(error) if error.kind == ErrorKind::Corrupt => {
                let again = self.sealed(tenant, integration).await?;
                if again == sealed { Err(error) } else { self.all_opened(tenant, &again).await }
            }
            outcome => outcome,
        }
    }

    async fn all_opened(&self, tenant: TenantId, sealed: &SealedCredential) -> Result<Vec<Opened>> {
        let mut found = vec![self.opened(tenant, sealed).await?];
        let now = self.now();
        if let Some(previous) = sealed.previous.as_ref().filter(|previous| now < previous.until) {
            let key = self.tenant_key(tenant, previous.key_version).await?;
            let context = CredentialContext { tenant, integration: sealed.integration, version: previous.version };
            found.push(Opened { key, context, fields: previous.fields.clone() });
        }
        Ok(found)
    }

    pub(crate) async fn sealed(&self, tenant: TenantId, integration: IntegrationId) -> Result<SealedCredential> {
        let sealed = self.0.store.tenant(tenant).get::<SealedCredential>(&integration).await?;
        sealed.map(|sealed| sealed.record).ok_or_else(|| {
            let message = format!(
                "the integration `{integration}` is not connected; POST /api/v1/integrations/{integration}/connect"
            );
            Error::conflict(message)
        })
    }

    /// The key that seals what is new.
    pub(crate) async fn newest_key(&self, tenant: TenantId) -> Result<TenantKeyRef> {
        let mut newest = self.0.store.tenant(tenant).list::<TenantKey>(&Page::last(1)).await?.items;
        let key = newest.pop().ok_or_else(|| Error::not_found("tenant", tenant))?;
        Ok(TenantKeyRef { tenant, version: key.version, wrapped: key.wrapped })
    }

    /// The tenant's key of a generation, as the vault wants it.
    pub(crate) async fn tenant_key(&self, tenant: TenantId, version: u32) -> Result<TenantKeyRef> {
        let stored = self.0.store.tenant(tenant).get::<TenantKey>(&version).await?;
        let Some(key) = stored else {
            let message =
                format!("the key {version} of the tenant `{tenant}` is missing from the store; restore a backup");
            return Err(Error::new(ErrorKind::Corrupt, message));
        };
        Ok(TenantKeyRef { tenant, version: key.version, wrapped: key.record.wrapped })
    }
}

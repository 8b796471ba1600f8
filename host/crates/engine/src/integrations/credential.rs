//! Sealing and opening an integration's credential, without ever holding its plaintext.

use std::collections::BTreeMap;

use gatehouse_broker::{CredentialContext, TenantKeyRef};
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::records::{SealedCredential, TenantKey};

use crate::tenants::FIRST_TENANT_KEY;
use crate::{Credentials, Engine};

/// A sealed credential with what the broker needs to open it.
pub(crate) struct Opened {
    pub(crate) key: TenantKeyRef,
    pub(crate) context: CredentialContext,
    pub(crate) fields: BTreeMap<String, String>,
}

impl Engine {
    /// Seals credentials for the generation that `integration` names.
    pub(super) async fn seal(
        &self,
        tenant: TenantId,
        integration: &Integration,
        credentials: &Credentials,
    ) -> Result<SealedCredential> {
        let key = self.tenant_key(tenant).await?;
        let version = integration.credential_version;
        let context = CredentialContext { tenant, integration: integration.id, version };
        let fields = self.0.vault.seal(&key, &context, credentials)?;
        Ok(SealedCredential { integration: integration.id, version, fields })
    }

    /// The sealed credential of an integration.
    pub(crate) async fn credential(&self, tenant: TenantId, integration: IntegrationId) -> Result<Opened> {
        let sealed = self.0.store.tenant(tenant).get::<SealedCredential>(&integration).await?;
        let sealed = sealed.ok_or_else(|| lost("credential", integration))?.record;
        let key = self.tenant_key(tenant).await?;
        let context = CredentialContext { tenant, integration, version: sealed.version };
        Ok(Opened { key, context, fields: sealed.fields })
    }

    async fn tenant_key(&self, tenant: TenantId) -> Result<TenantKeyRef> {
        let stored = self.0.store.tenant(tenant).get::<TenantKey>(&FIRST_TENANT_KEY).await?;
        let key = stored.ok_or_else(|| lost("key of the tenant", tenant))?.record;
        Ok(TenantKeyRef { tenant, version: key.version, wrapped: key.wrapped })
    }
}

fn lost(what: &str, of: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Corrupt, format!("the {what} `{of}` is missing from the store; restore a backup"))
}

//! The secrets of an endpoint: those that are not part of the credential, as the provider issues
//! them when it is told of the endpoint, or in a handshake.

use gatehouse_broker::CredentialContext;
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_store::records::{EndpointSecrets, SealedCredential};

use crate::integrations::Opened;
use crate::work::Work;
use crate::{Caller, Credentials, Engine};

/// What becomes of secrets that there are under the same names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    /// The new ones take their place.
    Instead,
    /// They stay behind the new ones.
    Before,
}

impl Engine {
    /// Puts secrets of an integration's endpoint in the place of those of the same names. They come
    /// before fields of the credential.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`], and [`gatehouse_domain::ErrorKind::Invalid`] for a
    /// name that verifying has no use for.
    pub async fn set_endpoint_secrets(&self, by: &Caller, target: &str, secrets: &Credentials) -> Result<()> {
        let tenant = by.tenant()?;
        let integration = self.integration(by, target).await?;
        let plugin = self.plugin(&integration.plugin).await?;
        let known = plugin.manifest().webhook.as_ref().map(|rules| rules.fields()).unwrap_or_default();
        let unknown = secrets.names().filter(|name| !known.contains(name));
        let problems: Vec<Problem> = unknown
            .map(|_| Problem::at("$.secrets", format!("has a name that is none of: {}", known.join(", "))))
            .collect();
        if !problems.is_empty() {
            return Err(Error::problems("these are no secrets of an endpoint", problems));
        }
        let mut work = self.work(by);
        self.add_endpoint_secrets(&mut work, tenant, &integration, secrets, Beside::Instead).await?;
        work.commit().await
    }

    /// Adds secrets to a work.
    pub(super) async fn add_endpoint_secrets(
        &self,
        work: &mut Work,
        tenant: TenantId,
        integration: &Integration,
        secrets: &Credentials,
        beside: Beside,
    ) -> Result<()> {
        let stored = self.0.store.tenant(tenant).get::<SealedCredential>(&integration.id).await?;
        let stored = stored.ok_or_else(|| {
            Error::conflict(format!("the integration `{}` is not connected; connect it first", integration.id))
        })?;
        let known = stored.endpoint.clone();
        // All of them are sealed by one key; the newest seals them again when they are kept.
        let key = match &known {
            Some(known) => self.tenant_key(tenant, known.key_version).await?,
            None => self.newest_key(tenant).await?,
        };
        let mut fields = known.map(|known| known.fields).unwrap_or_default();
        let context = bound_to(tenant, integration.id);
        let sealed = match beside {
            Beside::Instead => self.0.vault.seal_endpoint(&key, &context, secrets)?,
            Beside::Before => self.0.vault.seal_endpoint_beside(&key, &context, &fields, secrets)?,
        };
        fields.extend(sealed);
        let endpoint = Some(EndpointSecrets { key_version: key.version, fields });
        work.tenant(tenant).unchanged(&stored)?;
        self.keep_credential(work, tenant, &SealedCredential { endpoint, ..stored.record }).await?;
        work.audit::<Integration>("endpoint.secrets_set", integration.id, None, None)
    }

    /// The sealed secrets of an endpoint.
    pub(super) async fn endpoint_secrets(
        &self,
        tenant: TenantId,
        integration: IntegrationId,
    ) -> Result<Option<Opened>> {
        let Some(endpoint) = self.sealed(tenant, integration).await?.endpoint else { return Ok(None) };
        let key = self.tenant_key(tenant, endpoint.key_version).await?;
        Ok(Some(Opened { key, context: bound_to(tenant, integration), fields: endpoint.fields }))
    }
}

fn bound_to(tenant: TenantId, integration: IntegrationId) -> CredentialContext {
    CredentialContext { tenant, integration, version: EndpointSecrets::VERSION }
}

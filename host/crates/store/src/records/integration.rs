//! Integrations and their sealed credentials.

use std::collections::BTreeMap;

use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::integration::Integration;
use gatehouse_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::record::{Kind, Record, RecordId, TenantRecord};

/// An integration's credential. Only the broker can open it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedCredential {
    /// Whose it is.
    pub integration: IntegrationId,
    /// Its generation, as in [`Integration::credential_version`].
    pub version: u32,
    /// The generation of the tenant's key that seals it.
    #[serde(default = "first")]
    pub key_version: u32,
    /// The sealed bytes of each field, in base64.
    pub fields: BTreeMap<String, String>,
    /// The generation before, while webhooks that are signed with it are still taken.
    #[serde(default)]
    pub previous: Option<PreviousCredential>,
    /// Secrets of the integration's endpoint, such as one that the provider issued when it was told
    /// of the endpoint. They come before the fields of the same names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<EndpointSecrets>,
}

/// Secrets that belong to an endpoint and not to the credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointSecrets {
    /// The generation of the tenant's key that seals them.
    pub key_version: u32,
    /// The sealed bytes of each, in base64.
    pub fields: BTreeMap<String, String>,
}

impl EndpointSecrets {
    /// What their sealed fields are bound to in place of a generation.
    pub const VERSION: u32 = 1;
}

/// One part of a sealed credential: fields that are sealed together.
#[derive(Debug)]
pub struct SealedPart<'a> {
    /// Its generation, which its fields are bound to.
    pub version: u32,
    /// The generation of the tenant's key that seals it.
    pub key_version: &'a mut u32,
    /// The sealed bytes of each field, in base64.
    pub fields: &'a mut BTreeMap<String, String>,
}

impl SealedCredential {
    /// Every part, for whoever seals all of it again. A part that is not told of here would become
    /// unreadable with the key that seals it.
    pub fn parts(&mut self) -> Vec<SealedPart<'_>> {
        let Self { integration: _, version, key_version, fields, previous, endpoint } = self;
        let own = SealedPart { version: *version, key_version, fields };
        let previous = previous.as_mut().map(|PreviousCredential { version, key_version, fields, until: _ }| {
            SealedPart { version: *version, key_version, fields }
        });
        let endpoint = endpoint.as_mut().map(|EndpointSecrets { key_version, fields }| SealedPart {
            version: EndpointSecrets::VERSION,
            key_version,
            fields,
        });
        std::iter::once(own).chain(previous).chain(endpoint).collect()
    }

    /// The generations of the tenant's key that are needed to open all of it.
    pub fn key_versions(&self) -> Vec<u32> {
        let mut versions: Vec<u32> = self.clone().parts().iter().map(|part| *part.key_version).collect();
        versions.sort_unstable();
        versions.dedup();
        versions
    }
}

/// A credential that was replaced and is still good for what was signed with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousCredential {
    /// Its generation.
    pub version: u32,
    /// The generation of the tenant's key that seals it.
    pub key_version: u32,
    /// The sealed bytes of each field, in base64.
    pub fields: BTreeMap<String, String>,
    /// When it ends.
    pub until: Timestamp,
}

/// Credentials that were sealed before keys were counted are sealed by the first.
fn first() -> u32 {
    1
}

/// Lists a provider's integrations. Written with the integration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegrationByProvider {
    /// The provider's code.
    pub provider: String,
    /// Its integration.
    pub integration: IntegrationId,
}

impl IntegrationByProvider {
    /// What the ids of a provider's integrations begin with. A code holds no zero byte, so no
    /// code's entries begin with another's.
    pub fn prefix_of(provider: &str) -> Vec<u8> {
        let mut prefix = provider.as_bytes().to_vec();
        prefix.push(0);
        prefix
    }
}

impl RecordId for (String, IntegrationId) {
    fn key_bytes(&self) -> Vec<u8> {
        let mut bytes = IntegrationByProvider::prefix_of(&self.0);
        bytes.extend_from_slice(&self.1.to_bytes());
        bytes
    }
}

impl Record for Integration {
    const KIND: Kind = Kind::Integration;
    const SCHEMA: u8 = 1;
    type Id = IntegrationId;
    fn id(&self) -> IntegrationId {
        self.id
    }
}
impl TenantRecord for Integration {}

impl Record for SealedCredential {
    const KIND: Kind = Kind::SealedCredential;
    const SCHEMA: u8 = 1;
    type Id = IntegrationId;
    fn id(&self) -> IntegrationId {
        self.integration
    }
}
impl TenantRecord for SealedCredential {}

impl Record for IntegrationByProvider {
    const KIND: Kind = Kind::IntegrationByProvider;
    const SCHEMA: u8 = 1;
    type Id = (String, IntegrationId);
    fn id(&self) -> Self::Id {
        (self.provider.clone(), self.integration)
    }
}
impl TenantRecord for IntegrationByProvider {}

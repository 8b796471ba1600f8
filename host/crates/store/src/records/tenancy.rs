//! Tenants, API keys and the keys that seal a tenant's secrets.

use gatehouse_domain::id::{KeyId, TenantId};
use gatehouse_domain::key::ApiKey;
use gatehouse_domain::tenant::Tenant;
use serde::{Deserialize, Serialize};

use super::encoding::hex;
use crate::record::{GlobalRecord, Kind, Record, TenantRecord};

/// Finds an API key by the digest of its token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyDigest {
    /// SHA-256 of the token, in hexadecimal in JSON.
    #[serde(with = "hex")]
    pub digest: [u8; 32],
    /// The key.
    pub key: KeyId,
}

/// One generation of the key that seals a tenant's secrets, itself sealed by the root key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantKey {
    /// The generation, from 1.
    pub version: u32,
    /// The sealed key, in base64.
    pub wrapped: String,
}

impl Record for Tenant {
    const KIND: Kind = Kind::Tenant;
    const SCHEMA: u8 = 1;
    type Id = TenantId;
    fn id(&self) -> TenantId {
        self.id
    }
}
impl GlobalRecord for Tenant {}

impl Record for ApiKey {
    const KIND: Kind = Kind::ApiKey;
    const SCHEMA: u8 = 1;
    type Id = KeyId;
    fn id(&self) -> KeyId {
        self.id
    }
}
impl GlobalRecord for ApiKey {}

impl Record for KeyDigest {
    const KIND: Kind = Kind::KeyDigest;
    const SCHEMA: u8 = 1;
    type Id = [u8; 32];
    fn id(&self) -> [u8; 32] {
        self.digest
    }
}
impl GlobalRecord for KeyDigest {}

impl Record for TenantKey {
    const KIND: Kind = Kind::TenantKey;
    const SCHEMA: u8 = 1;
    type Id = u32;
    fn id(&self) -> u32 {
        self.version
    }
}
impl TenantRecord for TenantKey {}

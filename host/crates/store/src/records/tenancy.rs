//! Tenants, roles, API keys and the keys that seal a tenant's secrets.

use gatehouse_domain::id::{KeyId, TenantId};
use gatehouse_domain::key::ApiKey;
use gatehouse_domain::role::Role;
use gatehouse_domain::tenant::Tenant;
use serde::{Deserialize, Serialize};

use super::encoding::hex;
use crate::record::{GlobalRecord, Kind, Record, TenantRecord};

/// What a token is checked against, and where its key's record is: with the tenant's records,
/// or, for an operator's key, with the deployment's. Written with the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyDigest {
    /// The key.
    pub key: KeyId,
    /// Whose it is; an operator's where absent.
    pub tenant: Option<TenantId>,
    /// HMAC-SHA-256 of the key's id and its secret, in hexadecimal in JSON.
    #[serde(with = "hex")]
    pub digest: [u8; 32],
}

/// One generation of the key that seals a tenant's secrets, itself sealed by a root key. The
/// newest seals; an older one opens what is not sealed again yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantKey {
    /// The generation, from 1.
    pub version: u32,
    /// The id of the root key that seals it, a full stop, and the sealed key in base64.
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

impl Record for Role {
    const KIND: Kind = Kind::Role;
    const SCHEMA: u8 = 1;
    type Id = String;
    fn id(&self) -> String {
        self.name.clone()
    }
}
impl TenantRecord for Role {}

impl Record for ApiKey {
    const KIND: Kind = Kind::ApiKey;
    const SCHEMA: u8 = 2;
    type Id = KeyId;
    fn id(&self) -> KeyId {
        self.id
    }
}
// A tenant's key is with the tenant's records, an operator's with the deployment's.
impl TenantRecord for ApiKey {}
impl GlobalRecord for ApiKey {}

impl Record for KeyDigest {
    const KIND: Kind = Kind::KeyDigest;
    const SCHEMA: u8 = 2;
    type Id = KeyId;
    fn id(&self) -> KeyId {
        self.key
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

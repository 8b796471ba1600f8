//! The deployment itself: one record, written when the data directory is first used.

use std::collections::BTreeMap;

use gatehouse_domain::Result;
use gatehouse_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::encoding::hex;
use crate::record::{GlobalRecord, Kind, Record};

/// This deployment. Data that is bound to it can not be moved to another unnoticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// 16 random bytes, in hexadecimal in JSON.
    #[serde(with = "hex")]
    pub id: [u8; 16],
    /// When the data directory was first used.
    pub created_at: Timestamp,
    /// Its own keys; absent in data from before there were any, until the next start.
    #[serde(default)]
    pub own_keys: Option<OwnKeys>,
}

/// The deployment's own keys, each sealed under the root key. Only the broker can open them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnKeys {
    /// The id of the root key that seals them, and that seals every new tenant's key.
    pub root: String,
    /// The ids of root keys that may still seal some tenant's key: each is taken out after a scan
    /// that found none.
    pub older: Vec<String>,
    /// Each purpose with its key, sealed, in base64.
    pub keys: BTreeMap<String, String>,
}

impl OwnKeys {
    /// The ids of the root keys that are needed to read everything.
    pub fn needed(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.root).chain(&self.older).map(String::as_str)
    }
}

impl Record for Deployment {
    const KIND: Kind = Kind::Deployment;
    // An older program would take the root key's own subkeys for the deployment's.
    const SCHEMA: u8 = 2;
    type Id = ();
    fn id(&self) -> Self::Id {}
    fn migrate(_from: u8, old: Value) -> Result<Value> {
        Ok(old)
    }
}
impl GlobalRecord for Deployment {}

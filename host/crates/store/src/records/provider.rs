//! Providers as operators declare them, and what they say of capabilities.

use gatehouse_domain::provider::{CapabilityOverride, Provider};

use crate::record::{GlobalRecord, Kind, Record, RecordId};

/// What the ids of what is said of a provider's capabilities begin with. A code holds no zero byte.
pub fn overrides_of(provider: &str) -> Vec<u8> {
    let mut prefix = provider.as_bytes().to_vec();
    prefix.push(0);
    prefix
}

/// A provider's code and a capability's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverrideId(pub String, pub String);

impl RecordId for OverrideId {
    fn key_bytes(&self) -> Vec<u8> {
        let mut bytes = overrides_of(&self.0);
        bytes.extend_from_slice(self.1.as_bytes());
        bytes
    }
}

impl Record for Provider {
    const KIND: Kind = Kind::Provider;
    const SCHEMA: u8 = 1;
    type Id = String;
    fn id(&self) -> String {
        self.code.clone()
    }
}
impl GlobalRecord for Provider {}

impl Record for CapabilityOverride {
    const KIND: Kind = Kind::CapabilityOverride;
    const SCHEMA: u8 = 1;
    type Id = OverrideId;
    fn id(&self) -> OverrideId {
        OverrideId(self.provider.clone(), self.capability.clone())
    }
}
impl GlobalRecord for CapabilityOverride {}

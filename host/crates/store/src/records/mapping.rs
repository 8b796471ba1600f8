//! Mappings: the one in use of each entity, their versions, and what is known of how records look.

use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::mapping::{EntityShape, Mapping, Way};
use serde::{Deserialize, Serialize};

use super::sync::entity_prefix;
use crate::record::{Kind, Record, RecordId, TenantRecord};

/// A version of a mapping, the one in use among them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MappingVersion(pub Mapping);

impl Record for Mapping {
    const KIND: Kind = Kind::Mapping;
    const SCHEMA: u8 = 1;
    type Id = (IntegrationId, String);
    fn id(&self) -> Self::Id {
        (self.integration, self.entity.clone())
    }
}
impl TenantRecord for Mapping {}

/// Versions of an entity come in their order.
impl RecordId for (IntegrationId, String, u32) {
    fn key_bytes(&self) -> Vec<u8> {
        [entity_prefix(self.0, &self.1).as_slice(), &self.2.to_be_bytes()].concat()
    }
}

impl Record for MappingVersion {
    const KIND: Kind = Kind::MappingVersion;
    const SCHEMA: u8 = 1;
    type Id = (IntegrationId, String, u32);
    fn id(&self) -> Self::Id {
        (self.0.integration, self.0.entity.clone(), self.0.version)
    }
}
impl TenantRecord for MappingVersion {}

impl RecordId for (IntegrationId, String, Way) {
    fn key_bytes(&self) -> Vec<u8> {
        let side = match self.2 {
            Way::In => 0,
            Way::Out => 1,
        };
        [entity_prefix(self.0, &self.1).as_slice(), &[side]].concat()
    }
}

impl Record for EntityShape {
    const KIND: Kind = Kind::EntityShape;
    const SCHEMA: u8 = 1;
    type Id = (IntegrationId, String, Way);
    fn id(&self) -> Self::Id {
        (self.integration, self.entity.clone(), self.side)
    }
}
impl TenantRecord for EntityShape {}

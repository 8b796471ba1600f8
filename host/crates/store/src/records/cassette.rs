//! Recorded calls: what is known of each, and apart from that its content, sealed.

use gatehouse_domain::cassette::Label;
use gatehouse_domain::id::{CassetteId, IntegrationId};
use serde::{Deserialize, Serialize};

use crate::record::{Kind, Record, TenantRecord};

/// The content of a recorded call. Written and deleted with its label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CassetteTape {
    /// The integration that was called.
    pub integration: IntegrationId,
    /// The cassette.
    pub cassette: CassetteId,
    /// The version of the tenant's key that it is sealed under.
    pub key_version: u32,
    /// The cassette as JSON, sealed; in base64.
    pub sealed: String,
}

/// An integration's cassettes sort by their age.
impl Record for Label {
    const KIND: Kind = Kind::Cassette;
    const SCHEMA: u8 = 1;
    type Id = (IntegrationId, CassetteId);
    fn id(&self) -> Self::Id {
        (self.integration, self.id)
    }
}
impl TenantRecord for Label {}

impl Record for CassetteTape {
    const KIND: Kind = Kind::CassetteTape;
    const SCHEMA: u8 = 1;
    type Id = (IntegrationId, CassetteId);
    fn id(&self) -> Self::Id {
        (self.integration, self.cassette)
    }
}
impl TenantRecord for CassetteTape {}

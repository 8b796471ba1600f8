//! What is kept of a disconnected integration until its registrations are taken away from the provider.

use gatehouse_domain::guest::Registration;
use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::integration::Integration;
use serde::{Deserialize, Serialize};

use super::SealedCredential;
use super::oauth::OAuthTokens;
use crate::record::{Kind, Record, RecordId, TenantRecord};

/// Registrations that are to be taken away, with what that takes. It lasts as long as its job.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EndpointFarewell {
    /// The integration as it was.
    pub integration: Integration,
    /// Its registrations, as the provider had them last.
    pub registrations: Vec<Registration>,
    /// Its addresses: whatever the provider tells there is ours.
    pub urls: Vec<String>,
    /// The credential it had.
    pub credential: SealedCredential,
    /// The tokens it had.
    pub tokens: Option<OAuthTokens>,
}

/// Which credential of which integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FarewellId(pub IntegrationId, pub u32);

impl RecordId for FarewellId {
    fn key_bytes(&self) -> Vec<u8> {
        [&self.0.to_bytes()[..], &self.1.to_be_bytes()].concat()
    }
}

impl Record for EndpointFarewell {
    const KIND: Kind = Kind::EndpointFarewell;
    const SCHEMA: u8 = 1;
    type Id = FarewellId;
    fn id(&self) -> FarewellId {
        FarewellId(self.integration.id, self.integration.credential_version)
    }
}
impl TenantRecord for EndpointFarewell {}

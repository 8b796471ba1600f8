//! What was learned of a provider's limits for one integration, so that a restart does not
//! begin by running into them again.

use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::record::{Kind, Record, TenantRecord};

/// The rate budget of an integration. It may be lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RateBudget {
    /// Whose it is.
    pub integration: IntegrationId,
    /// What was learned, in the engine's words.
    pub learned: Value,
    /// When it is worth nothing any more.
    pub expires_at: Timestamp,
}

impl Record for RateBudget {
    const KIND: Kind = Kind::RateBudget;
    const SCHEMA: u8 = 1;
    type Id = IntegrationId;
    fn id(&self) -> IntegrationId {
        self.integration
    }
}
impl TenantRecord for RateBudget {}

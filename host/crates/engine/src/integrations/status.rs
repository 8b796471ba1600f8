//! How an integration fares: what its record knows, and what its calls showed since.

use gatehouse_domain::Result;
use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::integration::{Health, IntegrationStatus};
use gatehouse_domain::oauth::TokenStatus;
use schemars::JsonSchema;
use serde::Serialize;

use crate::resilience::{Standing, Surroundings};
use crate::{Caller, Engine};

/// How an integration fares.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Status {
    /// Which one.
    pub integration: IntegrationId,
    /// The provider's code.
    pub provider: String,
    /// Where it stands.
    pub status: IntegrationStatus,
    /// What tests and calls found.
    pub health: Health,
    /// Its circuit, its budget and its calls.
    #[serde(flatten)]
    pub standing: Standing,
    /// How its tokens fare, where it signs in with OAuth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth: Option<TokenStatus>,
    /// What it shares with others, and its last failure. Absent where it was not called for long.
    #[serde(flatten)]
    pub surroundings: Option<Surroundings>,
}

impl Engine {
    /// How an integration fares.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn integration_status(&self, by: &Caller, target: &str) -> Result<Status> {
        let stored = self.integration(by, target).await?;
        let integration = stored.record;
        let oauth = self.token_status(by.tenant()?, &integration).await?;
        let now = self.now();
        Ok(Status {
            integration: integration.id,
            provider: integration.provider,
            status: integration.status,
            health: integration.health,
            oauth,
            standing: self.0.resilience.standing(integration.id, now),
            surroundings: self.0.resilience.surroundings(integration.id, now),
        })
    }
}

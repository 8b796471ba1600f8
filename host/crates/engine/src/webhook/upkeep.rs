//! Keeping our endpoint registered with the provider: made when an integration is connected, renewed
//! before it ends, compared with the provider's list and repaired, taken away with the integration.
//!
//! A gateway says how a provider is asked; what is asked and when is decided here. `plan` is the
//! decision, `turn` carries it out
//! (with `ask`), `jobs` gives each endpoint its turn, `state` shows it.

mod ask;
mod jobs;
mod plan;
mod state;
mod turn;

use gatehouse_domain::Result;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::integration::Integration;
use gatehouse_store::records::EndpointUpkeep;
use tokio::time::{Duration, timeout};

pub(crate) use jobs::{KEEP, Keep, Register};
pub use state::{EndpointState, Standing};

use crate::Engine;
use crate::work::Work;

/// How long the provider is asked to forget us while somebody waits.
const FAREWELL: Duration = Duration::from_secs(10);

impl Engine {
    /// Sees that an endpoint is registered with its provider, from the commit of the work on.
    pub(crate) async fn look_after_endpoint(
        &self,
        work: &mut Work,
        tenant: TenantId,
        integration: &Integration,
    ) -> Result<()> {
        let manifest = self.plugin_of(integration).await?.manifest;
        if manifest.webhook.is_none_or(|rules| rules.registration.is_none()) {
            return Ok(());
        }
        jobs::enqueue(self, work.change(), tenant, integration.id, false).await
    }

    /// Takes the registrations of an endpoint away from the provider, while there is a credential to do so
    /// with. It is tried once and for a short time: what stays there is told nothing any more.
    pub(crate) async fn bid_farewell(&self, tenant: TenantId, integration: &Integration) {
        let stored = match self.0.store.tenant(tenant).get::<EndpointUpkeep>(&integration.id).await {
            Ok(Some(stored)) => stored.record,
            _ => return,
        };
        let farewell = self.unregister_all(tenant, integration, &stored);
        let problem = match timeout(FAREWELL, farewell).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.message,
            Err(_) => "the provider did not answer in time".to_owned(),
        };
        tracing::warn!(integration.id = %integration.id, problem, "a registration stays at the provider");
    }
}

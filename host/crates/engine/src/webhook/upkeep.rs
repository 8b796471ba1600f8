//! Keeping our endpoint registered with the provider: made when an integration is connected, renewed
//! before it ends, compared with the provider's list and repaired, taken away with the integration.
//!
//! A gateway says how a provider is asked; what is asked and when is decided here. `plan` is the
//! decision, `turn` carries it out (with `ask`), `jobs` gives each endpoint its turn, `state` shows it,
//! and `farewell` takes it away.

mod ask;
mod farewell;
mod jobs;
mod plan;
mod state;
mod turn;

use gatehouse_domain::Result;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::integration::Integration;

pub(crate) use farewell::Farewell;
pub(super) use jobs::may_be_registered;
pub(crate) use jobs::{KEEP, Keep, Register};
pub use state::{EndpointState, Standing};

use super::backfill;
use crate::Engine;
use crate::work::Work;
use jobs::Cause;

impl Engine {
    /// Sees that an endpoint is registered with its provider, and that its events are complete, from the
    /// commit of the work on.
    pub(crate) async fn look_after_endpoint(
        &self,
        work: &mut Work,
        tenant: TenantId,
        integration: &Integration,
    ) -> Result<()> {
        self.tend_endpoint(work, tenant, integration, Cause::Changed).await
    }

    async fn tend_endpoint(
        &self,
        work: &mut Work,
        tenant: TenantId,
        integration: &Integration,
        cause: Cause,
    ) -> Result<()> {
        let Some(rules) = self.plugin_of(integration).await?.manifest.webhook else { return Ok(()) };
        if rules.backfill.is_some() {
            backfill::begin(self, work.change(), tenant, integration).await?;
        }
        if rules.registration.is_none() {
            return Ok(());
        }
        jobs::enqueue(self, work.change(), tenant, integration.id, cause).await
    }
}

//! Whether an integration can serve a call, asked before anything is ordered or tried.

use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::{Integration, IntegrationStatus};
use gatehouse_domain::routing::{Basis, Candidate};
use gatehouse_domain::{ErrorKind, Result};

use super::standing::{self, Blocked};
use crate::{Caller, Engine};

/// A candidate that was looked at.
pub(super) struct Weighed {
    pub(super) candidate: Candidate,
    /// The integration, where it can serve.
    pub(super) able: Option<Integration>,
    /// Why only for the moment it can not.
    pub(super) blocked: Option<Blocked>,
}

/// Why an integration can not serve.
enum Unfit {
    /// Until somebody changes something.
    Lasting(String),
    /// For the moment.
    Passing(Blocked),
}

impl Engine {
    /// Looks at a candidate. `why` says what brought it up, and stays its reason where it can serve.
    pub(super) async fn weigh(
        &self,
        by: &Caller,
        id: IntegrationId,
        capability: &str,
        (rule, why): (Basis, String),
    ) -> Result<Weighed> {
        let tenant = by.tenant()?;
        let stored = self.0.store.tenant(tenant).get::<Integration>(&id).await?;
        let provider = stored.as_ref().map(|stored| stored.provider.clone());
        let candidate = |eligible, reason| Candidate { integration: id, provider, rule, eligible, reason };
        let unfit = match &stored {
            None => Some(Unfit::Lasting("it no longer exists".to_owned())),
            Some(stored) if !by.sees_integration(stored) => {
                Some(Unfit::Lasting("the key of this request is not for it".to_owned()))
            }
            Some(stored) => self.unfit(tenant, stored, capability, rule).await?,
        };
        Ok(match unfit {
            None => {
                Weighed { candidate: candidate(true, why), able: stored.map(|stored| stored.record), blocked: None }
            }
            Some(Unfit::Lasting(reason)) => Weighed { candidate: candidate(false, reason), able: None, blocked: None },
            Some(Unfit::Passing(blocked)) => {
                let reason = blocked.reason.clone();
                Weighed { candidate: candidate(false, reason), able: None, blocked: Some(blocked) }
            }
        })
    }

    async fn unfit(
        &self,
        tenant: TenantId,
        integration: &Integration,
        capability: &str,
        rule: Basis,
    ) -> Result<Option<Unfit>> {
        if let Some(reason) = status_against(integration, rule) {
            return Ok(Some(Unfit::Lasting(reason)));
        }
        let plugin = &integration.plugin;
        match self.install(tenant, &plugin.id).await {
            Ok(install) if install.enabled => {}
            Ok(_) => return Ok(Some(Unfit::Lasting(format!("its plugin `{}` is disabled", plugin.id)))),
            Err(error) if error.kind == ErrorKind::NotFound => {
                return Ok(Some(Unfit::Lasting(format!("its plugin `{}` is not enabled", plugin.id))));
            }
            Err(error) => return Err(error),
        }
        let loaded = self.plugin(plugin).await?;
        if !loaded.capabilities().iter().any(|served| served.code == capability) {
            let reason = format!("its plugin `{}@{}` does not serve `{capability}`", plugin.id, plugin.version);
            return Ok(Some(Unfit::Lasting(reason)));
        }
        if self.is_switched_off(&integration.provider, capability).await? {
            return Ok(Some(Unfit::Lasting(format!("`{capability}` of `{}` is switched off", integration.provider))));
        }
        let now = self.now();
        Ok(standing::blocked(&self.0.resilience.standing(integration.id, now), now).map(Unfit::Passing))
    }
}

/// What its status says against it. Who names an integration may try one that has yet to show
/// that it works; nobody else is sent to one.
fn status_against(integration: &Integration, rule: Basis) -> Option<String> {
    let status = integration.status;
    let fits = if rule == Basis::Named { status.takes_calls() } else { status.is_eligible() };
    if fits {
        return None;
    }
    let because = integration.health.last_error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    Some(match status {
        IntegrationStatus::Draft => "it is a draft: test it first".to_owned(),
        IntegrationStatus::PendingAuth => "it waits for a person at the provider's consent page".to_owned(),
        IntegrationStatus::Expired => format!("its credential has expired{because}"),
        IntegrationStatus::Error => format!("its last test failed{because}"),
        IntegrationStatus::Disabled => "it is disabled".to_owned(),
        IntegrationStatus::Active | IntegrationStatus::Degraded => "its status is not the right one".to_owned(),
    })
}

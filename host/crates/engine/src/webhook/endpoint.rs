//! Endpoints: where they are, and giving an integration another one while the old one goes on for
//! a while.

use gatehouse_domain::id::{EndpointId, Id, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::webhook::Endpoint;
use gatehouse_domain::{Error, Problem, Result};

use crate::clock::random;
use crate::work::Work;
use crate::{Caller, Engine};

/// The longest time that an old endpoint goes on.
const LONGEST_OVERLAP: SignedDuration = SignedDuration::from_hours(7 * 24);

/// An integration's new endpoint.
#[derive(Debug, Clone)]
pub struct Moved {
    /// The new one.
    pub endpoint: EndpointId,
    /// When the old one ends.
    pub old_until: Timestamp,
}

impl Engine {
    /// Gives an integration another endpoint. The old one is good for `overlap_seconds` more.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`], and [`gatehouse_domain::ErrorKind::Conflict`] where
    /// it takes no webhooks.
    pub async fn rotate_endpoint(&self, by: &Caller, target: &str, overlap_seconds: u32) -> Result<Moved> {
        let overlap = SignedDuration::from_secs(overlap_seconds.into());
        if overlap > LONGEST_OVERLAP {
            let message = format!("{overlap_seconds} is longer than {} seconds (7 days)", LONGEST_OVERLAP.as_secs());
            return Err(Error::problems("the overlap does not fit", vec![Problem::at("$.overlap_seconds", message)]));
        }
        let tenant = by.tenant()?;
        let stored = self.integration(by, target).await?;
        let admin = self.0.store.admin();
        let old = match stored.endpoint {
            Some(endpoint) => admin.get::<Endpoint>(&endpoint).await?,
            None => None,
        };
        let old = old.ok_or_else(|| Error::conflict(format!("the integration `{}` takes no webhooks", stored.id)))?;
        let old_until = self.now().saturating_add(overlap).unwrap_or(Timestamp::MAX);
        let id: EndpointId = Id::unguessable(random()?);
        let new = Endpoint { id, tenant, integration: stored.id, expires_at: None, replaces: Some(old.id) };
        let next = Integration { endpoint: Some(id), updated_at: self.now(), ..stored.record.clone() };
        let mut work = self.work(by);
        // Of those before the old one none is left.
        if let Some(older) = old.replaces {
            work.admin().delete::<Endpoint>(&older)?;
        }
        work.admin().replace(&old, &Endpoint { expires_at: Some(old_until), replaces: None, ..old.record.clone() })?;
        work.admin().create(&new)?;
        work.tenant(tenant).replace(&stored, &next)?;
        self.look_after_endpoint(&mut work, tenant, &next).await?;
        work.audit("endpoint.rotated", stored.id, Some(&stored.record), Some(&next))?;
        work.commit().await?;
        Ok(Moved { endpoint: id, old_until })
    }

    /// Closes an integration's endpoint, and the one before it.
    pub(crate) async fn close_endpoints(&self, integration: &Integration, work: &mut Work) -> Result<()> {
        let Some(id) = integration.endpoint else { return Ok(()) };
        let endpoint = self.0.store.admin().get::<Endpoint>(&id).await?;
        for id in [Some(id), endpoint.and_then(|endpoint| endpoint.replaces)].into_iter().flatten() {
            work.admin().delete::<Endpoint>(&id)?;
        }
        Ok(())
    }

    /// Where a provider's webhooks for a tenant reach its only integration of that provider.
    pub(super) fn provider_webhook_url(&self, provider: &str, tenant: TenantId) -> String {
        format!("{}/api/v1/webhooks/{provider}/{tenant}", self.0.policy.public_url.trim_end_matches('/'))
    }
}

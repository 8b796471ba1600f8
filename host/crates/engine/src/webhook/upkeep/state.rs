//! How an endpoint stands with its provider, for people, and their wish to have it put in order.

use gatehouse_domain::guest::Registration;
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, Result};
use gatehouse_store::records::EndpointUpkeep;
use schemars::JsonSchema;
use serde::Serialize;

use super::jobs;
use crate::webhook::BackfillState;
use crate::{Caller, Engine};

/// Who looks after an endpoint's registration, and how that goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "WebhookStanding")]
pub enum Standing {
    /// The integration takes no webhooks.
    None,
    /// People register it with the provider: the gateway can not, or they gave its secret by hand.
    ByPeople,
    /// The host is about to, or waits until the integration is connected.
    Waiting,
    /// The provider tells it of every event.
    Registered,
    /// The host could not, and tries again.
    Failing,
}

/// How an endpoint stands with its provider.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WebhookState")]
pub struct EndpointState {
    /// Where the provider's webhooks reach us.
    pub webhook_url: Option<String>,
    /// Who looks after it, and how that goes.
    pub standing: Standing,
    /// The provider's names of the events that it is to be told of.
    pub events: Vec<String>,
    /// Its registrations that the host keeps, as the provider had them last.
    pub registrations: Vec<Registration>,
    /// When they were last found, or brought, in order.
    #[schemars(with = "Option<String>")]
    pub checked_at: Option<Timestamp>,
    /// When they are looked at again.
    #[schemars(with = "Option<String>")]
    pub next_check_at: Option<Timestamp>,
    /// How often in a row that failed.
    pub failures: u32,
    /// What the last failure said.
    pub last_error: Option<String>,
    /// How complete its events are; absent where the provider's list of events is not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backfill: Option<BackfillState>,
}

impl Engine {
    /// How the endpoint of an integration stands with its provider.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn endpoint_state(&self, by: &Caller, target: &str) -> Result<EndpointState> {
        let tenant = by.tenant()?;
        let integration = self.integration(by, target).await?;
        let webhook = self.plugin_of(&integration).await?.manifest.webhook;
        let rules = webhook.as_ref().and_then(|rules| rules.registration.as_ref());
        let record = self.0.store.tenant(tenant).get::<EndpointUpkeep>(&integration.id).await?;
        let taken_over = record.as_ref().is_some_and(|record| record.taken_over);
        let by_people = match rules {
            None => true,
            Some(_) if taken_over => false,
            Some(rules) => self.is_looked_after_by_people(tenant, integration.id, rules).await?,
        };
        let standing = match &record {
            _ if webhook.is_none() => Standing::None,
            _ if by_people => Standing::ByPeople,
            Some(record) if record.failures > 0 => Standing::Failing,
            Some(record) if record.checked_at.is_some() => Standing::Registered,
            _ => Standing::Waiting,
        };
        let kept = record.map(|stored| stored.record);
        let listed = webhook.as_ref().and_then(|rules| rules.backfill.as_ref());
        let backfill = self.backfill_state(tenant, &integration, listed).await?;
        Ok(EndpointState {
            webhook_url: integration.endpoint.map(|endpoint| self.webhook_url(endpoint)),
            standing,
            events: webhook.map(|rules| rules.events).unwrap_or_default(),
            checked_at: kept.as_ref().and_then(|kept| kept.checked_at),
            next_check_at: kept.as_ref().map(|kept| kept.next_at),
            failures: kept.as_ref().map_or(0, |kept| kept.failures),
            last_error: kept.as_ref().and_then(|kept| kept.last_error.clone()),
            registrations: kept.map(|kept| kept.registrations).unwrap_or_default(),
            backfill,
        })
    }

    /// Has the endpoint of an integration put in order now, also one that people had registered: from
    /// then on the host looks after it.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`], and [`gatehouse_domain::ErrorKind::Conflict`] where there is
    /// nothing to register, or nobody to do so.
    pub async fn repair_endpoint(&self, by: &Caller, target: &str) -> Result<EndpointState> {
        let tenant = by.tenant()?;
        let integration = self.integration(by, target).await?;
        let state = self.endpoint_state(by, target).await?;
        let webhook = self.plugin_of(&integration).await?.manifest.webhook;
        if webhook.is_none_or(|rules| rules.registration.is_none()) {
            let text = format!(
                "the plugin `{}` registers no endpoints; point the provider's webhooks to `webhook_url` by hand",
                integration.plugin.id
            );
            return Err(Error::conflict(text));
        }
        if !jobs::may_be_registered(&integration) {
            let text =
                format!("the integration `{}` is not connected, or switched off; connect it first", integration.id);
            return Err(Error::conflict(text));
        }
        let mut work = self.work(by);
        jobs::enqueue(self, work.change(), tenant, integration.id, jobs::Cause::ByHand).await?;
        work.audit::<EndpointUpkeep>("endpoint.repair_asked", integration.id, None, None)?;
        work.commit().await?;
        Ok(state)
    }
}

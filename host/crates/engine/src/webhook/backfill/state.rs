//! How complete an endpoint's events are, for people, and their wish to have the provider's list read.

use gatehouse_domain::Result;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::integration::Integration;
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, manifest::webhook::Backfill};
use gatehouse_store::records::EndpointBackfill;
use schemars::JsonSchema;
use serde::Serialize;

use super::jobs::{self, rules_of};
use crate::jobs::When;
use crate::webhook::EndpointState;
use crate::webhook::upkeep::may_be_registered;
use crate::{Caller, Engine};

/// How complete the events of an endpoint are.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WebhookBackfill")]
pub struct BackfillState {
    /// Every event that happened before has come, or was found in the provider's list.
    #[schemars(with = "String")]
    pub complete_until: Timestamp,
    /// Whether the list is being read, or waits in the middle to be read on.
    pub under_way: bool,
    /// When it was last read to its end.
    #[schemars(with = "Option<String>")]
    pub checked_at: Option<Timestamp>,
    /// When it is read next at the latest.
    #[schemars(with = "String")]
    pub next_check_at: Timestamp,
    /// How far back the provider lists, in hours.
    pub window_hours: u32,
    /// How many events were found that had not come, since it was connected.
    pub found: u64,
    /// The last time whose events the provider did not list any more: some may be lost.
    pub out_of_reach: Option<Unlisted>,
    /// How often in a row the list could not be read.
    pub failures: u32,
    /// What the last failure said, or why it waits.
    pub last_error: Option<String>,
}

/// A time that the provider lists no events of any more.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WebhookOutOfReach")]
pub struct Unlisted {
    /// From when on.
    #[schemars(with = "String")]
    pub from: Timestamp,
    /// Until when.
    #[schemars(with = "String")]
    pub until: Timestamp,
}

impl BackfillState {
    fn of(kept: EndpointBackfill, rules: &Backfill) -> Self {
        Self {
            complete_until: kept.complete_until,
            under_way: kept.listing.is_some(),
            checked_at: kept.checked_at,
            next_check_at: kept.next_at,
            window_hours: rules.window_hours,
            found: kept.found,
            out_of_reach: kept.out_of_reach.map(|lost| Unlisted { from: lost.from, until: lost.until }),
            failures: kept.failures,
            last_error: kept.last_error,
        }
    }
}

impl Engine {
    /// How complete the events of an integration are; none where its gateway can not tell.
    pub(in crate::webhook) async fn backfill_state(
        &self,
        tenant: TenantId,
        integration: &Integration,
        rules: Option<&Backfill>,
    ) -> Result<Option<BackfillState>> {
        let Some(rules) = rules else { return Ok(None) };
        let kept = self.0.store.tenant(tenant).get::<EndpointBackfill>(&integration.id).await?;
        Ok(kept.map(|kept| BackfillState::of(kept.record, rules)))
    }

    /// Has the provider's list of an integration's events read now.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`], and [`gatehouse_domain::ErrorKind::Conflict`] where there is
    /// no list, or nobody to read it.
    pub async fn backfill_endpoint(&self, by: &Caller, target: &str) -> Result<EndpointState> {
        let tenant = by.tenant()?;
        let integration = self.integration(by, target).await?;
        let state = self.endpoint_state(by, target).await?;
        if rules_of(self, &integration).await?.is_none() {
            let plugin = &integration.plugin.id;
            let text = format!("the plugin `{plugin}` reads no list of events; have the provider send them again");
            return Err(Error::conflict(text));
        }
        if !may_be_registered(&integration) {
            let text =
                format!("the integration `{}` is not connected, or switched off; connect it first", integration.id);
            return Err(Error::conflict(text));
        }
        let mut work = self.work(by);
        jobs::begin(self, work.change(), tenant, &integration).await?;
        jobs::enqueue(self, work.change(), tenant, integration.id, When::Now).await?;
        work.audit::<EndpointBackfill>("endpoint.backfill_asked", integration.id, None, None)?;
        work.commit().await?;
        Ok(state)
    }
}

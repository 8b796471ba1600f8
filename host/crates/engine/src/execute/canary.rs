//! Calls under a canary: which version a call goes to, how it did, and the way back to the old
//! version for one that failed on the new one before it had done anything.

use std::sync::Arc;

use gatehouse_domain::Result;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::integration::Integration;
use gatehouse_domain::manifest::CapabilityRules;
use gatehouse_runtime::{Cancel, Parameters, Target};
use tokio::time::Instant;

use super::attempts::{Attempts, Made};
use super::{Ask, Run};
use crate::Engine;
use crate::installs::canary::{Watched, failed};
use crate::routing::did_nothing;

/// The canary that a call is under.
pub(crate) struct Under {
    watched: Arc<Watched>,
    /// The integration as it is pinned, where the call goes to the new version.
    home: Option<Integration>,
}

impl Engine {
    /// Prepares a call of a capability, on the version that the canary of its plugin sends it to.
    pub(super) async fn prepare_call(&self, tenant: TenantId, integration: &Integration, key: &str) -> Result<Run> {
        let watched = self.watched(tenant, &integration.plugin.id).await?;
        let covers = |watched: &Arc<Watched>| watched.canary.covers(integration.id, &integration.plugin);
        let Some(watched) = watched.filter(covers) else { return Run::prepare(self, tenant, integration).await };
        if watched.takes(integration.id, key) {
            let there = Integration { plugin: watched.canary.to.clone(), ..integration.clone() };
            match Run::prepare(self, tenant, &there).await {
                Ok(mut run) => {
                    run.agree(&watched.canary.to, &watched.canary.consent);
                    run.under = Some(Under { watched, home: Some(integration.clone()) });
                    return Ok(run);
                }
                // It is held back, or was removed: the old one is there.
                Err(error) => tracing::debug!(%error, "a call can not go to a canary"),
            }
        }
        let mut run = Run::prepare(self, tenant, integration).await?;
        run.under = Some(Under { watched, home: None });
        Ok(run)
    }

    /// What is called, and with what. What the new version does not take goes to the old one.
    pub(super) async fn fit(&self, run: &mut Run, ask: &Ask) -> Result<(CapabilityRules, Parameters)> {
        let fitted = fitted(run, ask);
        if fitted.is_ok() || run.home().is_none() {
            return fitted;
        }
        let back = self.at_home(run).await?;
        let fitted = self::fitted(&back, ask)?;
        if let Some(under) = run.under.take() {
            self.count_for_canary(&under.watched, true, true).await;
        }
        *run = back;
        Ok(fitted)
    }

    /// Counts how a call did, and makes one again on the old version that failed on the new one and
    /// had done nothing.
    pub(super) async fn settle_canary(
        &self,
        run: &mut Run,
        made: Made,
        ask: &Ask,
        (key, until, cancel): (String, Instant, Cancel),
    ) -> Made {
        let Some(under) = &run.under else { return made };
        let has_failed = failed(&made.last.answer);
        self.count_for_canary(&under.watched, under.home.is_some(), has_failed).await;
        let nothing = did_nothing(made.before.iter().chain(&made.last.calls));
        if under.home.is_none() || !has_failed || !nothing || cancel.is_cancelled() {
            return made;
        }
        match self.make_at_home(run, ask, (key, until, cancel)).await {
            Ok((back, again)) => {
                *run = back;
                let before = made.before.into_iter().chain(made.last.calls).chain(again.before);
                Made { last: again.last, before: before.collect(), tries: made.tries + again.tries }
            }
            Err(error) => {
                tracing::warn!(%error, integration.id = %run.integration.id, "a call that failed on a canary can not be made on the old version");
                made
            }
        }
    }

    async fn make_at_home(
        &self,
        run: &mut Run,
        ask: &Ask,
        (key, until, cancel): (String, Instant, Cancel),
    ) -> Result<(Run, Made)> {
        let mut back = self.at_home(run).await?;
        let (rules, parameters) = fitted(&back, ask)?;
        back.sign(self, until).await?;
        let attempts = Attempts::begin(self, &mut back, rules, &key, (until, ask.priority())).await?;
        let made = attempts.make(self, &mut back, &Target::Capability(parameters), (key, cancel)).await;
        Ok((back, made))
    }

    /// The same call on the version that the integration is pinned to.
    async fn at_home(&self, run: &mut Run) -> Result<Run> {
        let home = run.home().cloned().unwrap_or_else(|| run.integration.clone());
        let mut back = Run::prepare(self, run.tenant, &home).await?;
        back.taping = run.taping.take();
        Ok(back)
    }
}

impl Run {
    /// The integration as it is pinned, where this goes to another version.
    pub(super) fn home(&self) -> Option<&Integration> {
        self.under.as_ref().and_then(|under| under.home.as_ref())
    }
}

fn fitted(run: &Run, ask: &Ask) -> Result<(CapabilityRules, Parameters)> {
    Ok((run.rules_of(&ask.capability)?, run.parse(ask)?))
}

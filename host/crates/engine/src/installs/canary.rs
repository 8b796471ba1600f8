//! Canaries of upgrades: a part of a tenant's calls goes to the new version, and that promotes or
//! rolls itself back by how they end. Syncs and deliveries stay with the old one until it is over.
//!
//! A call that fails on the new version before it has done anything is made again on the old one:
//! a broken version costs time, and no call.

use std::sync::Arc;

use gatehouse_domain::canary::{Canary, Rules, State};
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::install::Consent;
use gatehouse_domain::plugin::PluginVersion;
use gatehouse_domain::time::SignedDuration;
use gatehouse_domain::{Error, Result};
use gatehouse_store::Stored;
use serde_json::json;

use super::upgrade::{Plan, Which, race};
use crate::{Caller, Engine};

mod end;
mod watch;

pub(crate) use end::Ripen;
pub(crate) use watch::{Canaries, Watched, failed};

/// What a canary is begun with.
pub(super) struct Begin<'b> {
    pub(super) plan: &'b Plan,
    pub(super) target: &'b Stored<PluginVersion>,
    pub(super) which: &'b Which,
    pub(super) consent: Consent,
    pub(super) rules: Rules,
}

impl Engine {
    /// The last canary of a plugin, with the counts of this moment.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`] where there was none.
    pub async fn canary(&self, by: &Caller, id: &str) -> Result<Canary> {
        let tenant = by.tenant()?;
        let stored = self.stored_canary(tenant, id).await?.ok_or_else(|| Error::not_found("canary", id))?;
        let watched = self.watched(tenant, id).await?;
        Ok(watched.map_or(stored.record, |watched| watched.now()))
    }

    /// Has the new version take the rest now, whatever the counts say.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`] where there was no canary, and
    /// [`gatehouse_domain::ErrorKind::Conflict`] where it is over.
    pub async fn promote_canary(&self, by: &Caller, id: &str) -> Result<Canary> {
        let watched = self.running_canary(by, id).await?;
        self.promote(Some(by), &watched, "a person promoted it".to_owned()).await?;
        self.canary(by, id).await
    }

    /// Ends a canary; every call goes to the old version again.
    ///
    /// # Errors
    /// As [`Engine::promote_canary`].
    pub async fn abort_canary(&self, by: &Caller, id: &str) -> Result<Canary> {
        let watched = self.running_canary(by, id).await?;
        self.give_up(Some(by), &watched, State::Aborted, "a person ended it".to_owned()).await?;
        self.canary(by, id).await
    }

    /// Refuses what can not be done while a canary is under way.
    pub(super) async fn check_no_canary(&self, tenant: TenantId, id: &str) -> Result<()> {
        let stored = self.stored_canary(tenant, id).await?;
        let Some(running) = stored.filter(|stored| stored.state == State::Running) else { return Ok(()) };
        let to = &running.to.version;
        Err(Error::conflict(format!(
            "a canary of {id}@{to} is under way: `POST /plugins/tenant/{id}/upgrade/promote` or `…/abort` ends it"
        )))
    }

    /// Begins a canary in the place of an upgrade that was checked.
    pub(super) async fn begin_canary(&self, by: &Caller, begin: Begin<'_>) -> Result<Canary> {
        let Begin { plan, target, which, consent, rules } = begin;
        let (tenant, id, now) = (plan.tenant, &plan.install.plugin.id, self.now());
        let minutes = SignedDuration::from_mins(i64::from(rules.minutes));
        let canary = Canary {
            from: plan.install.plugin.clone(),
            to: target.plugin.clone(),
            integrations: named(which),
            consent,
            rules,
            state: State::Running,
            reason: None,
            old: Default::default(),
            new: Default::default(),
            started_at: now,
            not_before: now.saturating_add(minutes).unwrap_or(now),
            ended_at: None,
        };
        let before = self.stored_canary(tenant, id).await?;
        let mut work = self.work(by);
        work.admin().unchanged(target)?;
        // It conflicts with another one that is begun at this moment.
        match &before {
            Some(before) => work.tenant(tenant).replace(before, &canary)?,
            None => work.tenant(tenant).create(&canary)?,
        }
        let data = json!({
            "plugin": id, "from": canary.from.version, "to": canary.to.version, "percent": rules.percent,
        });
        work.event(tenant, "plugin.canary_started", None, id, data)?;
        work.audit("plugin.canary_started", id, before.as_ref().map(|before| &before.record), Some(&canary))?;
        end::enqueue(self, &mut work, tenant, &canary).await?;
        work.commit_now().await.map_err(race)?;
        self.0.canaries.forget(tenant);
        Ok(canary)
    }

    pub(super) async fn stored_canary(&self, tenant: TenantId, id: &str) -> Result<Option<Stored<Canary>>> {
        self.0.store.tenant(tenant).get::<Canary>(&id.to_owned()).await
    }

    async fn running_canary(&self, by: &Caller, id: &str) -> Result<Arc<Watched>> {
        let tenant = by.tenant()?;
        let stored = self.stored_canary(tenant, id).await?.ok_or_else(|| Error::not_found("canary", id))?;
        let over = || Error::conflict(format!("the canary of {id}@{} is over", stored.to.version));
        self.watched(tenant, id).await?.ok_or_else(over)
    }
}

fn named(which: &Which) -> Option<Vec<IntegrationId>> {
    match which {
        Which::All => None,
        Which::These(ids) => Some(ids.clone()),
    }
}

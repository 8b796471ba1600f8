//! The end of a canary: the new version takes the rest in one commit with the canary's own end, or
//! gets nothing more. Either way the feed and the audit trail say why.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use gatehouse_domain::canary::{Canary, State};
use gatehouse_domain::id::TenantId;
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::Stored;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::settle;
use super::super::upgrade::{MOST_TRIES, Plan, Which, chosen, is_race, race, with_target};
use super::watch::Watched;
use crate::compatibility::compare;
use crate::engine::Inner;
use crate::jobs::{Claimed, Handler, NewJob, Outcome, Verdict, When, payload_of};
use crate::work::Work;
use crate::{Caller, Engine};

/// The kind of the jobs that look at a canary as its time is over.
const KIND: &str = "plugin.canary";

/// Which canary to look at.
#[derive(Debug, Serialize, Deserialize)]
struct About {
    tenant: TenantId,
    plugin: String,
    started_at: Timestamp,
}

/// Looks at canaries whose time is over. The engine holds it, so it does not hold the engine.
pub(crate) struct Ripen(Weak<Inner>);

/// Has a canary looked at when it can be promoted.
pub(super) async fn enqueue(engine: &Engine, work: &mut Work, tenant: TenantId, canary: &Canary) -> Result<()> {
    let about = About { tenant, plugin: canary.to.id.clone(), started_at: canary.started_at };
    let job = NewJob { when: When::At(canary.not_before), ..NewJob::new(KIND, payload_of(about)?) };
    engine.jobs().enqueue(&mut work.admin(), job).await.map(|_| ())
}

impl Ripen {
    pub(crate) fn of(engine: &Engine) -> Self {
        Self(Arc::downgrade(&engine.0))
    }
}

#[async_trait]
impl Handler for Ripen {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, job: &Claimed) -> Result<Outcome> {
        let engine = Engine::behind(&self.0)?;
        let about: About = job.payload()?;
        // Where it has too few calls yet, the call that is enough looks again.
        if let Some(watched) = engine.watched(about.tenant, &about.plugin).await?
            && watched.canary.started_at == about.started_at
        {
            engine.judge_canary(&watched);
        }
        Ok(Verdict::Done.into())
    }
}

impl Engine {
    /// Takes every integration of a canary to the new version. Where one does not fit it any more,
    /// the canary is rolled back with that as its reason.
    pub(super) async fn promote(&self, by: Option<&Caller>, watched: &Watched, reason: String) -> Result<()> {
        let mut tries = 0;
        loop {
            match self.try_promote(by, watched, &reason).await {
                Err(error) if is_race(&error) && tries < MOST_TRIES => tries += 1,
                Err(error) if by.is_none() && !is_race(&error) && is_final(&error) => {
                    let reason = format!("it could not be promoted: {}", error.message);
                    return self.give_up(None, watched, State::RolledBack, reason).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn try_promote(&self, by: Option<&Caller>, watched: &Watched, reason: &str) -> Result<()> {
        let (tenant, canary) = (watched.tenant, &watched.canary);
        let id = &canary.to.id;
        let Some(stored) = self.same_canary(watched).await? else { return Ok(()) };
        let install = self.install(tenant, id).await?;
        let gone = || Error::conflict(format!("{id}@{} was removed", canary.to.version));
        let target = self.known_version(&canary.to).await?.ok_or_else(gone)?;
        let current = self.stored_version(id, &install.plugin.version).await?;
        let all = self.integrations_of(tenant, &current.manifest.provider, id).await?;
        let which = match &canary.integrations {
            None => Which::All,
            // One that was deleted meanwhile is no obstacle.
            Some(ids) => Which::These(ids.iter().copied().filter(|id| all.iter().any(|one| one.id == *id)).collect()),
        };
        let moving = chosen(&all, &target, &which)?;
        let moves_install = which == Which::All && install.plugin != target.plugin;
        let next = with_target(&install, &all, &moving, &target, (moves_install, canary.consent.clone()));
        let plan = Plan { tenant, install, moving, next };
        self.check_moving(&plan).await?;
        self.0.loaded.keep(&target.plugin.digest);
        self.plugin(&target.plugin).await?;
        let mut work = self.work_of(by, tenant);
        work.admin().unchanged(&target)?;
        self.note_end(&mut work, watched, &stored, (State::Promoted, reason))?;
        self.carry_over(&mut work, &plan, &target, &compare(&current, &target)).await?;
        work.commit_now().await.map_err(race)?;
        self.0.canaries.forget(tenant);
        tracing::info!(tenant.id = %tenant, plugin.id = id, plugin.version = %canary.to.version, reason, "a canary was promoted");
        Ok(())
    }

    /// Ends a canary without its version.
    pub(super) async fn give_up(
        &self,
        by: Option<&Caller>,
        watched: &Watched,
        state: State,
        reason: String,
    ) -> Result<()> {
        let mut tries = 0;
        loop {
            let Some(stored) = self.same_canary(watched).await? else { return Ok(()) };
            let mut work = self.work_of(by, watched.tenant);
            self.note_end(&mut work, watched, &stored, (state, &reason))?;
            settle::enqueue(self, &mut work, std::slice::from_ref(&watched.canary.to)).await?;
            match work.commit_now().await {
                // Its counts were written at this moment.
                Err(error) if error.kind == ErrorKind::Conflict && tries < MOST_TRIES => tries += 1,
                ended => {
                    self.0.canaries.forget(watched.tenant);
                    let (plugin, version) = (&watched.canary.to.id, &watched.canary.to.version);
                    tracing::warn!(tenant.id = %watched.tenant, plugin.id = plugin, plugin.version = %version, reason, "a canary was ended");
                    return ended;
                }
            }
        }
    }

    fn note_end(
        &self,
        work: &mut Work,
        watched: &Watched,
        stored: &Stored<Canary>,
        (state, reason): (State, &str),
    ) -> Result<()> {
        let Canary { from, to, old, new, .. } = watched.now();
        let (ended_at, reason) = (Some(self.now()), Some(reason.to_owned()));
        let ended = Canary { state, reason, old, new, ended_at, ..stored.record.clone() };
        work.tenant(watched.tenant).replace(stored, &ended)?;
        let kind = match state {
            State::Promoted => "plugin.canary_promoted",
            _ => "plugin.canary_rolled_back",
        };
        let data = json!({
            "plugin": to.id, "from": from.version, "to": to.version, "reason": ended.reason, "old": old, "new": new,
        });
        work.event(watched.tenant, kind, None, &to.id, data)?;
        work.audit(kind, &to.id, Some(&stored.record), Some(&ended))
    }

    /// The canary as it is stored, unless it was ended meanwhile.
    async fn same_canary(&self, watched: &Watched) -> Result<Option<Stored<Canary>>> {
        let stored = self.stored_canary(watched.tenant, &watched.canary.to.id).await?;
        let same =
            |stored: &Stored<Canary>| stored.state == State::Running && stored.started_at == watched.canary.started_at;
        Ok(stored.filter(same))
    }

    fn work_of(&self, by: Option<&Caller>, tenant: TenantId) -> Work {
        by.map_or_else(|| self.own_work(Some(tenant)), |by| self.work(by))
    }
}

/// Whether trying again later can not help.
fn is_final(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Invalid | ErrorKind::Conflict | ErrorKind::NotFound | ErrorKind::TooLarge)
}

//! Upgrading: a tenant's integrations go from the versions that they are pinned to, to another,
//! all in one commit. Calls that run go on to their end on the version they began with.
//!
//! choose → compare → ask for consent → check every integration → make ready → switch.

use std::collections::BTreeMap;

use gatehouse_domain::canary::{Canary, Rules};
use gatehouse_domain::id::{Id, IntegrationId, TenantId};
use gatehouse_domain::install::{Consent, Install, Moved, Upgrade};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::plugin::resolve::Wanted;
use gatehouse_domain::plugin::{PluginRef, PluginVersion};
use gatehouse_domain::rehearsal::Rehearsal;
use gatehouse_domain::sheet::widened;
use gatehouse_domain::webhook::Endpoint;
use gatehouse_domain::{Error, ErrorKind, Problem, Result};
use gatehouse_store::Stored;
use serde_json::json;

use super::canary::Begin;
use super::rehearsed::Rehearsed;
use super::{check_consent, no_helper, pins, settle, sheet_digest};
use crate::clock::random;
use crate::compatibility::{Class, Compatibility, compare};
use crate::work::Work;
use crate::{Caller, Engine};

/// How many integrations one upgrade moves.
const MOST: usize = 1_000;
/// How often it is tried against other writers of the integrations, such as calls that run.
pub(super) const MOST_TRIES: usize = 16;
/// How many differences a refusal names.
pub(super) const TOLD: usize = 20;

/// What a tenant asks for when it upgrades.
#[derive(Debug, Clone, Default)]
pub struct AskUpgrade {
    /// Which version to go to.
    pub wanted: Wanted,
    /// Which integrations go.
    pub which: Which,
    /// The digest of the new version's permission sheet, where it is wider than what was agreed to.
    pub consent: Option<String>,
    /// Whether it may break what works.
    pub accept_breaking: bool,
    /// Whether recorded calls may come to something else on it.
    pub accept_differences: bool,
    /// That only a part of the calls goes there at first, and how.
    pub canary: Option<Rules>,
}

/// Which integrations go to another version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Which {
    /// All of the plugin, and those that will be made.
    #[default]
    All,
    /// These; the others stay, and new ones are made in the version that they have.
    These(Vec<IntegrationId>),
}

/// What an upgrade or a rollback did.
#[derive(Debug, Clone)]
pub struct Upgraded {
    /// The install as it is now.
    pub install: Install,
    /// The version that was gone to; for a rollback, the one that the install is back at.
    pub to: PluginRef,
    /// The integrations that moved, each with the version that it came from.
    pub moved: Vec<Moved>,
    /// What changes for those who were on the install's version.
    pub compatibility: Compatibility,
    /// What came of recorded calls on the version; absent where nothing moved forward.
    pub rehearsal: Option<Rehearsal>,
    /// The canary that was begun instead of moving anything.
    pub canary: Option<Canary>,
}

/// Everything that is known before anything is changed.
pub(super) struct Plan {
    pub(super) tenant: TenantId,
    pub(super) install: Stored<Install>,
    /// Those that move, each with the version that it goes to.
    pub(super) moving: Vec<(Stored<Integration>, PluginVersion)>,
    /// The install as it will be.
    pub(super) next: Install,
}

impl Engine {
    /// Takes a tenant's integrations to another version, all of them or those that are named.
    /// Nothing is changed unless all can go.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where the version may not be chosen, where it may do more than was
    /// agreed to, or where it breaks what works and that was not accepted, with what it is;
    /// [`ErrorKind::Invalid`] where settings or credentials do not fit it, with the field;
    /// [`ErrorKind::NotFound`].
    pub async fn upgrade_plugin(&self, by: &Caller, id: &str, ask: &AskUpgrade) -> Result<Upgraded> {
        let (mut tries, mut rehearsed) = (0, None);
        loop {
            match self.try_upgrade(by, id, ask, &mut rehearsed).await {
                // A call has written down how it went with an integration: look again.
                Err(error) if is_race(&error) && tries < MOST_TRIES => tries += 1,
                outcome => return outcome,
            }
        }
    }

    async fn try_upgrade(
        &self,
        by: &Caller,
        id: &str,
        ask: &AskUpgrade,
        rehearsed: &mut Rehearsed,
    ) -> Result<Upgraded> {
        let tenant = by.tenant()?;
        if let Some(rules) = &ask.canary {
            rules.check()?;
        }
        self.check_no_canary(tenant, id).await?;
        let install = self.install(tenant, id).await?;
        let target = self.choose_for(tenant, id, &ask.wanted).await?;
        let target = no_helper(self.stored_version(id, &target.plugin.version).await?)?;
        let current = self.stored_version(id, &install.plugin.version).await?;
        let compatibility = compare(&current, &target);
        let all = self.integrations_of(tenant, &current.manifest.provider, id).await?;
        let moving = chosen(&all, &target, &ask.which)?;
        if ask.canary.is_some() && moving.is_empty() {
            let version = &target.plugin.version;
            let message = format!("no integration would go to {id}@{version}: there are no calls to try it on");
            return Err(Error::conflict(message));
        }
        let moves_install = ask.which == Which::All && install.plugin != target.plugin;
        if moving.is_empty() && !moves_install {
            let (install, to) = (install.record, target.record.plugin);
            return Ok(Upgraded { install, to, moved: Vec::new(), compatibility, rehearsal: None, canary: None });
        }
        let consent = self.agreed(by, &install, &moving, &target, ask).await?;
        let next = with_target(&install, &all, &moving, &target, (moves_install, consent.clone()));
        let plan = Plan { tenant, install, moving, next };
        self.check_moving(&plan).await?;
        if moves_install {
            self.check_config(&target.manifest, &plan.next.config)?;
        }
        self.0.loaded.keep(&target.plugin.digest);
        self.plugin(&target.plugin).await?;
        let rehearsal = self.rehearsed(&plan, &target, ask.accept_differences, rehearsed).await?;
        let done = Upgraded {
            install: plan.next.clone(),
            to: target.plugin.clone(),
            moved: Vec::new(),
            compatibility,
            rehearsal: Some(rehearsal),
            canary: None,
        };
        if let Some(rules) = ask.canary {
            let begin = Begin { plan: &plan, target: &target, which: &ask.which, consent, rules };
            let canary = self.begin_canary(by, begin).await?;
            return Ok(Upgraded { install: plan.install.record, canary: Some(canary), ..done });
        }
        let mut work = self.work(by);
        work.admin().unchanged(&target)?;
        let moved = self.carry_over(&mut work, &plan, &target, &done.compatibility).await?;
        work.commit_now().await.map_err(race)?;
        Ok(Upgraded { moved, ..done })
    }

    /// Writes down that all of a plan go to a version, how it is undone, and that it happened.
    pub(super) async fn carry_over(
        &self,
        work: &mut Work,
        plan: &Plan,
        target: &PluginVersion,
        compatibility: &Compatibility,
    ) -> Result<Vec<Moved>> {
        let moved = self.switch(plan, work)?;
        let (before, to) = (plan.install.record.clone(), target.plugin.clone());
        work.tenant(plan.tenant).put(&Upgrade { before, to, moved: moved.clone(), at: self.now() })?;
        self.tell_of_switch(plan, work, ("plugin.upgraded", compatibility), &moved).await?;
        Ok(moved)
    }

    /// The consent that the new version stands under: the given one, or what was agreed to before
    /// where that covers it. It refuses, with everything that stands against the upgrade.
    async fn agreed(
        &self,
        by: &Caller,
        install: &Install,
        moving: &[(Stored<Integration>, PluginVersion)],
        target: &PluginVersion,
        ask: &AskUpgrade,
    ) -> Result<Consent> {
        let mut from: BTreeMap<_, _> =
            moving.iter().map(|(one, _)| (one.plugin.version.clone(), one.plugin.clone())).collect();
        from.entry(install.plugin.version.clone()).or_insert_with(|| install.plugin.clone());
        let mut wider: Vec<Problem> = Vec::new();
        let mut breaks: Vec<Problem> = Vec::new();
        for plugin in from.values().filter(|plugin| **plugin != target.plugin) {
            let beyond = widened(&install.consent_for(plugin).sheet, &target.sheet);
            wider.extend(beyond.into_iter().filter(|one| !wider.contains(one)).collect::<Vec<_>>());
            if let Some(old) = self.known_version(plugin).await? {
                let found = compare(&old, target);
                breaks.extend(found.of_class(Class::Breaking).map(|one| Problem::at(&one.path, &one.message)));
            }
        }
        let consent = Consent { sheet: target.sheet.clone(), by: by.key.id, at: self.now() };
        let refused = if wider.is_empty() && ask.consent.is_none() {
            None
        } else {
            check_consent(target, wider, ask.consent.as_deref()).err().map(|error| with_digest(error, target))
        };
        let broken = (!ask.accept_breaking && !breaks.is_empty()).then(|| breaking(target, &breaks));
        match (refused, broken) {
            (None, None) => Ok(consent),
            (Some(error), None) | (None, Some(error)) => Err(error),
            (Some(mut consent), Some(broken)) => {
                consent.message = format!("{}; {}", consent.message, broken.message);
                consent.problems.extend(broken.problems);
                Err(consent)
            }
        }
    }

    /// Checks that settings and credentials fit the version that each integration goes to.
    pub(super) async fn check_moving(&self, plan: &Plan) -> Result<()> {
        let mut problems = Vec::new();
        for (integration, target) in &plan.moving {
            if let Err(error) = self.check_fits(plan, integration, target).await {
                if error.kind != ErrorKind::Invalid {
                    return Err(error);
                }
                problems.extend(placed(integration, error));
            }
        }
        if problems.is_empty() {
            return Ok(());
        }
        let id = &plan.install.plugin.id;
        let message = format!("integrations of `{id}` do not fit the other version: change them first");
        Err(Error::problems(message, problems))
    }

    async fn check_fits(&self, plan: &Plan, integration: &Integration, target: &PluginVersion) -> Result<()> {
        let manifest = &target.manifest;
        if manifest.provider != integration.provider {
            let message = format!("the version is for the provider `{}`", manifest.provider);
            return Err(Error::problems(message.clone(), vec![Problem::at("$.provider", message)]));
        }
        self.check_in_force(manifest, &plan.next.config, &integration.settings)?;
        if integration.connected_at.is_none() {
            return Ok(());
        }
        let sealed = self.credential(plan.tenant, integration.id).await?;
        let checked = self.0.vault.check_sealed(&sealed.key, &sealed.context, &sealed.fields, &manifest.credentials);
        checked.map_err(|mut error| {
            error.problems.iter_mut().for_each(|problem| problem.path = problem.path.replacen('$', "$.credentials", 1));
            error
        })
    }

    /// Writes down the switch of the install and of every integration that moves.
    pub(super) fn switch(&self, plan: &Plan, work: &mut Work) -> Result<Vec<Moved>> {
        let Plan { tenant, install, moving, next, .. } = plan;
        work.tenant(*tenant).replace(install, next)?;
        let mut moved = Vec::with_capacity(moving.len());
        for (stored, target) in moving {
            let mut integration =
                Integration { plugin: target.plugin.clone(), updated_at: self.now(), ..stored.record.clone() };
            if target.manifest.webhook.is_some() && integration.endpoint.is_none() {
                let id = Id::unguessable(random()?);
                integration.endpoint = Some(id);
                work.admin().create(&Endpoint {
                    id,
                    tenant: *tenant,
                    integration: integration.id,
                    expires_at: None,
                    replaces: None,
                })?;
            }
            work.tenant(*tenant).replace(stored, &integration)?;
            work.audit("integration.moved_version", integration.id, Some(&stored.record), Some(&integration))?;
            moved.push(Moved { integration: integration.id, from: stored.plugin.clone() });
        }
        Ok(moved)
    }

    /// Says what happened, in the audit trail and in the feed, and has the memory settled.
    pub(super) async fn tell_of_switch(
        &self,
        plan: &Plan,
        work: &mut Work,
        (kind, compatibility): (&'static str, &Compatibility),
        moved: &[Moved],
    ) -> Result<()> {
        let Plan { tenant, install, next, moving, .. } = plan;
        let id = &install.plugin.id;
        work.audit(kind, id, Some(&install.record), Some(next))?;
        let to = moving.first().map_or(&next.plugin.version, |(_, target)| &target.plugin.version);
        let integrations: Vec<_> = moved.iter().map(|moved| moved.integration).collect();
        let data = json!({
            "plugin": id, "from": install.plugin.version, "to": to, "class": compatibility.class,
            "integrations": integrations,
        });
        work.event(*tenant, kind, None, id, data)?;
        let mut touched = vec![install.plugin.clone(), next.plugin.clone()];
        touched.extend(moved.iter().map(|moved| moved.from.clone()));
        touched.extend(moving.iter().map(|(_, target)| target.plugin.clone()));
        touched.sort_by(|a, b| a.version.cmp(&b.version));
        touched.dedup();
        settle::enqueue(self, work, &touched).await
    }
}

/// Those that move. One that is there already does not.
pub(super) fn chosen(
    all: &[Stored<Integration>],
    target: &PluginVersion,
    which: &Which,
) -> Result<Vec<(Stored<Integration>, PluginVersion)>> {
    if let Which::These(ids) = which {
        let known = |id: &IntegrationId| all.iter().any(|integration| integration.id == *id);
        if let Some((index, id)) = ids.iter().enumerate().find(|(_, id)| !known(id)) {
            let message = format!("`{id}` is no integration of the plugin `{}`", target.plugin.id);
            return Err(Error::not_found("integration", id).at(format!("$.integrations[{index}]"), message));
        }
    }
    let goes = |integration: &&Stored<Integration>| match which {
        Which::All => true,
        Which::These(ids) => ids.contains(&integration.id),
    };
    let moving = all.iter().filter(goes).filter(|integration| integration.plugin != target.plugin);
    let moving: Vec<_> = moving.map(|integration| (integration.clone(), target.clone())).collect();
    if moving.len() > MOST {
        let count = moving.len();
        let message =
            format!("{count} integrations would move, and one upgrade moves at most {MOST}: name some of them");
        return Err(Error::new(ErrorKind::TooLarge, message).at("$.integrations", format!("name at most {MOST}")));
    }
    Ok(moving)
}

pub(super) fn with_target(
    install: &Install,
    all: &[Stored<Integration>],
    moving: &[(Stored<Integration>, PluginVersion)],
    target: &PluginVersion,
    (moves_install, consent): (bool, Consent),
) -> Install {
    let pin = if moves_install { target.plugin.clone() } else { install.plugin.clone() };
    let goes = |integration: &Integration| moving.iter().any(|(one, _)| one.id == integration.id);
    let used = all.iter().map(|one| if goes(one) { target.plugin.clone() } else { one.plugin.clone() });
    let agreed = |plugin: &PluginRef| if *plugin == target.plugin { &consent } else { install.consent_for(plugin) };
    Install {
        others: pins::others(&pin, used, agreed),
        consent: agreed(&pin).clone(),
        plugin: pin,
        enabled: install.enabled,
        config: install.config.clone(),
        created_at: install.created_at,
    }
}

/// The digest at once: who has read the difference here need not ask again.
fn with_digest(mut error: Error, target: &PluginVersion) -> Error {
    error.message = format!("{} (it is {})", error.message, sheet_digest(&target.sheet));
    error
}

fn breaking(target: &PluginVersion, breaks: &[Problem]) -> Error {
    let PluginRef { id, version, .. } = &target.plugin;
    let message = format!("{id}@{version} breaks what works: read the differences and send `accept_breaking: true`");
    let mut error = Error::conflict(message).at("$.accept_breaking", "is not true");
    error.problems.extend(breaks.iter().take(TOLD).cloned());
    error
}

/// The problems of an integration, each under its id.
pub(super) fn placed(integration: &Integration, error: Error) -> Vec<Problem> {
    let id = integration.id;
    if error.problems.is_empty() {
        return vec![Problem::at(format!("integrations.{id}"), error.message)];
    }
    let place = |path: &str| format!("integrations.{id}{}", path.strip_prefix('$').unwrap_or(path));
    error.problems.into_iter().map(|one| Problem::at(place(&one.path), one.message)).collect()
}

/// What marks a refusal of the store from one of ours.
const RACE: &str = "race";

pub(super) fn race(error: Error) -> Error {
    if error.kind == ErrorKind::Conflict { error.with(RACE, "the records moved") } else { error }
}

pub(super) fn is_race(error: &Error) -> bool {
    error.context.iter().any(|(name, _)| *name == RACE)
}

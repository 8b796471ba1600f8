//! Rolling back: the last upgrade is undone, in one commit. What had been agreed to before holds
//! again, so nobody is asked; that settings and credentials still fit is checked.

use gatehouse_domain::install::{Install, Upgrade};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::plugin::{PluginRef, PluginVersion};
use gatehouse_domain::{Error, Result};
use gatehouse_store::Stored;

use super::pins;
use super::upgrade::{MOST_TRIES, Plan, Upgraded, is_race, race};
use crate::compatibility::compare;
use crate::{Caller, Engine};

impl Engine {
    /// Undoes the last upgrade: the install and every integration that it moved and that is still
    /// where it went go back to the versions that they came from.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Conflict`] where there is nothing to undo, or the version
    /// before was yanked; [`gatehouse_domain::ErrorKind::Invalid`] where settings or credentials
    /// do not fit it, with the field.
    pub async fn rollback_plugin(&self, by: &Caller, id: &str) -> Result<Upgraded> {
        let mut tries = 0;
        loop {
            match self.try_rollback(by, id).await {
                Err(error) if is_race(&error) && tries < MOST_TRIES => tries += 1,
                outcome => return outcome,
            }
        }
    }

    async fn try_rollback(&self, by: &Caller, id: &str) -> Result<Upgraded> {
        let tenant = by.tenant()?;
        self.check_no_canary(tenant, id).await?;
        let install = self.install(tenant, id).await?;
        let undo = self.0.store.tenant(tenant).get::<Upgrade>(&id.to_owned()).await?;
        let undo = undo.ok_or_else(|| {
            Error::conflict(format!(
                "there is no upgrade of `{id}` to roll back; it has version {}",
                install.plugin.version
            ))
        })?;
        let back = self.way_back(&undo.before.plugin).await?;
        let gone =
            || Error::conflict(format!("{id}@{} was removed: nobody is left to go back from it", undo.to.version));
        let current = self.known_version(&undo.to).await?.ok_or_else(gone)?;
        let all = self.integrations_of(tenant, &current.manifest.provider, id).await?;
        let moving = self.going_back(&all, &undo).await?;
        let next = before(&install, &undo, &all, &moving);
        let plan = Plan { tenant, install, moving, next };
        self.check_moving(&plan).await?;
        self.check_config(&back.manifest, &plan.next.config)?;
        self.make_ready(&plan).await?;
        let compatibility = compare(&current, &back);
        let mut work = self.work(by);
        // It can not be yanked and removed meanwhile.
        work.admin().unchanged(&back)?;
        let moved = self.switch(&plan, &mut work)?;
        work.tenant(tenant).remove(&undo)?;
        self.tell_of_switch(&plan, &mut work, ("plugin.rolled_back", &compatibility), &moved).await?;
        work.commit_now().await.map_err(race)?;
        Ok(Upgraded {
            to: plan.next.plugin.clone(),
            install: plan.next,
            moved,
            compatibility,
            rehearsal: None,
            canary: None,
        })
    }

    /// The version to go back to. A yanked one is not gone to, whoever had it.
    async fn way_back(&self, plugin: &PluginRef) -> Result<Stored<PluginVersion>> {
        let PluginRef { id, version, .. } = plugin;
        let gone = || Error::conflict(format!("{id}@{version} was removed: there is no way back to it"));
        let known = self.known_version(plugin).await?.ok_or_else(gone)?;
        match &known.standing.yanked {
            None => Ok(known),
            Some(yanked) => {
                let message = format!("{id}@{version} is yanked and can not be gone back to: {}", yanked.reason);
                Err(Error::conflict(message))
            }
        }
    }

    async fn going_back(
        &self,
        all: &[Stored<Integration>],
        undo: &Upgrade,
    ) -> Result<Vec<(Stored<Integration>, PluginVersion)>> {
        let mut moving = Vec::new();
        for moved in &undo.moved {
            let there = |one: &&Stored<Integration>| one.id == moved.integration && one.plugin == undo.to;
            if let Some(integration) = all.iter().find(there) {
                moving.push((integration.clone(), self.way_back(&moved.from).await?.record));
            }
        }
        Ok(moving)
    }

    async fn make_ready(&self, plan: &Plan) -> Result<()> {
        let versions = plan.moving.iter().map(|(_, target)| &target.plugin);
        for plugin in versions.chain(std::iter::once(&plan.next.plugin)) {
            self.0.loaded.keep(&plugin.digest);
            self.plugin(plugin).await?;
        }
        Ok(())
    }
}

/// The install as it was, for the integrations that there are now.
fn before(
    install: &Install,
    undo: &Upgrade,
    all: &[Stored<Integration>],
    moving: &[(Stored<Integration>, PluginVersion)],
) -> Install {
    let was = &undo.before;
    let pin = was.plugin.clone();
    let agreed = |plugin: &PluginRef| {
        let known = was.plugin == *plugin || was.others.iter().any(|other| other.plugin == *plugin);
        if known { was.consent_for(plugin) } else { install.consent_for(plugin) }
    };
    let used = all.iter().map(|one| {
        let back = moving.iter().find(|(moved, _)| moved.id == one.id);
        back.map_or_else(|| one.plugin.clone(), |(_, target)| target.plugin.clone())
    });
    Install {
        others: pins::others(&pin, used, agreed),
        consent: agreed(&pin).clone(),
        plugin: pin,
        enabled: install.enabled,
        config: install.config.clone(),
        created_at: install.created_at,
    }
}

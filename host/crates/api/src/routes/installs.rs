//! Installs: what a tenant has enabled, and which versions its integrations are pinned to.

use axum::Json;
use axum::extract::{Path, State};
use gatehouse_domain::canary::Rules;
use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::install::{Install, Moved};
use gatehouse_domain::market::Withdrawn;
use gatehouse_domain::plugin::{PluginRef, Standing};
use gatehouse_domain::rehearsal::Rehearsal;
use gatehouse_domain::trust::SignatureState;
use gatehouse_domain::{Error, Problem};
use gatehouse_engine::compatibility::Compatibility;
use gatehouse_engine::installs::{AskUpgrade, Enable, Told, Upgraded, Which};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::versions::{HeldView, read_wanted};
use super::{Answer, canaries};
use crate::body::Body;
use crate::guard::By;
use crate::page::Items;
use crate::router::App;

/// Enabling or disabling.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Toggle {
    /// Whether the plugin shall be enabled.
    enabled: bool,
    /// Which version; where absent, the newest that is neither yanked nor deprecated nor a
    /// pre-release. One that was enabled before keeps its version.
    #[serde(default)]
    version: Option<String>,
    /// The newest version that fits this requirement, such as `^1.2`, instead of `version`.
    #[serde(default)]
    requirement: Option<String>,
    /// The `digest` of the permission sheet that was shown; needed to enable for the first time.
    #[serde(default)]
    consent: Option<String>,
}

/// Going to another version.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Upgrade {
    /// Which version to go to; where absent, the newest that is neither yanked nor deprecated
    /// nor a pre-release.
    #[serde(default)]
    version: Option<String>,
    /// The newest version that fits this requirement, such as `^1.2`, instead of `version`.
    #[serde(default)]
    requirement: Option<String>,
    /// `all`, which also moves the version of integrations to be made, or the ids of some.
    #[serde(default)]
    integrations: Integrations,
    /// The `digest` of the new version's permission sheet; needed where that allows more.
    #[serde(default)]
    consent: Option<String>,
    /// Whether the new version may break what works.
    #[serde(default)]
    accept_breaking: bool,
    /// Whether recorded calls may come to something else on the new version.
    #[serde(default)]
    accept_differences: bool,
    /// That only a part of the calls goes to the new version at first. It takes the rest by itself
    /// where it does well, and none where it does worse than the old one.
    #[serde(default)]
    canary: Option<Rules>,
}

/// Which integrations go to another version.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Integrations {
    /// `all`.
    Word(String),
    /// These.
    Ids(Vec<IntegrationId>),
}

impl Default for Integrations {
    fn default() -> Self {
        Self::Word("all".to_owned())
    }
}

/// An install, with what should be known of its version.
#[derive(Serialize, JsonSchema)]
pub(crate) struct InstallView {
    #[serde(flatten)]
    install: Install,
    /// What stands against its version.
    standing: Standing,
    /// Whether there is a newer version that may be chosen.
    outdated: bool,
    /// That version.
    newer: Option<String>,
    /// Who stands for its version.
    signature: SignatureState,
    /// That its version trapped too often and is held back.
    quarantined: Option<HeldView>,
    /// That nobody can newly enable the plugin.
    withdrawn: Option<Withdrawn>,
}

/// What an upgrade or a rollback did.
#[derive(Serialize, JsonSchema)]
pub(crate) struct UpgradeView {
    /// The install as it is now.
    install: Install,
    /// The version that was gone to.
    to: PluginRef,
    /// The integrations that moved, each with the version that it came from.
    moved: Vec<Moved>,
    /// What changes for those who were on the install's version.
    compatibility: Compatibility,
    /// What came of recorded calls on the new version; null where none was gone to.
    rehearsal: Option<Rehearsal>,
    /// The canary that was begun; nothing has moved then. Null where none was asked for.
    canary: Option<canaries::View>,
}

/// A rollback takes nothing.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rollback {}

pub(crate) async fn list(State(app): State<App>, By(caller): By) -> Answer<Items<InstallView>> {
    let items = app.engine.installs_told(&caller).await?.into_iter().map(view).collect();
    Ok(Json(Items { items }))
}

pub(crate) async fn enabled(State(app): State<App>, By(caller): By) -> Answer<Items<InstallView>> {
    let told = app.engine.installs_told(&caller).await?;
    let items = told.into_iter().filter(|told| told.install.enabled).map(view).collect();
    Ok(Json(Items { items }))
}

pub(crate) async fn toggle(
    State(app): State<App>,
    By(caller): By,
    Path(plugin): Path<String>,
    Body(toggle): Body<Toggle>,
) -> Answer<Install> {
    if !toggle.enabled {
        return Ok(Json(shown(app.engine.disable_plugin(&caller, &plugin).await?)));
    }
    let wanted = read_wanted(toggle.version.as_deref(), toggle.requirement.as_deref())?;
    let ask = Enable { wanted, consent: toggle.consent };
    Ok(Json(shown(app.engine.enable_plugin(&caller, &plugin, &ask).await?)))
}

pub(crate) async fn upgrade(
    State(app): State<App>,
    By(caller): By,
    Path(plugin): Path<String>,
    Body(upgrade): Body<Upgrade>,
) -> Answer<UpgradeView> {
    let ask = AskUpgrade {
        wanted: read_wanted(upgrade.version.as_deref(), upgrade.requirement.as_deref())?,
        which: which(upgrade.integrations)?,
        consent: upgrade.consent,
        accept_breaking: upgrade.accept_breaking,
        accept_differences: upgrade.accept_differences,
        canary: upgrade.canary,
    };
    Ok(Json(done(app.engine.upgrade_plugin(&caller, &plugin, &ask).await?)))
}

pub(crate) async fn rollback(
    State(app): State<App>,
    By(caller): By,
    Path(plugin): Path<String>,
    Body(Rollback {}): Body<Rollback>,
) -> Answer<UpgradeView> {
    Ok(Json(done(app.engine.rollback_plugin(&caller, &plugin).await?)))
}

fn which(integrations: Integrations) -> Result<Which, Error> {
    let wrong = |message: String| {
        Err(Error::problems("the integrations do not read", vec![Problem::at("$.integrations", message)]))
    };
    match integrations {
        Integrations::Word(word) if word == "all" => Ok(Which::All),
        Integrations::Word(word) => wrong(format!("`{word}` is neither `all` nor a list of ids")),
        Integrations::Ids(ids) if ids.is_empty() => wrong("names none: name some, or say `all`".to_owned()),
        Integrations::Ids(ids) => Ok(Which::These(ids)),
    }
}

fn view(told: Told) -> InstallView {
    let Told { install, standing, newer, signature, held, withdrawn } = told;
    let install = shown(install);
    let outdated = newer.is_some();
    let newer = newer.map(|version| version.to_string());
    InstallView { install, standing, outdated, newer, signature, quarantined: held.map(HeldView::of), withdrawn }
}

/// Without its configuration, which is shown by itself.
fn shown(mut install: Install) -> Install {
    install.config.clear();
    install
}

fn done(upgraded: Upgraded) -> UpgradeView {
    let Upgraded { install, to, moved, compatibility, rehearsal, canary } = upgraded;
    UpgradeView { install: shown(install), to, moved, compatibility, rehearsal, canary: canary.map(canaries::view) }
}

//! The versions of a plugin: what each is, what changes between two, and what is said of one.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use gatehouse_domain::Error;
use gatehouse_domain::plugin::resolve::Wanted;
use gatehouse_domain::plugin::{Composition, PluginRef, PluginVersion, Standing};
use gatehouse_domain::quarantine::{Holds, VersionQuarantine};
use gatehouse_domain::trust::SignatureState;
use gatehouse_domain::{Problem, Result};
use gatehouse_engine::catalog::Deprecate;
use gatehouse_engine::compatibility::Compatibility;
use gatehouse_engine::{Caller, Engine};
use schemars::JsonSchema;
use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};

use super::{Answer, shown, submissions};
use crate::body::Body;
use crate::etag::Tagged;
use crate::guard::By;
use crate::page::Items;
use crate::problem::Failure;
use crate::router::App;

/// One version of a plugin.
#[derive(Serialize, JsonSchema)]
pub(crate) struct VersionView {
    /// Which one it is.
    plugin: PluginRef,
    /// Whether it may still be chosen.
    #[serde(flatten)]
    standing: Standing,
    /// Whether it is a pre-release, which is chosen only where it is asked for.
    pre_release: bool,
    /// The version of the contract that it is built against.
    contract: String,
    /// The helpers that were linked into it.
    composition: Option<Composition>,
    /// The component's size in bytes.
    size: u64,
    /// When it was published.
    uploaded_at: String,
    /// Who stands for it.
    signature: SignatureState,
    /// What it shows of itself.
    shown: shown::View,
    /// That it trapped too often and is held back.
    quarantined: Option<HeldView>,
    /// Its review, for operators and its publisher; absent where none was asked for.
    submission: Option<submissions::View>,
}

/// That a version is held back.
#[derive(Serialize, JsonSchema)]
pub(crate) struct HeldView {
    /// Since when.
    since: String,
    /// Why.
    reason: String,
    /// Whether it is held back for every tenant, and not only for those whose calls trapped.
    for_everybody: bool,
}

impl HeldView {
    pub(crate) fn of(held: VersionQuarantine) -> Self {
        let for_everybody = held.holds == Holds::Everybody;
        Self { since: held.since.to_string(), reason: held.reason, for_everybody }
    }
}

/// That a version is taken back.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Yank {
    /// Why. Those who use the version are told.
    reason: String,
}

/// That there is something better than a version.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deprecation {
    /// What those who use the version should know. They are told.
    message: String,
    /// What to go to: a version of the same plugin, or another plugin's id.
    #[serde(default)]
    successor: Option<String>,
}

/// Which two versions to compare.
#[derive(Deserialize)]
pub(crate) struct Between {
    from: Option<String>,
    to: Option<String>,
}

/// A version in a path.
#[derive(Deserialize)]
pub(crate) struct Named {
    pub(super) plugin: String,
    version: String,
}

pub(crate) async fn get(
    State(app): State<App>,
    By(caller): By,
    Path(named): Path<Named>,
) -> Result<Tagged<VersionView>, Failure> {
    let version = named.version()?;
    let found = app.engine.seen_version(&caller, &named.plugin, Some(&version)).await?;
    Ok(Tagged::of(&found.clone(), view(&app.engine, &caller, found).await?)?)
}

pub(crate) async fn list(State(app): State<App>, By(caller): By, Path(id): Path<String>) -> Answer<Items<VersionView>> {
    let mut items = Vec::new();
    for version in app.engine.seen_versions(&caller, &id).await? {
        items.push(view(&app.engine, &caller, version).await?);
    }
    Ok(Json(Items { items }))
}

pub(crate) async fn compatibility(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
    Query(between): Query<Between>,
) -> Answer<Compatibility> {
    let read = |name: &str, text: &Option<String>| text.as_deref().map(|text| read_version(name, text)).transpose();
    let (from, to) = (read("?from", &between.from)?, read("?to", &between.to)?);
    Ok(Json(app.engine.compatibility(&caller, &id, from.as_ref(), to.as_ref()).await?))
}

pub(crate) async fn yank(
    State(app): State<App>,
    By(caller): By,
    Path(named): Path<Named>,
    Body(yank): Body<Yank>,
) -> Answer<VersionView> {
    let version = named.version()?;
    let yanked = app.engine.yank_version(&caller, &named.plugin, &version, &yank.reason).await?;
    Ok(Json(view(&app.engine, &caller, yanked).await?))
}

pub(crate) async fn unyank(State(app): State<App>, By(caller): By, Path(named): Path<Named>) -> Answer<VersionView> {
    let version = named.version()?;
    let unyanked = app.engine.unyank_version(&caller, &named.plugin, &version).await?;
    Ok(Json(view(&app.engine, &caller, unyanked).await?))
}

pub(crate) async fn deprecate(
    State(app): State<App>,
    By(caller): By,
    Path(named): Path<Named>,
    Body(said): Body<Deprecation>,
) -> Answer<VersionView> {
    let version = named.version()?;
    let ask = Deprecate { message: said.message, successor: said.successor };
    let deprecated = app.engine.deprecate_version(&caller, &named.plugin, &version, ask).await?;
    Ok(Json(view(&app.engine, &caller, deprecated).await?))
}

pub(crate) async fn release(State(app): State<App>, By(caller): By, Path(named): Path<Named>) -> Answer<VersionView> {
    let version = named.version()?;
    let released = app.engine.release_version(&caller, &named.plugin, &version).await?;
    Ok(Json(view(&app.engine, &caller, released).await?))
}

pub(crate) async fn remove(
    State(app): State<App>,
    By(caller): By,
    Path(named): Path<Named>,
) -> Result<StatusCode, Failure> {
    let version = named.version()?;
    app.engine.remove_version(&caller, &named.plugin, &version).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Named {
    /// What is no version names no version either.
    pub(super) fn version(&self) -> Result<Version> {
        let Self { plugin, version } = self;
        version.parse().map_err(|_| Error::not_found("plugin version", format!("{plugin}@{version}")))
    }
}

/// How a request asks for a version: exactly, or by a requirement, or not at all.
pub(crate) fn read_wanted(version: Option<&str>, requirement: Option<&str>) -> Result<Wanted> {
    match (version, requirement) {
        (None, None) => Ok(Wanted::Newest),
        (Some(exact), None) => read_version("version", exact).map(Wanted::Exactly),
        (None, Some(text)) => read_requirement(text).map(Wanted::Fitting),
        (Some(_), Some(_)) => {
            let problem = Problem::at("requirement", "`version` says it all: leave one of the two out");
            Err(Error::problems("the version is asked for twice", vec![problem]))
        }
    }
}

/// A version as semver writes it.
pub(crate) fn read_version(path: &str, text: &str) -> Result<Version> {
    text.parse().map_err(|error| {
        let problem = Problem::at(path, format!("`{text}` is not a version such as 1.2.3: {error}"));
        Error::problems("the version does not read", vec![problem])
    })
}

fn read_requirement(text: &str) -> Result<VersionReq> {
    text.parse().map_err(|error| {
        let problem = Problem::at("requirement", format!("`{text}` is not a requirement such as ^1.2: {error}"));
        Error::problems("the requirement does not read", vec![problem])
    })
}

/// A version as a caller sees it.
pub(super) async fn view(engine: &Engine, caller: &Caller, version: PluginVersion) -> Result<VersionView> {
    let signature = engine.signature_of(&version).await?;
    // A tenant is not told of what is held back for others.
    let shown = |held: &VersionQuarantine| caller.tenant_if_any().is_none_or(|tenant| held.holds.holds(tenant));
    let quarantined = engine.quarantine_of(&version.plugin).filter(shown).map(HeldView::of);
    let PluginVersion { plugin, manifest, size, uploaded_at, standing, composition, shown, submission, .. } = version;
    let submission = submission.filter(|_| caller.tenant_if_any().is_none()).map(submissions::View::of);
    Ok(VersionView {
        shown: shown::View::of(&plugin.id, &plugin.version, &shown),
        pre_release: !plugin.version.pre.is_empty(),
        plugin,
        standing,
        contract: manifest.contract.to_string(),
        composition,
        size,
        uploaded_at: uploaded_at.to_string(),
        signature,
        quarantined,
        submission,
    })
}

//! Plugins: uploading them, and reading what they may do.

use axum::Json;
use axum::body::{self, Body};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use gatehouse_domain::plugin::resolve::Wanted;
use gatehouse_domain::plugin::{PluginRef, PluginVersion};
use gatehouse_domain::sheet::PermissionSheet;
use gatehouse_domain::{Error, ErrorKind};
use gatehouse_engine::catalog::Listed;
use gatehouse_engine::installs::sheet_digest;
use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Answer;
use super::versions::read_wanted;
use crate::guard::By;
use crate::page::Items;
use crate::problem::Failure;
use crate::router::App;

/// The largest component, in bytes.
const MOST_BYTES: usize = 32 << 20;

/// A plugin, as its newest version describes it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Plugin {
    /// The newest version.
    plugin: PluginRef,
    /// Whether it is a helper: code that gateways have linked into them, and nothing to enable.
    helper: bool,
    /// The provider it is a gateway to; empty for a helper.
    provider: String,
    /// A name for people.
    name: String,
    /// One sentence on what it does.
    description: String,
    /// Who publishes it.
    publisher: String,
    /// Its licence.
    license: String,
    /// Its category.
    category: String,
    /// JSON Schema of the credentials that an integration needs.
    credentials_schema: Value,
    /// JSON Schema of the settings.
    settings_schema: Value,
    /// The codes of its capabilities.
    capabilities: Vec<String>,
    /// Every version, newest first.
    versions: Vec<String>,
    /// The component's size in bytes.
    size: u64,
}

/// What a plugin may do, and what to quote in order to agree.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Permissions {
    /// The version it is for.
    plugin: PluginRef,
    /// The sheet.
    sheet: PermissionSheet,
    /// What to send as `consent`.
    digest: String,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    version: Option<String>,
    requirement: Option<String>,
}

pub(crate) async fn upload(
    State(app): State<App>,
    By(caller): By,
    body: Body,
) -> Result<(StatusCode, Json<Plugin>), Failure> {
    let bytes = body::to_bytes(body, MOST_BYTES).await.map_err(|_| {
        Error::new(ErrorKind::TooLarge, format!("the upload ended early or is larger than {MOST_BYTES} bytes"))
    })?;
    let newest = app.engine.upload_plugin(&caller, bytes.to_vec()).await?;
    let listed = app.engine.get_plugin(&newest.plugin.id).await?;
    Ok((StatusCode::CREATED, Json(show(newest, &listed.versions))))
}

pub(crate) async fn list(State(app): State<App>) -> Answer<Items<Plugin>> {
    let plugins = app.engine.plugins().await?;
    Ok(Json(Items { items: plugins.into_iter().map(show_listed).collect() }))
}

pub(crate) async fn get(State(app): State<App>, Path(id): Path<String>) -> Answer<Plugin> {
    Ok(Json(show_listed(app.engine.get_plugin(&id).await?)))
}

pub(crate) async fn permissions(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(wanted): Query<Asked>,
) -> Answer<Permissions> {
    let found = match read_wanted(wanted.version.as_deref(), wanted.requirement.as_deref())? {
        Wanted::Newest => app.engine.plugin_version(&id, None).await?,
        // To look at, also where it can no longer be chosen.
        Wanted::Exactly(exact) => app.engine.plugin_version(&id, Some(&exact)).await?,
        wanted @ Wanted::Fitting(_) => app.engine.resolve_plugin(&id, &wanted).await?,
    };
    let digest = sheet_digest(&found.sheet);
    Ok(Json(Permissions { plugin: found.plugin, sheet: found.sheet, digest }))
}

fn show_listed(listed: Listed) -> Plugin {
    show(listed.newest, &listed.versions)
}

fn show(version: PluginVersion, versions: &[Version]) -> Plugin {
    let PluginVersion { plugin, manifest, capabilities, size, .. } = version;
    Plugin {
        plugin,
        helper: manifest.helper,
        provider: manifest.provider,
        name: manifest.name,
        description: manifest.description,
        publisher: manifest.publisher,
        license: manifest.license,
        category: manifest.category,
        credentials_schema: manifest.credentials,
        settings_schema: manifest.settings,
        capabilities: capabilities.into_iter().map(|capability| capability.code).collect(),
        versions: versions.iter().map(ToString::to_string).collect(),
        size,
    }
}

//! Plugins: uploading them, and reading what they may do.

use axum::Json;
use axum::body::{self, Body};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::market::{Listing, Withdrawn};
use gatehouse_domain::plugin::resolve::Wanted;
use gatehouse_domain::plugin::{PluginRef, PluginVersion};
use gatehouse_domain::sheet::PermissionSheet;
use gatehouse_domain::trust::SignatureState;
use gatehouse_domain::{Error, ErrorKind, Problem};
use gatehouse_engine::Engine;
use gatehouse_engine::catalog::{Listed, Upload};
use gatehouse_engine::installs::sheet_digest;
use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::versions::read_wanted;
use super::{Answer, shown, submissions};
use crate::etag::Tagged;
use crate::guard::By;
use crate::problem::Failure;
use crate::router::App;

/// The largest component, in bytes.
const MOST_BYTES: usize = 32 << 20;

/// The header that carries a signature file.
pub(crate) const SIGNATURE: &str = "gatehouse-signature";

/// A plugin, as its newest version describes it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Plugin {
    /// The newest version.
    plugin: PluginRef,
    /// Whether it is a helper: code that gateways have linked into them, and nothing to enable.
    helper: bool,
    /// The provider it is a gateway to; empty for a helper.
    provider: String,
    /// A name for people: the operator's where it says one, as with the description and the category.
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
    /// Who stands for it.
    signature: SignatureState,
    /// What it shows of itself.
    shown: shown::View,
    /// Where to read more.
    homepage_url: Option<String>,
    /// Where to ask for help.
    support_url: Option<String>,
    /// Whether its operator has it stand out.
    featured: bool,
    /// That nobody can newly enable it.
    withdrawn: Option<Withdrawn>,
    /// The review of this version, for operators and its publisher; absent where none was asked for.
    submission: Option<submissions::View>,
}

/// What a plugin may do, and what to quote in order to agree.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PluginPermissions")]
pub(crate) struct Permissions {
    /// The version it is for.
    plugin: PluginRef,
    /// The sheet.
    sheet: PermissionSheet,
    /// What to send as `consent`.
    digest: String,
    /// Who stands for it.
    signature: SignatureState,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    version: Option<String>,
    requirement: Option<String>,
}

pub(crate) async fn upload(
    State(app): State<App>,
    By(caller): By,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Plugin>), Failure> {
    let signature = signature(&headers)?;
    let bytes = body::to_bytes(body, MOST_BYTES).await.map_err(|_| {
        Error::new(ErrorKind::TooLarge, format!("the upload ended early or is larger than {MOST_BYTES} bytes"))
    })?;
    let upload = Upload { component: bytes.to_vec(), signature };
    let newest = app.engine.upload_plugin(&caller, upload).await?;
    let versions = match app.engine.seen_plugin(&caller, &newest.plugin.id).await {
        Ok(listed) => listed.versions,
        // Who acts for a tenant does not see what it has just submitted.
        Err(error) if error.kind == ErrorKind::NotFound => vec![newest.plugin.version.clone()],
        Err(error) => return Err(error.into()),
    };
    let listing = app.engine.listing(&newest.plugin.id).await?;
    let submission = newest.submission.clone().map(submissions::View::of);
    let shown = show(&app.engine, newest, &versions, listing).await?;
    Ok((StatusCode::CREATED, Json(Plugin { submission, ..shown })))
}

pub(crate) async fn get(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
) -> Result<Tagged<Plugin>, Failure> {
    let listed = app.engine.seen_plugin(&caller, &id).await?;
    let listing = app.engine.listing(&id).await?;
    let submission = listed.newest.submission.clone().filter(|_| caller.tenant_if_any().is_none());
    let shown = show_listed(&app.engine, listed, listing.clone()).await?;
    Ok(Tagged::of(&listing, Plugin { submission: submission.map(submissions::View::of), ..shown })?)
}

pub(crate) async fn permissions(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
    Query(wanted): Query<Asked>,
) -> Answer<Permissions> {
    let found = match read_wanted(wanted.version.as_deref(), wanted.requirement.as_deref())? {
        Wanted::Newest => app.engine.seen_version(&caller, &id, None).await?,
        // To look at, also where it can no longer be chosen, or not yet.
        Wanted::Exactly(exact) => app.engine.seen_version(&caller, &id, Some(&exact)).await?,
        wanted @ Wanted::Fitting(_) => app.engine.resolve_plugin(&id, &wanted).await?,
    };
    let digest = sheet_digest(&found.sheet);
    let signature = app.engine.signature_of(&found).await?;
    Ok(Json(Permissions { plugin: found.plugin, sheet: found.sheet, digest, signature }))
}

/// The signature file that came along, which is text of several lines and so stands in base64.
fn signature(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let Some(given) = headers.get(SIGNATURE) else { return Ok(None) };
    let text = STANDARD.decode(given.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.map(Some).ok_or_else(|| {
        let problem = Problem::at(SIGNATURE, "is not the base64 of a file that `gatehouse plugin sign` wrote");
        Error::problems("the signature does not read", vec![problem])
    })
}

pub(super) async fn show_listed(engine: &Engine, listed: Listed, listing: Listing) -> Result<Plugin, Error> {
    show(engine, listed.newest, &listed.versions, listing).await
}

async fn show(
    engine: &Engine,
    version: PluginVersion,
    versions: &[Version],
    listing: Listing,
) -> Result<Plugin, Error> {
    let signature = engine.signature_of(&version).await?;
    let Listing { said, withdrawn, .. } = listing;
    let PluginVersion { plugin, manifest, capabilities, size, shown, .. } = version;
    Ok(Plugin {
        shown: shown::View::of(&plugin.id, &plugin.version, &shown),
        plugin,
        helper: manifest.helper,
        provider: manifest.provider,
        name: said.name.unwrap_or(manifest.name),
        description: said.description.unwrap_or(manifest.description),
        publisher: manifest.publisher,
        license: manifest.license,
        category: said.category.unwrap_or(manifest.category),
        credentials_schema: manifest.credentials,
        settings_schema: manifest.settings,
        capabilities: capabilities.into_iter().map(|capability| capability.code).collect(),
        versions: versions.iter().map(ToString::to_string).collect(),
        size,
        signature,
        homepage_url: said.homepage_url,
        support_url: said.support_url,
        featured: said.featured,
        withdrawn,
        submission: None,
    })
}

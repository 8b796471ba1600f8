//! Installs: what a tenant has enabled.

use axum::Json;
use axum::extract::{Path, State};
use gatehouse_domain::install::Install;
use gatehouse_engine::installs::Enable;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Answer;
use super::plugins::read_version;
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
    /// Which version; the newest where absent.
    #[serde(default)]
    version: Option<String>,
    /// The `digest` of the permission sheet that was shown; needed to enable.
    #[serde(default)]
    consent: Option<String>,
}

pub(crate) async fn list(State(app): State<App>, By(caller): By) -> Answer<Items<Install>> {
    Ok(Json(Items { items: app.engine.installs(&caller).await? }))
}

pub(crate) async fn enabled(State(app): State<App>, By(caller): By) -> Answer<Items<Install>> {
    let mut items = app.engine.installs(&caller).await?;
    items.retain(|install| install.enabled);
    Ok(Json(Items { items }))
}

pub(crate) async fn toggle(
    State(app): State<App>,
    By(caller): By,
    Path(plugin): Path<String>,
    Body(toggle): Body<Toggle>,
) -> Answer<Install> {
    if !toggle.enabled {
        return Ok(Json(app.engine.disable_plugin(&caller, &plugin).await?));
    }
    let version = toggle.version.as_deref().map(read_version).transpose()?;
    let ask = Enable { version, consent: toggle.consent };
    Ok(Json(app.engine.enable_plugin(&caller, &plugin, &ask).await?))
}

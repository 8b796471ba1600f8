//! What a tenant's install is configured with: the settings that all its integrations have.

use axum::extract::{Path, State};
use gatehouse_engine::installs::{Configuration, Configure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::body::Body;
use crate::etag::{Expected, Tagged};
use crate::guard::By;
use crate::problem::Failure;
use crate::router::App;

/// What to configure an install with.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Configuring")]
pub(crate) struct New {
    /// The settings, all of them, under the plugin's settings schema. What it requires may be left
    /// to the integrations; secrets belong to their credentials.
    config: Map<String, Value>,
}

/// The configuration of an install.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "InstallConfiguration")]
pub(crate) struct View {
    /// The plugin's id.
    plugin: String,
    /// What was configured. Every integration of the plugin has it, save for what it says itself.
    config: Map<String, Value>,
    /// The same with the schema's defaults.
    in_force: Map<String, Value>,
    /// What the schema requires beside: each integration has to say it for itself.
    missing: Vec<String>,
    /// The JSON Schema of the settings.
    schema: Value,
}

pub(crate) async fn get(
    State(app): State<App>,
    By(caller): By,
    Path(plugin): Path<String>,
) -> Result<Tagged<View>, Failure> {
    show(app.engine.configuration(&caller, &plugin).await?)
}

pub(crate) async fn configure(
    State(app): State<App>,
    By(caller): By,
    Path(plugin): Path<String>,
    Expected(expected): Expected,
    Body(New { config }): Body<New>,
) -> Result<Tagged<View>, Failure> {
    show(app.engine.configure_plugin(&caller, &plugin, &Configure { config }, &expected).await?)
}

fn show(found: Configuration) -> Result<Tagged<View>, Failure> {
    let tag = Tagged::of(&found.tagged(), ())?;
    let Configuration { install, config, in_force, missing, schema } = found;
    Ok(tag.showing(View { plugin: install.plugin.id, config, in_force, missing, schema }))
}

//! Connecting an integration, rotating its credential, disconnecting it, and its settings.

use axum::Json;
use axum::extract::{Path, State};
use gatehouse_domain::integration::{Environment, Integration};
use gatehouse_engine::Credentials;
use gatehouse_engine::integrations::{self, Tested};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Answer;
use super::integrations::{View, view};
use crate::body::Body;
use crate::etag::{Expected, Tagged};
use crate::guard::By;
use crate::problem::Failure;
use crate::router::App;

/// What to connect with.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Connect {
    /// The secrets, under the plugin's credentials schema; those that it has where absent.
    #[serde(default)]
    #[schemars(with = "Option<Map<String, Value>>")]
    credentials: Option<Credentials>,
    /// Settings under the plugin's settings schema; those that it has where absent.
    #[serde(default)]
    settings: Option<Map<String, Value>>,
    /// A name for a new integration; the provider's where absent.
    #[serde(default)]
    name: Option<String>,
    /// Which of the provider's worlds a new integration acts in; `live` where absent.
    #[serde(default)]
    environment: Environment,
}

/// A new credential.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CredentialRotation")]
pub(crate) struct Rotate {
    /// The new secrets, all of them.
    #[schemars(with = "Map<String, Value>")]
    credentials: Credentials,
    /// How long webhooks that are signed with the old ones are still taken: 0 to 604,800; a day
    /// where absent.
    #[serde(default = "a_day")]
    overlap_seconds: u32,
}

/// An integration that the provider has just accepted.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Connected {
    /// The integration.
    integration: View,
    /// What the connection test found.
    tested: Tested,
}

/// Settings with the rules they follow.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "IntegrationSettings")]
pub(crate) struct Settings {
    /// The integration's own settings.
    settings: Map<String, Value>,
    /// What its calls have: its own, over what the install is configured with, over the schema's
    /// defaults.
    in_force: Map<String, Value>,
    /// The JSON Schema that the plugin has for them.
    schema: Value,
}

pub(crate) async fn connect(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Body(ask): Body<Connect>,
) -> Answer<Connected> {
    let Connect { credentials, settings, name, environment } = ask;
    let ask = integrations::Connect { credentials, settings, name, environment };
    let found = app.engine.connect_integration(&caller, &target, ask).await?;
    Ok(Json(connected(&app, found)))
}

pub(crate) async fn rotate(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Body(ask): Body<Rotate>,
) -> Answer<Connected> {
    let ask = integrations::Rotate { credentials: ask.credentials, overlap_seconds: ask.overlap_seconds };
    let found = app.engine.rotate_credential(&caller, &target, ask).await?;
    Ok(Json(connected(&app, found)))
}

pub(crate) async fn disconnect(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Expected(expected): Expected,
) -> Answer<View> {
    Ok(Json(view(&app, app.engine.disconnect_integration(&caller, &target, &expected).await?)))
}

pub(crate) async fn settings(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
) -> Result<Tagged<Settings>, Failure> {
    show(app.engine.settings(&caller, &target).await?)
}

pub(crate) async fn put_settings(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Expected(expected): Expected,
    Body(settings): Body<Map<String, Value>>,
) -> Result<Tagged<Settings>, Failure> {
    show(app.engine.put_settings(&caller, &target, settings, &expected).await?)
}

fn show(found: integrations::Settings) -> Result<Tagged<Settings>, Failure> {
    let integrations::Settings { integration, in_force, schema } = found;
    let settings = integration.settings.clone();
    Ok(Tagged::of(&integration, Settings { settings, in_force, schema })?)
}

fn connected(app: &App, (integration, tested): (Integration, Tested)) -> Connected {
    Connected { integration: view(app, integration), tested }
}

fn a_day() -> u32 {
    86_400
}

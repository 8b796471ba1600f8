//! Recorded calls, and what comes of them on another version of their plugin.

use axum::Json;
use axum::extract::{Path, State};
use gatehouse_domain::cassette::{Cassette, Label};
use gatehouse_domain::rehearsal::Replayed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Answer;
use super::versions::read_version;
use crate::body::Body;
use crate::guard::By;
use crate::page::Items;
use crate::router::App;

/// A recorded call.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CassetteView")]
pub(crate) struct View {
    #[serde(flatten)]
    label: Label,
    /// All of it: what the gateway was given, saw and answered.
    payload: Cassette,
}

/// On which version to run a recorded call.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rehearse {
    /// The version; the one that it was recorded with where absent.
    #[serde(default)]
    version: Option<String>,
}

/// A recorded call in a path.
#[derive(Deserialize)]
pub(crate) struct Named {
    integration: String,
    cassette: String,
}

pub(crate) async fn list(State(app): State<App>, By(caller): By, Path(target): Path<String>) -> Answer<Items<Label>> {
    Ok(Json(Items { items: app.engine.cassettes(&caller, &target).await? }))
}

pub(crate) async fn get(State(app): State<App>, By(caller): By, Path(named): Path<Named>) -> Answer<View> {
    Ok(Json(view(app.engine.cassette(&caller, &named.integration, &named.cassette).await?)))
}

pub(crate) async fn of_execution(State(app): State<App>, By(caller): By, Path(id): Path<String>) -> Answer<View> {
    Ok(Json(view(app.engine.cassette_of(&caller, id.parse()?).await?)))
}

pub(crate) async fn rehearse(
    State(app): State<App>,
    By(caller): By,
    Path(named): Path<Named>,
    Body(ask): Body<Rehearse>,
) -> Answer<Replayed> {
    let version = ask.version.as_deref().map(|text| read_version("version", text)).transpose()?;
    let Named { integration, cassette } = named;
    Ok(Json(app.engine.rehearse_cassette(&caller, &integration, &cassette, version.as_ref()).await?))
}

pub(crate) async fn rehearse_execution(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
    Body(ask): Body<Rehearse>,
) -> Answer<Replayed> {
    let version = ask.version.as_deref().map(|text| read_version("version", text)).transpose()?;
    Ok(Json(app.engine.rehearse_execution(&caller, id.parse()?, version.as_ref()).await?))
}

fn view(cassette: Cassette) -> View {
    let bytes = serde_json::to_vec(&cassette).map_or(0, |json| json.len() as u64);
    View { label: cassette.label(bytes), payload: cassette }
}

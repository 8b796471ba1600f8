//! Syncs of an integration: begun, decided about, watched.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};
use gatehouse_domain::sync::{LogOutcome, SyncLog};
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_engine::sync::{Ask, EntityChange, EntityStatus, EntityView, LogFilter, RunView};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::Answer;
use crate::body::Body;
use crate::guard::By;
use crate::page::{Asked, Items, Listing};
use crate::problem::Failure;
use crate::router::App;

/// The query parameters of the log.
pub(crate) const LOG_QUERY: &[(&str, &str)] = &[
    ("entity", "Only rows of this entity."),
    ("run", "Only rows of this run."),
    ("outcome", "Only rows with this outcome: done, failed, conflict, unknown or held."),
    ("limit", "How many at most, 1 to 200; 50 where absent."),
    ("cursor", "Where to go on: the `next` of the page before."),
];
/// How often a silent stream says that it is still there.
const ALIVE: Duration = Duration::from_secs(15);

/// What is decided about entities, by their names; an entity that is not named stays as it is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SyncSettings")]
pub(crate) struct Settings {
    /// The changes.
    entities: BTreeMap<String, EntityChange>,
}

#[derive(Deserialize)]
pub(crate) struct Filter {
    entity: Option<String>,
    run: Option<String>,
    outcome: Option<String>,
}

pub(crate) async fn start_all(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Body(ask): Body<Ask>,
) -> Result<(StatusCode, Json<Items<RunView>>), Failure> {
    let items = app.engine.start_sync(&caller, &target, None, ask).await?;
    Ok((StatusCode::ACCEPTED, Json(Items { items })))
}

pub(crate) async fn start(
    State(app): State<App>,
    By(caller): By,
    Path((target, entity)): Path<(String, String)>,
    Body(ask): Body<Ask>,
) -> Result<(StatusCode, Json<RunView>), Failure> {
    let mut runs = app.engine.start_sync(&caller, &target, Some(&entity), ask).await?;
    let run = runs.pop().ok_or_else(|| Error::internal("a sync of one entity began no run"))?;
    Ok((StatusCode::ACCEPTED, Json(run)))
}

pub(crate) async fn settings(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
) -> Answer<Items<EntityView>> {
    Ok(Json(Items { items: app.engine.sync_settings(&caller, &target).await? }))
}

pub(crate) async fn change_settings(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Body(settings): Body<Settings>,
) -> Answer<Items<EntityView>> {
    Ok(Json(Items { items: app.engine.change_sync_settings(&caller, &target, settings.entities).await? }))
}

pub(crate) async fn status(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
) -> Answer<Items<EntityStatus>> {
    Ok(Json(Items { items: app.engine.sync_status(&caller, &target).await? }))
}

pub(crate) async fn logs(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Query(filter): Query<Filter>,
    Asked(page): Asked,
) -> Answer<Listing<SyncLog>> {
    let found = app.engine.sync_logs(&caller, &target, &read(filter)?, &page).await?;
    Ok(Json(Listing::of(found, |row| row)))
}

pub(crate) async fn runs(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Asked(page): Asked,
) -> Answer<Listing<RunView>> {
    Ok(Json(Listing::of(app.engine.sync_runs(&caller, &target, &page).await?, |run| run)))
}

pub(crate) async fn run(
    State(app): State<App>,
    By(caller): By,
    Path((target, run)): Path<(String, String)>,
) -> Answer<RunView> {
    Ok(Json(app.engine.sync_run(&caller, &target, run.parse()?).await?))
}

pub(crate) async fn events(
    State(app): State<App>,
    By(caller): By,
    Path((target, run)): Path<(String, String)>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    let watching = app.engine.watch_sync(&caller, &target, run.parse()?).await?;
    let told = unfold(watching, async |mut watching| {
        let view = watching.next().await?;
        let event = Event::default().event("progress").id(view.run.updated_at.to_string());
        // A view is plain data, and plain data has a JSON form.
        let event = event.json_data(&view).unwrap_or_default();
        Some((Ok(event), watching))
    });
    Ok(Sse::new(told).keep_alive(KeepAlive::new().interval(ALIVE)))
}

pub(crate) async fn approve(
    State(app): State<App>,
    By(caller): By,
    Path((target, run)): Path<(String, String)>,
) -> Answer<RunView> {
    Ok(Json(app.engine.approve_sync(&caller, &target, run.parse()?).await?))
}

pub(crate) async fn discard(
    State(app): State<App>,
    By(caller): By,
    Path((target, run)): Path<(String, String)>,
) -> Answer<RunView> {
    Ok(Json(app.engine.discard_sync(&caller, &target, run.parse()?).await?))
}

fn read(filter: Filter) -> Result<LogFilter> {
    let run = filter.run.map(|run| run.parse()).transpose()?;
    let outcome = filter.outcome.map(|text| {
        serde_json::from_value::<LogOutcome>(Value::String(text.clone())).map_err(|_| {
            let message = format!("`{text}` is none of done, failed, conflict, unknown and held");
            Error::problems("there is no such list", vec![Problem::at("?outcome", message)])
        })
    });
    Ok(LogFilter { entity: filter.entity, run, outcome: outcome.transpose()? })
}

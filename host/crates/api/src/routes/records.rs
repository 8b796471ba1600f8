//! Records of an integration: their feed of changes, and the host app's own changes.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gatehouse_domain::sync::SyncChange;
use gatehouse_engine::sync::{Accepted, FeedItem, RecordView, Resolve};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Answer;
use crate::body::Body;
use crate::guard::By;
use crate::page::FeedAsked;
use crate::problem::Failure;
use crate::router::App;

/// A record that is handed in.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Content {
    /// Its whole content.
    data: Map<String, Value>,
}

/// A part of the feed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RecordFeed")]
pub(crate) struct Feed {
    /// The changes, oldest first; of each record its addition, its last change and its deletion.
    items: Vec<FeedItem>,
    /// Where to go on: it is there even where there is nothing more yet, so that a reader can
    /// keep it and ask again.
    cursor: Option<String>,
    /// Whether there is more already.
    more: bool,
}

pub(crate) async fn feed(
    State(app): State<App>,
    By(caller): By,
    Path((target, entity)): Path<(String, String)>,
    asked: FeedAsked,
) -> Answer<Feed> {
    let found = app.engine.records(&caller, &target, &entity, asked.after, asked.limit).await?;
    Ok(Json(Feed { items: found.items, cursor: found.cursor.map(|cursor| cursor.to_string()), more: found.more }))
}

pub(crate) async fn get(
    State(app): State<App>,
    By(caller): By,
    Path((target, entity, id)): Path<(String, String, String)>,
) -> Answer<RecordView> {
    Ok(Json(app.engine.record(&caller, &target, &entity, &id).await?))
}

pub(crate) async fn create(
    State(app): State<App>,
    By(caller): By,
    Path((target, entity)): Path<(String, String)>,
    Body(content): Body<Content>,
) -> Result<(StatusCode, Json<Accepted>), Failure> {
    let accepted = app.engine.create_record(&caller, &target, &entity, content.data).await?;
    Ok((StatusCode::ACCEPTED, Json(accepted)))
}

pub(crate) async fn change(
    State(app): State<App>,
    By(caller): By,
    Path((target, entity, id)): Path<(String, String, String)>,
    Body(content): Body<Content>,
) -> Result<(StatusCode, Json<Accepted>), Failure> {
    let accepted = app.engine.change_record(&caller, &target, &entity, &id, Some(content.data)).await?;
    Ok((StatusCode::ACCEPTED, Json(accepted)))
}

pub(crate) async fn delete(
    State(app): State<App>,
    By(caller): By,
    Path((target, entity, id)): Path<(String, String, String)>,
) -> Result<(StatusCode, Json<Accepted>), Failure> {
    let accepted = app.engine.change_record(&caller, &target, &entity, &id, None).await?;
    Ok((StatusCode::ACCEPTED, Json(accepted)))
}

pub(crate) async fn change_state(
    State(app): State<App>,
    By(caller): By,
    Path((target, entity, change)): Path<(String, String, String)>,
) -> Answer<SyncChange> {
    Ok(Json(app.engine.sync_change(&caller, &target, &entity, change.parse()?).await?))
}

pub(crate) async fn resolve(
    State(app): State<App>,
    By(caller): By,
    Path((target, entity, change)): Path<(String, String, String)>,
    Body(says): Body<Resolve>,
) -> Answer<SyncChange> {
    Ok(Json(app.engine.resolve_change(&caller, &target, &entity, change.parse()?, says).await?))
}

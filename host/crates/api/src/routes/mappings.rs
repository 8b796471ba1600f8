//! Mappings of an integration: saved, read, gone back to, tried; and the schemas they are checked against.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use gatehouse_domain::Error;
use gatehouse_domain::mapping::{Mapping, RuleSet};
use gatehouse_engine::mapping::{Ask, Brief, Preview, Registered};
use gatehouse_engine::tag::IfMatch;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::Answer;
use crate::body::Body;
use crate::etag::{Expected, Tagged};
use crate::guard::By;
use crate::page::{Asked, Items, Listing};
use crate::problem::Failure;
use crate::redact;
use crate::router::App;

/// Mappings to save, by entity or capability; what is not named stays as it is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Several {
    /// The mappings.
    mappings: BTreeMap<String, RuleSet>,
}

/// A schema to register.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSchema {
    /// The JSON Schema (draft 2020-12) of the entity's records as the host app keeps them; `{}` takes
    /// any record.
    schema: Value,
}

pub(crate) async fn list(State(app): State<App>, By(caller): By, Path(target): Path<String>) -> Answer<Items<Brief>> {
    Ok(Json(Items { items: app.engine.mappings(&caller, &target).await? }))
}

pub(crate) async fn save_several(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Body(several): Body<Several>,
) -> Answer<Items<Brief>> {
    let saved = app.engine.save_mappings(&caller, &target, several.mappings, &IfMatch::Anything).await?;
    Ok(Json(Items { items: saved.into_iter().map(Brief::from).collect() }))
}

pub(crate) async fn get(
    State(app): State<App>,
    By(caller): By,
    Path((target, entity)): Path<(String, String)>,
) -> Result<Tagged<Mapping>, Failure> {
    tagged(app.engine.mapping(&caller, &target, &entity).await?)
}

pub(crate) async fn save(
    State(app): State<App>,
    By(caller): By,
    Path((target, entity)): Path<(String, String)>,
    Expected(expected): Expected,
    Body(set): Body<RuleSet>,
) -> Result<Tagged<Mapping>, Failure> {
    let mut saved = app.engine.save_mappings(&caller, &target, BTreeMap::from([(entity, set)]), &expected).await?;
    let saved = saved.pop().ok_or_else(|| Error::internal("a mapping was saved and is not there"))?;
    tagged(saved)
}

pub(crate) async fn versions(
    State(app): State<App>,
    By(caller): By,
    Path((target, entity)): Path<(String, String)>,
    Asked(page): Asked,
) -> Answer<Listing<Brief>> {
    Ok(Json(Listing::of(app.engine.mapping_versions(&caller, &target, &entity, &page).await?, |version| version)))
}

pub(crate) async fn version(
    State(app): State<App>,
    By(caller): By,
    Path((target, entity, version)): Path<(String, String, String)>,
) -> Answer<Mapping> {
    Ok(Json(app.engine.mapping_version(&caller, &target, &entity, &version).await?))
}

pub(crate) async fn preview(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Body(ask): Body<Ask>,
) -> Result<Response, Failure> {
    let preview: Preview = app.engine.preview_mapping(&caller, &target, ask).await?;
    let answer = Json(preview).into_response();
    // It reads a record that is kept, though it is asked for with a `POST`.
    Ok(if caller.sees_payloads() { answer } else { redact::answer(answer).await })
}

pub(crate) async fn schema(
    State(app): State<App>,
    By(caller): By,
    Path((target, entity)): Path<(String, String)>,
) -> Answer<Registered> {
    Ok(Json(app.engine.entity_schema(&caller, &target, &entity).await?))
}

pub(crate) async fn register(
    State(app): State<App>,
    By(caller): By,
    Path((target, entity)): Path<(String, String)>,
    Body(new): Body<NewSchema>,
) -> Answer<Registered> {
    Ok(Json(app.engine.register_schema(&caller, &target, &entity, new.schema).await?))
}

fn tagged(mapping: Mapping) -> Result<Tagged<Mapping>, Failure> {
    Ok(Tagged::of(&mapping.clone(), mapping)?)
}

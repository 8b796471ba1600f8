//! Links of integrations to the host app's own records.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use gatehouse_domain::Result;
use gatehouse_domain::link::{Entity, Link, Purpose};
use gatehouse_engine::links;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Answer;
use crate::body::Body;
use crate::guard::By;
use crate::page::{Asked, Items, Listing};
use crate::problem::Failure;
use crate::router::App;

/// The query parameters of lists and of unlinking.
pub(crate) const QUERY: &[(&str, &str)] =
    &[("purpose", "Only the link for this purpose; empty for the one without purpose.")];

/// A link to make.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLink {
    /// The integration: an id, or a provider's code where that names one. `integration_id` is
    /// another name for it.
    #[serde(alias = "integration_id")]
    integration: String,
    /// What for; for any purpose where absent.
    #[serde(default)]
    purpose: Option<Purpose>,
    /// Whether it shall be the default of the entity for this purpose; whoever was it is so no
    /// longer. As before where absent.
    #[serde(default)]
    is_default: Option<bool>,
}

#[derive(Deserialize)]
pub(crate) struct Filter {
    purpose: Option<String>,
}

pub(crate) async fn create(
    State(app): State<App>,
    By(caller): By,
    Path((entity_type, entity_id)): Path<(String, String)>,
    Body(new): Body<NewLink>,
) -> Result<(StatusCode, Json<Link>), Failure> {
    let NewLink { integration, purpose, is_default } = new;
    let entity = Entity::new(entity_type, entity_id)?;
    let new = links::NewLink { integration, purpose, is_default };
    Ok((StatusCode::CREATED, Json(app.engine.link_integration(&caller, &entity, &new).await?)))
}

pub(crate) async fn list(
    State(app): State<App>,
    By(caller): By,
    Path((entity_type, entity_id)): Path<(String, String)>,
    Query(filter): Query<Filter>,
) -> Answer<Items<Link>> {
    let entity = Entity::new(entity_type, entity_id)?;
    let items = app.engine.links(&caller, &entity, purpose(filter)?.as_ref()).await?;
    Ok(Json(Items { items }))
}

pub(crate) async fn delete(
    State(app): State<App>,
    By(caller): By,
    Path((entity_type, entity_id, integration)): Path<(String, String, String)>,
    Query(filter): Query<Filter>,
) -> Result<StatusCode, Failure> {
    let entity = Entity::new(entity_type, entity_id)?;
    app.engine.unlink_integration(&caller, &entity, &integration, purpose(filter)?.as_ref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn of_integration(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Asked(page): Asked,
) -> Answer<Listing<Link>> {
    Ok(Json(Listing::of(app.engine.links_of_integration(&caller, &target, &page).await?, |link| link)))
}

/// Which purpose is asked for: any, none, or one.
fn purpose(filter: Filter) -> Result<Option<Option<Purpose>>> {
    let Some(text) = filter.purpose else { return Ok(None) };
    if text.is_empty() { Ok(Some(None)) } else { text.parse().map(|purpose| Some(Some(purpose))) }
}

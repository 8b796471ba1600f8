//! Tenants, for operators.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gatehouse_domain::tenant::Tenant;
use gatehouse_engine::tenants;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Answer;
use crate::body::Body;
use crate::etag::{Expected, Tagged};
use crate::guard::By;
use crate::page::{Asked, Listing};
use crate::problem::Failure;
use crate::router::App;

/// A tenant to make.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTenant {
    /// A name for people.
    name: String,
    /// Whatever the host app wants kept with it, at most 16 KiB.
    #[serde(default)]
    metadata: Map<String, Value>,
}

/// What to change of a tenant; what is absent stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TenantChange")]
pub(crate) struct Change {
    /// A new name.
    #[serde(default)]
    name: Option<String>,
    /// New metadata, all of it.
    #[serde(default)]
    metadata: Option<Map<String, Value>>,
}

pub(crate) async fn create(
    State(app): State<App>,
    By(caller): By,
    Body(new): Body<NewTenant>,
) -> Result<(StatusCode, Json<Tenant>), Failure> {
    let new = tenants::NewTenant { name: new.name, metadata: new.metadata };
    Ok((StatusCode::CREATED, Json(app.engine.create_tenant(&caller, new).await?)))
}

pub(crate) async fn list(State(app): State<App>, Asked(page): Asked) -> Answer<Listing<Tenant>> {
    Ok(Json(Listing::of(app.engine.tenants(&page).await?, |tenant| tenant)))
}

pub(crate) async fn get(State(app): State<App>, Path(id): Path<String>) -> Result<Tagged<Tenant>, Failure> {
    Ok(Tagged::whole(app.engine.get_tenant(id.parse()?).await?)?)
}

pub(crate) async fn update(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
    Expected(expected): Expected,
    Body(change): Body<Change>,
) -> Result<Tagged<Tenant>, Failure> {
    let ask = tenants::TenantChange { name: change.name, metadata: change.metadata };
    Ok(Tagged::whole(app.engine.update_tenant(&caller, id.parse()?, ask, &expected).await?)?)
}

pub(crate) async fn suspend(State(app): State<App>, By(caller): By, Path(id): Path<String>) -> Answer<Tenant> {
    Ok(Json(app.engine.suspend_tenant(&caller, id.parse()?).await?))
}

pub(crate) async fn resume(State(app): State<App>, By(caller): By, Path(id): Path<String>) -> Answer<Tenant> {
    Ok(Json(app.engine.resume_tenant(&caller, id.parse()?).await?))
}

pub(crate) async fn delete(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
    Expected(expected): Expected,
) -> Answer<Tenant> {
    Ok(Json(app.engine.delete_tenant(&caller, id.parse()?, &expected).await?))
}

//! Tenants.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gatehouse_domain::tenant::Tenant;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Answer;
use crate::body::Body;
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
}

pub(crate) async fn create(
    State(app): State<App>,
    By(caller): By,
    Body(new): Body<NewTenant>,
) -> Result<(StatusCode, Json<Tenant>), Failure> {
    Ok((StatusCode::CREATED, Json(app.engine.create_tenant(&caller, &new.name).await?)))
}

pub(crate) async fn list(State(app): State<App>, Asked(page): Asked) -> Answer<Listing<Tenant>> {
    Ok(Json(Listing::of(app.engine.tenants(&page).await?, |tenant| tenant)))
}

pub(crate) async fn get(State(app): State<App>, By(caller): By, Path(id): Path<String>) -> Answer<Tenant> {
    Ok(Json(app.engine.get_tenant(&caller, id.parse()?).await?))
}

//! Roles, and the permissions they are made of.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gatehouse_domain::permission::{self, Declared, Permission};
use gatehouse_domain::role::Role;
use gatehouse_engine::roles;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Answer;
use crate::body::Body;
use crate::etag::{Expected, Tagged};
use crate::guard::By;
use crate::page::Items;
use crate::problem::Failure;
use crate::router::App;

/// A role to make.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRole {
    /// Its name: lower-case letters, digits and dashes.
    name: String,
    /// What it is for.
    #[serde(default)]
    description: String,
    /// What it may do; nothing that its maker may not.
    permissions: Vec<Permission>,
}

/// What to change of a role; what is absent stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RoleChange")]
pub(crate) struct Change {
    /// A new description.
    #[serde(default)]
    description: Option<String>,
    /// New permissions, all of them.
    #[serde(default)]
    permissions: Option<Vec<Permission>>,
}

pub(crate) async fn permissions() -> Json<Items<Declared>> {
    Json(Items { items: permission::ALL.to_vec() })
}

pub(crate) async fn list(State(app): State<App>, By(caller): By) -> Answer<Items<Role>> {
    Ok(Json(Items { items: app.engine.roles(&caller).await? }))
}

pub(crate) async fn get(
    State(app): State<App>,
    By(caller): By,
    Path(name): Path<String>,
) -> Result<Tagged<Role>, Failure> {
    Ok(Tagged::whole(app.engine.role(&caller, &name).await?)?)
}

pub(crate) async fn create(
    State(app): State<App>,
    By(caller): By,
    Body(new): Body<NewRole>,
) -> Result<(StatusCode, Json<Role>), Failure> {
    let NewRole { name, description, permissions } = new;
    let new = roles::NewRole { name, description, permissions };
    Ok((StatusCode::CREATED, Json(app.engine.create_role(&caller, new).await?)))
}

pub(crate) async fn update(
    State(app): State<App>,
    By(caller): By,
    Path(name): Path<String>,
    Expected(expected): Expected,
    Body(change): Body<Change>,
) -> Result<Tagged<Role>, Failure> {
    let ask = roles::RoleChange { description: change.description, permissions: change.permissions };
    Ok(Tagged::whole(app.engine.update_role(&caller, &name, ask, &expected).await?)?)
}

pub(crate) async fn delete(
    State(app): State<App>,
    By(caller): By,
    Path(name): Path<String>,
    Expected(expected): Expected,
) -> Result<StatusCode, Failure> {
    app.engine.delete_role(&caller, &name, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

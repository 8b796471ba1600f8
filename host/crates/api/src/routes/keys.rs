//! API keys.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::key::ApiKey;
use gatehouse_domain::permission::Permission;
use gatehouse_domain::time::Timestamp;
use gatehouse_engine::keys;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Answer;
use crate::body::Body;
use crate::guard::By;
use crate::page::{Asked, Listing};
use crate::problem::Failure;
use crate::router::App;

/// A key to make.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKey {
    /// The tenant it shall act for. A tenant's own key can leave it out; an operator's key
    /// that leaves it out makes another operator's key.
    #[serde(default)]
    tenant: Option<TenantId>,
    /// A name for people.
    name: String,
    /// What it may do; all that its kind may hold where empty.
    #[serde(default)]
    permissions: Vec<Permission>,
    /// When it shall stop working.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    expires_at: Option<Timestamp>,
}

/// A new key.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Created {
    /// What its holder shows. It is not kept, and not shown again.
    token: String,
    /// What is kept.
    #[serde(flatten)]
    key: ApiKey,
}

pub(crate) async fn create(
    State(app): State<App>,
    By(caller): By,
    Body(new): Body<NewKey>,
) -> Result<(StatusCode, Json<Created>), Failure> {
    let NewKey { tenant, name, permissions, expires_at } = new;
    let new = keys::NewKey { tenant, name, permissions, expires_at };
    let (key, token) = app.engine.create_key(&caller, new).await?;
    Ok((StatusCode::CREATED, Json(Created { token, key })))
}

pub(crate) async fn list(State(app): State<App>, By(caller): By, Asked(page): Asked) -> Answer<Listing<ApiKey>> {
    Ok(Json(Listing::of(app.engine.keys(&caller, &page).await?, |key| key)))
}

pub(crate) async fn revoke(State(app): State<App>, By(caller): By, Path(id): Path<String>) -> Answer<ApiKey> {
    Ok(Json(app.engine.revoke_key(&caller, id.parse()?).await?))
}

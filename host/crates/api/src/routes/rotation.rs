//! Exchanging the keys that everything secret is sealed with, for operators.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gatehouse_engine::rotation::{RootKeyState, TenantKeyState};

use super::Answer;
use crate::guard::By;
use crate::problem::Failure;
use crate::router::App;

pub(crate) async fn root_keys(State(app): State<App>) -> Answer<RootKeyState> {
    Ok(Json(app.engine.root_keys().await?))
}

pub(crate) async fn rotate_root_key(
    State(app): State<App>,
    By(caller): By,
) -> Result<(StatusCode, Json<RootKeyState>), Failure> {
    Ok((StatusCode::ACCEPTED, Json(app.engine.rotate_root_key(&caller).await?)))
}

pub(crate) async fn tenant_keys(State(app): State<App>, Path(id): Path<String>) -> Answer<TenantKeyState> {
    Ok(Json(app.engine.tenant_key_state(id.parse()?).await?))
}

pub(crate) async fn rotate_tenant_key(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<TenantKeyState>), Failure> {
    Ok((StatusCode::ACCEPTED, Json(app.engine.rotate_tenant_key(&caller, id.parse()?).await?)))
}

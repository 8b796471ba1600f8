//! Whether the server is well, and the kinds of problems that it can answer with.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::kinds::{ProblemKind, Shown};
use crate::page::Items;
use crate::router::App;

/// What is well and what is not.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Health {
    /// Whether requests can be served.
    ok: bool,
    /// The version of the server.
    version: &'static str,
    /// For how long it has been running, in seconds.
    uptime_seconds: u64,
    /// What requests depend on.
    components: Vec<Part>,
}

/// One part that requests depend on.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "HealthPart")]
pub(crate) struct Part {
    /// `store`, `runtime` or `queue`.
    name: &'static str,
    /// Whether it does its work.
    ok: bool,
    /// How it stands; where it is not well, why and what to do.
    says: String,
}

pub(crate) async fn health(State(app): State<App>) -> Json<Health> {
    Json(look(&app).await)
}

pub(crate) async fn live() -> StatusCode {
    StatusCode::NO_CONTENT
}

pub(crate) async fn ready(State(app): State<App>) -> Response {
    let health = look(&app).await;
    let status = if health.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health)).into_response()
}

pub(crate) async fn problems() -> Json<Items<Shown>> {
    Json(Items { items: ProblemKind::ALL.iter().copied().map(Shown::of).collect() })
}

async fn look(app: &App) -> Health {
    let health = app.engine.health().await;
    let ok = health.ok();
    let parts = health.components.into_iter().map(|part| Part { name: part.name, ok: part.ok, says: part.says });
    let uptime_seconds = health.uptime.as_secs();
    Health { ok, version: env!("CARGO_PKG_VERSION"), uptime_seconds, components: parts.collect() }
}

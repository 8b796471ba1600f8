//! Whether the server is well.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::router::App;

/// What is well and what is not.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Health {
    /// Whether requests can be served.
    ok: bool,
    /// The version of the server.
    version: &'static str,
    /// The store, in words.
    store: String,
    /// The runtime, in words.
    runtime: String,
}

pub(crate) async fn health(State(app): State<App>) -> Json<Health> {
    Json(look(&app))
}

pub(crate) async fn live() -> StatusCode {
    StatusCode::NO_CONTENT
}

pub(crate) async fn ready(State(app): State<App>) -> Response {
    let health = look(&app);
    let status = if health.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health)).into_response()
}

fn look(app: &App) -> Health {
    let (store_ok, store) = app.engine.store_health();
    let (runtime_ok, runtime) = app.engine.runtime_health();
    Health { ok: store_ok && runtime_ok, version: env!("CARGO_PKG_VERSION"), store, runtime }
}

//! The text that a Prometheus server scrapes.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::problem::Failure;
use crate::router::App;

/// The text format's own media type.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(crate) async fn scrape(State(app): State<App>) -> Result<Response, Failure> {
    Ok(([(CONTENT_TYPE, TEXT)], app.engine.scrape().await?).into_response())
}

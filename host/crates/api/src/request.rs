//! What every request gets: a number, found again in the answer and in the log, and a line.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use gatehouse_domain::id::RequestId;
use gatehouse_engine::Engine;

use crate::problem::Failure;

/// Gives the request its number and shows it as `x-request-id`.
pub(crate) async fn number(State(engine): State<Engine>, mut request: Request, next: Next) -> Response {
    let number = match engine.new_request_id() {
        Ok(number) => number,
        Err(error) => return Failure(error).into_response(),
    };
    request.extensions_mut().insert(number);
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&number.to_string()) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// One line a request: the route rather than the path, as an endpoint's path is a secret.
pub(crate) async fn log(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let number = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let response = next.run(request).await;
    let duration_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    tracing::info!(request.id = number, %method, route, status = response.status().as_u16(), duration_us, "answered");
    response
}

//! `Idempotency-Key`: a `POST` that is sent again gets the answer of the first time.

use std::sync::Arc;

use crate::problem::Failure;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use gatehouse_domain::{Error, ErrorKind, Problem, Result};
use gatehouse_engine::idempotency::{Answer, Begun};
use gatehouse_engine::{Caller, Engine};

/// The header.
const HEADER: &str = "idempotency-key";
/// Says that an answer was given before.
const REPLAYED: &str = "idempotent-replayed";
/// The largest request that is held to be compared, in bytes: a component with room to spare.
const LARGEST: usize = 32 << 20;

/// The key of a request, where it has one.
///
/// # Errors
/// [`ErrorKind::Invalid`] for one that is no text.
pub(crate) fn key_of(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(value) = headers.get(HEADER) else { return Ok(None) };
    let text = value.to_str().map_err(|_| {
        let problem = Problem::at("Idempotency-Key", "must have 1 to 255 printable ASCII characters");
        Error::problems("the idempotency key does not fit", vec![problem])
    })?;
    Ok(Some(text.to_owned()))
}

/// Carries out a request with a key, once.
pub(crate) async fn run(engine: &Engine, mut caller: Caller, key: &str, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, LARGEST).await else {
        return refused(Error::new(ErrorKind::TooLarge, "the request's body ended early or is too large"));
    };
    let route = format!("{} {}", parts.method, parts.uri.path());
    let begun = engine.begin_once(&caller, &route, key, hash_of(&parts.uri, &bytes)).await;
    let turn = match begun {
        Ok(Begun::New(turn)) => turn,
        Ok(Begun::Again(answer)) => return again(answer),
        Err(error) => return refused(error),
    };
    caller.turn = Some(Arc::clone(&turn));
    parts.extensions.insert(caller);
    let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    let (response, answer) = match read(response).await {
        Ok(read) => read,
        Err(error) => return refused(error),
    };
    // What was refused changed nothing: the same key may come with the request put right.
    let kept = response.status().is_success().then_some(&answer);
    match turn.end(kept).await {
        Ok(()) => response,
        Err(error) => refused(error),
    }
}

async fn read(response: Response) -> Result<(Response, Answer)> {
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, LARGEST).await.map_err(|_| Error::internal("an answer does not end"))?;
    let text = |name| parts.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
    let answer = Answer {
        status: parts.status.as_u16(),
        content_type: text(header::CONTENT_TYPE),
        etag: text(header::ETAG),
        location: text(header::LOCATION),
        body: body.to_vec(),
    };
    Ok((Response::from_parts(parts, Body::from(body)), answer))
}

fn again(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    let told =
        [(header::CONTENT_TYPE, answer.content_type), (header::ETAG, answer.etag), (header::LOCATION, answer.location)];
    for (name, text) in told {
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

fn refused(error: Error) -> Response {
    Failure(error).into_response()
}

fn hash_of(uri: &axum::http::Uri, body: &Bytes) -> String {
    let mut bytes = uri.to_string().into_bytes();
    bytes.push(b'\n');
    bytes.extend_from_slice(body);
    gatehouse_engine::idempotency::request_hash(&bytes)
}

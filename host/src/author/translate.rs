//! Requests and answers between the runtime's words and the SDK's, which are the contract's own.

use gatehouse_runtime::egress::{Body, Method, Request, Response, SendError};
use gatehouse_sdk::bindings::host::gatehouse::plugin::http;

/// A request as the harness compares it.
pub(crate) fn request(request: Request) -> http::Request {
    http::Request {
        method: match request.method {
            Method::Get => http::Method::Get,
            Method::Post => http::Method::Post,
            Method::Put => http::Method::Put,
            Method::Patch => http::Method::Patch,
            Method::Delete => http::Method::Delete,
            Method::Head => http::Method::Head,
        },
        url: request.url,
        query: request.query,
        headers: request.headers,
        body: match request.body {
            Body::Empty => http::Body::Empty,
            Body::Bytes(bytes) => http::Body::Bytes(bytes),
            Body::Json(text) => http::Body::Json(text),
            Body::Form(pairs) => http::Body::Form(pairs),
        },
        auth: request.auth,
        idempotency_key: request.idempotency_key,
    }
}

/// An answer as a component gets it.
pub(crate) fn response(response: http::Response) -> Response {
    Response { status: response.status, headers: response.headers, body: response.body }
}

/// Why there is none.
pub(crate) fn failure(error: http::HttpError) -> SendError {
    match error {
        http::HttpError::Denied(reason) => SendError::Denied(reason),
        http::HttpError::Invalid(reason) => SendError::Invalid(reason),
        http::HttpError::Connect(reason) => SendError::Connect(reason),
        http::HttpError::Timeout => SendError::Timeout,
        http::HttpError::Interrupted(reason) => SendError::Interrupted(reason),
        http::HttpError::TooLarge(size) => SendError::TooLarge(size),
        http::HttpError::Limit(reason) => SendError::Limit(reason),
    }
}

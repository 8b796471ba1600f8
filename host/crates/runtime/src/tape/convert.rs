//! Requests and answers as a cassette holds them, and back. Nothing is lost on the way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::cassette::{Asked, Body as Kept, Content, Got};

use crate::egress::{Body, Request, Response, SendError};

/// A request as a cassette holds it.
pub fn asked(request: &Request) -> Asked {
    Asked {
        method: request.method.as_str().to_owned(),
        url: request.url.clone(),
        query: request.query.clone(),
        headers: request.headers.clone(),
        body: match &request.body {
            Body::Empty => Kept::Empty,
            Body::Bytes(bytes) => Kept::Bytes(content(bytes)),
            Body::Json(text) => Kept::Json(text.clone()),
            Body::Form(pairs) => Kept::Form(pairs.clone()),
        },
        auth: request.auth.clone(),
        idempotency_key: request.idempotency_key.clone(),
    }
}

/// What came of a request, as a cassette holds it.
pub fn got(answer: &Result<Response, SendError>) -> Got {
    let error = match answer {
        Ok(Response { status, headers, body }) => {
            return Got::Answer { status: *status, headers: headers.clone(), body: content(body) };
        }
        Err(error) => error,
    };
    let (word, message, max) = match error {
        SendError::Denied(text) => ("denied", text.as_str(), None),
        SendError::Invalid(text) => ("invalid", text.as_str(), None),
        SendError::Connect(text) => ("connect", text.as_str(), None),
        SendError::Timeout => ("timeout", "", None),
        SendError::Interrupted(text) => ("interrupted", text.as_str(), None),
        SendError::TooLarge(max) => ("too-large", "", Some(*max)),
        SendError::Limit(text) => ("limit", text.as_str(), None),
    };
    Got::Failure { error: word.to_owned(), message: message.to_owned(), max }
}

/// What a gateway gets that plays a recorded answer.
///
/// # Errors
/// The recorded failure.
pub fn given(got: &Got) -> Result<Response, SendError> {
    let (error, message, max) = match got {
        Got::Answer { status, headers, body } => {
            return Ok(Response { status: *status, headers: headers.clone(), body: bytes(body) });
        }
        Got::Failure { error, message, max } => (error.as_str(), message.clone(), *max),
    };
    Err(match error {
        "denied" => SendError::Denied(message),
        "invalid" => SendError::Invalid(message),
        "connect" => SendError::Connect(message),
        "timeout" => SendError::Timeout,
        "too-large" => SendError::TooLarge(max.unwrap_or_default()),
        "limit" => SendError::Limit(message),
        _ => SendError::Interrupted(message),
    })
}

/// Bytes as a cassette holds them.
pub fn content(bytes: &[u8]) -> Content {
    match std::str::from_utf8(bytes) {
        Ok(text) => Content::Text(text.to_owned()),
        Err(_) => Content::Base64(STANDARD.encode(bytes)),
    }
}

/// The bytes of a content; none of what is no base64.
pub fn bytes(content: &Content) -> Vec<u8> {
    match content {
        Content::Text(text) => text.clone().into_bytes(),
        Content::Base64(text) => STANDARD.decode(text).unwrap_or_default(),
    }
}

/// About how many bytes a request takes.
pub(super) fn size(request: &Asked) -> usize {
    let pairs =
        |pairs: &[(String, String)]| pairs.iter().map(|(name, value)| name.len() + value.len() + 8).sum::<usize>();
    let body = match &request.body {
        Kept::Empty => 0,
        Kept::Bytes(Content::Text(text) | Content::Base64(text)) | Kept::Json(text) => text.len(),
        Kept::Form(form) => pairs(form),
    };
    200 + request.url.len() + pairs(&request.query) + pairs(&request.headers) + body
}

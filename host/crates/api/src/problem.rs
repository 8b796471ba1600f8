//! Problem documents (RFC 9457): what went wrong, where, and what to do.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gatehouse_domain::execution::{Execution, Outcome};
use gatehouse_domain::guest::GuestError;
use gatehouse_domain::routing::Decision;
use gatehouse_domain::{Error, ErrorKind, Problem};
use schemars::JsonSchema;
use serde::Serialize;

use crate::kinds::ProblemKind;
use crate::status;

/// A problem document.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct Document {
    /// A stable name of the kind of problem: `urn:gatehouse:problem:invalid`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The kind of problem in words.
    pub(crate) title: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What happened this time, and the fix.
    pub(crate) detail: String,
    /// What is wrong in the request, by JSON path.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub(crate) errors: Vec<Problem>,
    /// The record of the call, where one was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) execution: Option<String>,
    /// What became of the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<Outcome>,
    /// The gateway's own answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<GuestError>,
    /// How the integration was chosen, where the request named none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decision: Option<Decision>,
}

/// A refusal on its way to the caller.
pub(crate) struct Failure(pub(crate) Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let error = self.0;
        // What failed inside is for the log; its text may say more than a caller should read.
        let hidden = matches!(error.kind, ErrorKind::Internal | ErrorKind::Corrupt);
        if hidden {
            tracing::error!(%error, "a request failed");
        }
        let detail = if hidden { "the server failed; its log has the reason".to_owned() } else { error.message };
        let document = Document { errors: error.problems, ..document(error.kind.into(), detail) };
        answer(document, error.retry_after_ms)
    }
}

/// The answer for a call that did not succeed: what the gateway said, or why it could not.
pub(crate) fn of_execution(execution: Execution) -> Response {
    let (kind, detail, wait) = match (&execution.outcome, &execution.error, &execution.fault) {
        (Outcome::Unknown, error, fault) => {
            let why = error.as_ref().map(|error| error.message.clone());
            let why = why.or_else(|| fault.as_ref().map(gatehouse_domain::execution::Fault::describe));
            let why = why.unwrap_or_else(|| "the answer was lost".to_owned());
            let detail = format!(
                "{why}; whether the provider did it is not known yet, so do not send it again: its execution tells when that is found out"
            );
            (ProblemKind::UnknownOutcome, detail, None)
        }
        (Outcome::Cancelled, ..) => {
            (ProblemKind::Cancelled, "the call was cancelled before it had done anything".to_owned(), None)
        }
        (_, Some(error), _) => (error.kind.into(), error.message.clone(), error.retry_after_ms),
        (_, None, Some(fault)) => (ProblemKind::GatewayFault, fault.describe(), None),
        (_, None, None) => (ProblemKind::Running, "the call is still running".to_owned(), Some(1_000)),
    };
    let document = Document {
        execution: Some(execution.id.to_string()),
        outcome: Some(execution.outcome),
        error: execution.error,
        decision: execution.decision,
        ..document(kind, detail)
    };
    answer(document, wait)
}

/// A refusal that no part below knows of.
pub(crate) fn refusal(kind: ProblemKind, detail: String) -> Response {
    answer(document(kind, detail), None)
}

/// The answer where no route has the path.
pub(crate) async fn no_route(uri: axum::http::Uri) -> Response {
    no_such(&uri)
}

/// The answer where nothing can be at a path.
pub(crate) fn no_such(uri: &axum::http::Uri) -> Response {
    let detail = format!("there is no route `{}`; GET /api/v1/openapi.json lists them", uri.path());
    refusal(ProblemKind::NotFound, detail)
}

/// The answer where a route has the path and not the method.
pub(crate) async fn no_method(method: axum::http::Method, uri: axum::http::Uri) -> Response {
    let detail = format!("`{}` does not take {method}; GET /api/v1/openapi.json lists the methods", uri.path());
    refusal(ProblemKind::MethodNotAllowed, detail)
}

/// The answer where a handler panicked. The panic's text stays in the log.
pub(crate) fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    Failure(Error::internal("a handler panicked")).into_response()
}

fn document(kind: ProblemKind, detail: String) -> Document {
    let status = status::of_problem(kind).as_u16();
    Document { kind: kind.uri(), title: kind.title(), status, detail, ..Document::default() }
}

fn answer(document: Document, retry_after_ms: Option<u64>) -> Response {
    let status = StatusCode::from_u16(document.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(document)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(wait) = retry_after_ms {
        // Retry-After is whole seconds (RFC 9110 §10.2.3); never earlier than was asked for.
        headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.div_ceil(1_000)));
    }
    response
}

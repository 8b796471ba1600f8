//! What every request has to be before its route's handler reads it: a path that is text, a query
//! that the route has, a body of a media type that it takes. The rules come from the route's entry
//! in the table, so a route that is added later is guarded as well.

use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::kinds::ProblemKind;
use crate::problem::{self, Failure};
use crate::query::Rules;
use crate::table::{Access, Route, Takes};

/// What one route takes.
#[derive(Clone, Copy)]
pub(crate) struct Admits {
    query: Rules,
    /// The media type of its body; none where any will do.
    media: Option<&'static str>,
}

impl Admits {
    /// What a route takes.
    pub(crate) fn of(route: &Route) -> Self {
        let media = match route.takes {
            // What a provider sends has whatever type the provider gives it.
            _ if route.access == Access::Public => None,
            Takes::Nothing => None,
            Takes::Json(_) => Some("application/json"),
            Takes::Bytes(media) => Some(media),
        };
        Self { query: Rules::of(route), media }
    }
}

/// Lets a request through that the route can read.
pub(crate) async fn check(State(admits): State<Admits>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    if RawPathParams::from_request_parts(&mut parts, &()).await.is_err() {
        return problem::no_such(&parts.uri);
    }
    if let Err(error) = admits.query.check(&parts.uri) {
        return Failure(error).into_response();
    }
    let given = parts.headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    if let (Some(taken), Some(given)) = (admits.media, given)
        && !fits(taken, &given)
    {
        let detail = format!("the body's Content-Type is not one that this route takes; send it as {taken}");
        return problem::refusal(ProblemKind::UnsupportedMediaType, detail);
    }
    next.run(Request::from_parts(parts, body)).await
}

/// Whether a body of the given type can be what is taken: the type itself, or bytes of which nothing
/// is said where bytes are taken.
fn fits(taken: &str, given: &str) -> bool {
    let given = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    given == taken || (taken != "application/json" && given == "application/octet-stream")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_is_compared_without_case_and_parameters() {
        let check = |taken: &str, given: &str, expect: bool| assert_eq!(fits(taken, given), expect, "{given}");
        check("application/json", "Application/JSON; charset=utf-8", true);
        let bad = ["text/plain", "", "application/jsonp", "application/merge-patch+json", "application/octet-stream"];
        bad.into_iter().for_each(|given| check("application/json", given, false));
        check("application/wasm", "application/wasm", true);
        check("application/wasm", "application/octet-stream", true);
        check("application/wasm", "application/json", false);
    }
}

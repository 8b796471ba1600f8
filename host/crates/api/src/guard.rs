//! Keys and permissions, checked before a handler is reached.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use gatehouse_domain::id::RequestId;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_engine::{Caller, Engine};
use tracing::field;

use crate::once;
use crate::problem::Failure;
use crate::request::LogSpan;
use crate::table::Access;

/// What one route asks for.
#[derive(Clone)]
pub(crate) struct Needs {
    pub(crate) engine: Engine,
    pub(crate) access: Access,
    /// Whether the route answers a repeated `Idempotency-Key` with its first answer.
    pub(crate) once: bool,
}

/// Lets a request through that shows a good key with the route's permission.
pub(crate) async fn check(State(needs): State<Needs>, mut request: Request, next: Next) -> Response {
    let Access::Needs(permission) = needs.access else { return next.run(request).await };
    // Taken out first: a request with its body can not be lent across an await.
    let number = request.extensions().get::<RequestId>().copied();
    let token = bearer(&request).unwrap_or_default().to_owned();
    let key = if needs.once { once::key_of(request.headers()) } else { Ok(None) };
    let caller = match caller(&needs.engine, number, &token, permission).await {
        Ok(caller) => caller,
        Err(error) => return Failure(error).into_response(),
    };
    if let (Some(tenant), Some(LogSpan(span))) = (caller.key.tenant, request.extensions().get()) {
        span.record("tenant.id", field::display(tenant));
    }
    match key {
        Ok(Some(key)) => once::run(&needs.engine, caller, &key, request, next).await,
        Ok(None) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(error) => Failure(error).into_response(),
    }
}

async fn caller(engine: &Engine, number: Option<RequestId>, token: &str, permission: &str) -> Result<Caller> {
    let number = number.ok_or_else(|| Error::internal("the request has no number"))?;
    let caller = engine.authenticate(token, number).await?;
    caller.must(permission)?;
    Ok(caller)
}

/// The token of `Authorization: Bearer` (RFC 6750 §2.1); the scheme's case does not matter.
fn bearer(request: &Request) -> Option<&str> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The caller of a guarded route.
pub(crate) struct By(pub(crate) Caller);

impl<S: Send + Sync> FromRequestParts<S> for By {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let caller = parts.extensions.get::<Caller>().cloned();
        // A public route that asks for a caller is our mistake; it fails closed.
        caller.map(Self).ok_or_else(|| Failure(Error::new(ErrorKind::Unauthenticated, "the route needs a key")))
    }
}

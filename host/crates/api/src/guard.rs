//! Keys and permissions, checked before a handler is reached, and the answer redacted where the
//! caller may not see what calls carried.

use std::net::IpAddr;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use gatehouse_domain::id::RequestId;
use gatehouse_domain::{Error, ErrorKind, Problem, Result};
use gatehouse_engine::keys::Shown;
use gatehouse_engine::{Caller, Engine};
use tracing::field;

use crate::problem::Failure;
use crate::request::LogSpan;
use crate::table::Access;
use crate::{address, once, redact};

/// The header by which an operator's key says for which tenant it acts.
const TENANT: &str = "gatehouse-tenant";
/// The longest path that is kept in the audit trail, in bytes.
const LONGEST_PATH: usize = 512;

/// What one route asks for.
#[derive(Clone)]
pub(crate) struct Needs {
    pub(crate) engine: Engine,
    pub(crate) access: Access,
    /// Whether the answer shows what earlier calls carried, whatever the method.
    pub(crate) recalls: bool,
    /// Whether the route answers a repeated `Idempotency-Key` with its first answer.
    pub(crate) once: bool,
}

/// What a request shows, taken out of it: a request with its body can not be lent across an await.
struct Found {
    number: Option<RequestId>,
    token: String,
    address: Option<IpAddr>,
    acting_for: Result<Option<String>>,
    what: String,
}

/// Lets a request through that shows a good key with the route's permission.
pub(crate) async fn check(State(needs): State<Needs>, mut request: Request, next: Next) -> Response {
    let Access::Needs(permission) = needs.access else { return next.run(request).await };
    let found = Found::new(&needs.engine, &request);
    let key = if needs.once { once::key_of(request.headers()) } else { Ok(None) };
    let caller = match found.caller(&needs.engine, permission).await {
        Ok(caller) => caller,
        Err(error) => return Failure(error).into_response(),
    };
    if let (Some(tenant), Some(LogSpan(span))) = (caller.tenant().ok(), request.extensions().get()) {
        span.record("tenant.id", field::display(tenant));
    }
    let redacted = (request.method() == Method::GET || needs.recalls) && !caller.sees_payloads();
    let response = match key {
        Ok(Some(key)) => once::run(&needs.engine, caller, &key, request, next).await,
        Ok(None) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(error) => Failure(error).into_response(),
    };
    if redacted { redact::answer(response).await } else { response }
}

impl Found {
    fn new(engine: &Engine, request: &Request) -> Self {
        let path: String = request.uri().path().chars().take(LONGEST_PATH).collect();
        Self {
            number: request.extensions().get::<RequestId>().copied(),
            token: bearer(request.headers()).unwrap_or_default().to_owned(),
            address: address::of(request, engine.trusted_proxies()),
            acting_for: acting_for(request.headers()),
            what: format!("{} {path}", request.method()),
        }
    }

    async fn caller(self, engine: &Engine, permission: &str) -> Result<Caller> {
        let request = self.number.ok_or_else(|| Error::internal("the request has no number"))?;
        // Only a good key hears what is wrong with the rest of its request.
        let (name, refused) = match self.acting_for {
            Ok(name) => (name, None),
            Err(error) => (None, Some(error)),
        };
        let shown = Shown { token: &self.token, request, address: self.address, acting_for: name.as_deref() };
        let caller = engine.authenticate(shown).await?;
        refused.map_or(Ok(()), Err)?;
        caller.must(permission)?;
        if caller.acting_for.is_some() {
            engine.note_acting(&caller, &self.what).await?;
        }
        Ok(caller)
    }
}

/// The token of `Authorization: Bearer` (RFC 6750 §2.1); the scheme's case does not matter.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The tenant that the request names. Two of them would be two orders at once.
fn acting_for(headers: &HeaderMap) -> Result<Option<String>> {
    let mut named = headers.get_all(TENANT).iter();
    match (named.next().map(|value| value.to_str()), named.next()) {
        (None, _) => Ok(None),
        (Some(Ok(name)), None) => Ok(Some(name.trim().to_owned())),
        _ => {
            let problem = Problem::at("Gatehouse-Tenant", "must be the id of one tenant, once");
            Err(Error::problems("the header `Gatehouse-Tenant` does not fit", vec![problem]))
        }
    }
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

//! What a route is. One value holds its path, its permission, its documentation and its
//! handler, so that none can drift from the others: a route without access does not compile.

use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::routing::{MethodRouter, delete, get, post, put};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::router::App;

pub(crate) mod batches;
pub(crate) mod calls;
pub(crate) mod cassettes;
pub(crate) mod catalog;
pub(crate) mod connection;
pub(crate) mod integrations;
pub(crate) mod mappings;
pub(crate) mod market;
pub(crate) mod oauth;
pub(crate) mod operations;
pub(crate) mod providers;
pub(crate) mod publishers;
pub(crate) mod routing;
pub(crate) mod submissions;
pub(crate) mod subscriptions;
pub(crate) mod sync;
pub(crate) mod tenancy;
pub(crate) mod told;
pub(crate) mod upgrades;
pub(crate) mod versions;
pub(crate) mod webhooks;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody; the route protects itself, or has nothing to protect.
    Public,
    /// A key that holds this permission.
    Needs(&'static str),
}

/// How a schema is made for the OpenAPI document.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What a request carries.
#[derive(Clone, Copy)]
pub enum Takes {
    /// No body.
    Nothing,
    /// A JSON document.
    Json(SchemaOf),
    /// Bytes of this media type.
    Bytes(&'static str),
}

/// What a request does that is sent again with the same `Idempotency-Key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// It gets the first answer again; its change and that answer are one commit.
    Answer,
    /// The use case sees to it, as more than our own records is at stake.
    ByItself,
    /// It is carried out again, and that does no harm.
    Harmless,
}

/// What a request has to do with the provider, which decides about what can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// Nothing is asked of it.
    Nothing,
    /// It is asked on the way: what it refuses is why nothing was changed.
    OnTheWay,
    /// A capability is called: the answer is the gateway's.
    Capability,
}

/// One route.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path under `/api/v1`, with `{parameters}`.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
    /// What it does, in a sentence.
    pub says: &'static str,
    /// What a request carries.
    pub takes: Takes,
    /// What an `Idempotency-Key` does.
    pub repeats: Repeats,
    /// Whether a caller may say how long it waits, with `Gatehouse-Timeout-Ms`.
    pub timed: bool,
    /// The shape of the answer 202 to a caller that prefers not to wait (RFC 7240 §4.1).
    pub accepts: Option<SchemaOf>,
    /// Query parameters and what each means. A route with a permission takes no other.
    pub query: &'static [(&'static str, &'static str)],
    /// The words that a query parameter can have for its value, where there are but a few.
    pub words: &'static [(&'static str, &'static [&'static str])],
    /// Whether the good answer shows a version of the record, as an `ETag`.
    pub tagged: bool,
    /// Whether the change can be made to depend on that version, with `If-Match`.
    pub matches: bool,
    /// Whether a signature shows who sent the request, in the place of a key.
    pub signed: bool,
    /// Whether a good answer shows what earlier calls carried, though the request is no `GET`.
    pub recalls: bool,
    /// What it has to do with the provider.
    pub asks: Asks,
    /// The status and the schema of a good answer.
    pub gives: (StatusCode, Option<SchemaOf>),
    /// The media type of a good answer that has no schema.
    pub media: Option<&'static str>,
    /// Another status with which the good answer's shape can come.
    pub also: Option<StatusCode>,
    /// The statuses of answers that are pages for a person's browser.
    pub pages: &'static [u16],
    pub(crate) service: MethodRouter<App>,
}

/// The query parameters of a list.
pub const PAGED: &[(&str, &str)] = &[
    ("limit", "How many at most, 1 to 200; 50 where absent."),
    ("cursor", "Where to go on: the `next` of the page before."),
];

impl Route {
    /// A `GET` route. It answers 200 without a described body until told otherwise.
    pub fn get<H: Handler<T, App>, T: 'static>(
        path: &'static str,
        access: Access,
        says: &'static str,
        handler: H,
    ) -> Self {
        Self::new(Method::GET, path, access, says, get(handler))
    }

    /// A `POST` route.
    pub fn post<H: Handler<T, App>, T: 'static>(
        path: &'static str,
        access: Access,
        says: &'static str,
        handler: H,
    ) -> Self {
        Self::new(Method::POST, path, access, says, post(handler))
    }

    /// A `PUT` route.
    pub fn put<H: Handler<T, App>, T: 'static>(
        path: &'static str,
        access: Access,
        says: &'static str,
        handler: H,
    ) -> Self {
        Self::new(Method::PUT, path, access, says, put(handler))
    }

    /// A `DELETE` route.
    pub fn delete<H: Handler<T, App>, T: 'static>(
        path: &'static str,
        access: Access,
        says: &'static str,
        handler: H,
    ) -> Self {
        Self::new(Method::DELETE, path, access, says, delete(handler))
    }

    fn new(method: Method, path: &'static str, access: Access, says: &'static str, service: MethodRouter<App>) -> Self {
        let gives = (StatusCode::OK, None);
        let repeats = if method == Method::POST { Repeats::Answer } else { Repeats::Harmless };
        Self {
            method,
            path,
            access,
            says,
            takes: Takes::Nothing,
            repeats,
            timed: false,
            accepts: None,
            query: &[],
            words: &[],
            tagged: false,
            matches: false,
            signed: false,
            recalls: false,
            asks: Asks::Nothing,
            gives,
            media: None,
            also: None,
            pages: &[],
            service,
        }
    }

    /// It takes a JSON document.
    #[must_use]
    pub fn takes<B: JsonSchema>(self) -> Self {
        Self { takes: Takes::Json(schema_of::<B>), ..self }
    }

    /// It takes bytes of a media type.
    #[must_use]
    pub fn takes_bytes(self, media_type: &'static str) -> Self {
        Self { takes: Takes::Bytes(media_type), ..self }
    }

    /// The handler looks after the `Idempotency-Key` itself.
    #[must_use]
    pub fn repeats_by_itself(self) -> Self {
        Self { repeats: Repeats::ByItself, ..self }
    }

    /// Sending it again does no harm, whatever the key.
    #[must_use]
    pub fn repeats_without_harm(self) -> Self {
        Self { repeats: Repeats::Harmless, ..self }
    }

    /// A caller may say how long it waits.
    #[must_use]
    pub fn timed(self) -> Self {
        Self { timed: true, ..self }
    }

    /// A caller may prefer not to wait, and is answered with this shape.
    #[must_use]
    pub fn accepts<B: JsonSchema>(self) -> Self {
        Self { accepts: Some(schema_of::<B>), ..self }
    }

    /// It has query parameters.
    #[must_use]
    pub fn query(self, query: &'static [(&'static str, &'static str)]) -> Self {
        Self { query, ..self }
    }

    /// A query parameter has one of these words for its value.
    #[must_use]
    pub fn words(self, words: &'static [(&'static str, &'static [&'static str])]) -> Self {
        Self { words, ..self }
    }

    /// The answer has an `ETag`, and a `PUT` or `DELETE` takes `If-Match`.
    #[must_use]
    pub fn tagged(self) -> Self {
        let matches = matches!(self.method, Method::PUT | Method::DELETE);
        Self { tagged: self.method != Method::DELETE, matches, ..self }
    }

    /// It takes `If-Match`.
    #[must_use]
    pub fn matching(self) -> Self {
        Self { matches: true, ..self }
    }

    /// A signature shows who sent the request.
    #[must_use]
    pub fn signed(self) -> Self {
        Self { signed: true, ..self }
    }

    /// The answer shows what earlier calls carried, and is redacted for who may not see that.
    #[must_use]
    pub fn recalls(self) -> Self {
        Self { recalls: true, ..self }
    }

    /// The provider is asked on the way.
    #[must_use]
    pub fn asks_provider(self) -> Self {
        Self { asks: Asks::OnTheWay, ..self }
    }

    /// It calls a capability.
    #[must_use]
    pub fn calls(self) -> Self {
        Self { asks: Asks::Capability, ..self }
    }

    /// A good answer has this status, no schema and this media type.
    #[must_use]
    pub fn gives_text(self, status: StatusCode, media_type: &'static str) -> Self {
        Self { gives: (status, None), media: Some(media_type), ..self }
    }

    /// The same shape can come with another status.
    #[must_use]
    pub fn also(self, status: StatusCode) -> Self {
        Self { also: Some(status), ..self }
    }

    /// Answers with these statuses are pages.
    #[must_use]
    pub fn pages(self, statuses: &'static [u16]) -> Self {
        Self { pages: statuses, ..self }
    }

    /// A good answer has this status and shape.
    #[must_use]
    pub fn gives<B: JsonSchema>(self, status: StatusCode) -> Self {
        Self { gives: (status, Some(schema_of::<B>)), ..self }
    }

    /// A good answer has this status and no body.
    #[must_use]
    pub fn gives_nothing(self, status: StatusCode) -> Self {
        Self { gives: (status, None), ..self }
    }
}

fn schema_of<B: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<B>()
}

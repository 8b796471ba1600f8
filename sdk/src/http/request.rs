//! A request and how it is built and sent.

use serde::Serialize;

use super::{Effect, Form, HttpError, Method, Response};
use crate::bindings::host::gatehouse::plugin::http as host;
use crate::{Error, Result, imports};

/// A request to the provider.
#[derive(Debug, Clone)]
pub struct Request {
    request: host::Request,
    effect: Effect,
    broken: Option<Error>,
}

impl Request {
    /// A request. The URL is a path relative to the manifest's base URL, or absolute within the
    /// allowed hosts. All methods but `GET` and `HEAD` are taken for writes.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        let effect = if matches!(method, Method::Get | Method::Head) { Effect::Read } else { Effect::Write };
        let request = host::Request {
            method,
            url: url.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: host::Body::Empty,
            auth: None,
            idempotency_key: None,
        };
        Self { request, effect, broken: None }
    }

    /// A `GET` request.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new(Method::Get, url)
    }

    /// A `POST` request.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new(Method::Post, url)
    }

    /// A `PUT` request.
    pub fn put(url: impl Into<String>) -> Self {
        Self::new(Method::Put, url)
    }

    /// A `PATCH` request.
    pub fn patch(url: impl Into<String>) -> Self {
        Self::new(Method::Patch, url)
    }

    /// A `DELETE` request.
    pub fn delete(url: impl Into<String>) -> Self {
        Self::new(Method::Delete, url)
    }

    /// Adds a query pair. The host encodes it.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        push(&mut self.request.query, name.into(), value.to_string());
        self
    }

    /// Adds a query pair where there is a value.
    #[must_use]
    pub fn query_some(self, name: impl Into<String>, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Adds a header. The host refuses `authorization`, `cookie`, `host` and framing headers.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        push(&mut self.request.headers, name.into(), value.into());
        self
    }

    /// Adds a header where there is a value.
    #[must_use]
    pub fn header_some(self, name: impl Into<String>, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    /// Carries a form, `application/x-www-form-urlencoded`.
    #[must_use]
    pub fn form(mut self, form: Form) -> Self {
        self.request.body = host::Body::Form(form.into_pairs());
        self
    }

    /// Carries a JSON document. A value that has no JSON form makes [`Request::send`] fail.
    #[must_use]
    pub fn json(mut self, value: &impl Serialize) -> Self {
        match serde_json::to_string(value) {
            Ok(text) => self.request.body = host::Body::Json(text),
            Err(error) => self.broken = Some(Error::invalid_input(format!("the body has no JSON form: {error}"))),
        }
        self
    }

    /// Carries bytes of this content type.
    #[must_use]
    pub fn bytes(mut self, content_type: &str, bytes: Vec<u8>) -> Self {
        self.request.body = host::Body::Bytes(bytes);
        self.header("content-type", content_type)
    }

    /// Names the manifest's auth scheme to apply; the first one where it is not named.
    #[must_use]
    pub fn auth(mut self, scheme: impl Into<String>) -> Self {
        self.request.auth = Some(scheme.into());
        self
    }

    /// Marks a write that the provider deduplicates by this key; see
    /// [`crate::context::idempotency_key_for`]. The host sends it where the manifest says.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.request.idempotency_key = Some(key.into());
        self
    }

    /// Says that this request only looks although its method could write, such as a search by `POST`.
    #[must_use]
    pub fn only_reads(mut self) -> Self {
        self.effect = Effect::Read;
        self
    }

    /// Sends it and waits for the whole answer, of whatever status.
    ///
    /// # Errors
    /// See [`Error::from_http`]: a write without an answer is `unknown-outcome`.
    pub fn send(self) -> Result<Response> {
        let effect = self.effect;
        if let Some(broken) = self.broken {
            return Err(broken);
        }
        self.try_send().map_err(|error| Error::from_http(error, effect))
    }

    /// Sends it, for a gateway that reacts to one of the reasons itself.
    ///
    /// # Errors
    /// The host's reason why there is no answer.
    pub fn try_send(self) -> core::result::Result<Response, HttpError> {
        if let Some(broken) = self.broken {
            return Err(HttpError::Invalid(broken.message));
        }
        imports::send(self.request).map(|response| Response::new(response, self.effect))
    }
}

/// Kept out of line, as each kind of name and value makes a method of its own.
#[inline(never)]
fn push(pairs: &mut Vec<(String, String)>, name: String, value: String) {
    pairs.push((name, value));
}

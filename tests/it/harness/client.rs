//! A client of the API with one key. Every answer is searched for secrets.

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::Method;
use serde_json::Value;

use super::{canary, contract};

/// A client with a key, or without.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The body, where the status is the expected one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body
    }

    /// A problem document of a status, of which some part must contain `text`.
    #[track_caller]
    pub(crate) fn expect_problem(self, status: u16, text: &str) -> Value {
        let kind = self.headers.get("content-type").map(|value| value.to_str().unwrap().to_owned());
        let body = self.expect(status);
        assert_eq!(kind.as_deref(), Some("application/problem+json"), "{body:#}");
        assert!(body.to_string().contains(text), "no {text:?} in {body:#}");
        body
    }
}

/// A plain HTTP client, as nothing but loopback is asked.
pub(crate) fn http() -> reqwest::Client {
    // It wants a TLS provider all the same. A second call finds the first one's.
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

impl Client {
    pub(crate) fn new(base: &str) -> Self {
        Self { http: http(), base: base.to_owned(), token: None }
    }

    pub(crate) fn with_key(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The token that it shows.
    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// The same client for a server that was started again somewhere else.
    pub(crate) fn moved_to(&self, server: &super::Server) -> Self {
        self.at(&server.base)
    }

    /// The same client for a server somewhere else.
    pub(crate) fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Vec::new()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], Vec::new()).await
    }

    /// Every `POST` that is no call comes with a key of its own, as a careful caller's would.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        if path.ends_with("/execute") {
            return self.post_with(path, body, &[]).await;
        }
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let key = format!("test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        self.post_with(path, body, &[("idempotency-key", &key)]).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        let json = ("content-type", "application/json");
        self.send(Method::PUT, path, &[json], body.to_string().into_bytes()).await
    }

    pub(crate) async fn post_with(&self, path: &str, body: Value, headers: &[(&str, &str)]) -> Answer {
        let headers = [headers, &[("content-type", "application/json")]].concat();
        self.send(Method::POST, path, &headers, body.to_string().into_bytes()).await
    }

    pub(crate) async fn post_bytes(&self, path: &str, body: Vec<u8>, headers: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, path, headers, body).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        self.try_send(method, path, headers, body).await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// As [`Client::send`], for servers that may die in the middle.
    pub(crate) async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> reqwest::Result<Answer> {
        let place = format!("the answer to {method} {path}");
        let mut request = self.http.request(method.clone(), format!("{}/api/v1{path}", self.base)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await?;
        canary::check(&place, &bytes);
        canary::check(&place, format!("{headers:?}").as_bytes());
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        contract::check(&method, path, status, &headers, &body);
        Ok(Answer { status, headers, body })
    }
}

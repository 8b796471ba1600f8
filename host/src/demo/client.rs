//! The host app of the tour: a client of the API that remembers every answer.

use std::sync::{Mutex, PoisonError};

use gatehouse_domain::{Error, Result};
use reqwest::Method;
use serde_json::Value;

/// A client that remembers every answer.
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    answers: Mutex<Vec<String>>,
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Answer {
    /// The answer, where it has the status that the tour expects.
    pub(super) fn expect(self, status: u16) -> Result<Value> {
        if self.status == status {
            return Ok(self.body);
        }
        Err(Error::internal(format!("the answer has the status {} and not {status}: {}", self.status, self.body)))
    }
}

/// A request of the tour.
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) token: Option<&'a str>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl<'a> Ask<'a> {
    pub(super) fn get(path: &'a str, token: &'a str) -> Self {
        Self { method: Method::GET, path, token: Some(token), headers: Vec::new(), body: Vec::new() }
    }

    pub(super) fn post(path: &'a str, token: &'a str, body: &Value) -> Self {
        let body = body.to_string().into_bytes();
        Self { method: Method::POST, path, token: Some(token), headers: Vec::new(), body }
    }
}

impl Client {
    pub(super) fn new(base: &str) -> Result<Self> {
        // The client asks for a TLS provider although all of the tour is plain HTTP on loopback.
        crate::tls::choose_provider();
        let http = reqwest::Client::builder().no_proxy().build();
        let http = http.map_err(|error| Error::internal("no HTTP client").caused_by(error))?;
        Ok(Self { http, base: format!("{base}/api/v1"), answers: Mutex::default() })
    }

    pub(super) async fn send(&self, ask: Ask<'_>) -> Result<Answer> {
        let mut request = self.http.request(ask.method, format!("{}{}", self.base, ask.path)).body(ask.body);
        for (name, value) in ask.headers {
            request = request.header(name, value);
        }
        if let Some(token) = ask.token {
            request = request.bearer_auth(token);
        }
        let failed = |error| Error::unavailable(format!("no answer from {}", ask.path)).caused_by(error);
        let response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(failed)?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        Ok(Answer { status, body })
    }

    /// Every answer so far.
    pub(super) fn answers(&self) -> Vec<String> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

//! A request as it arrived, in the form in which it is compared. Credentials and idempotency
//! keys are taken out of it here.

use axum::body::Bytes;
use axum::http::request::Parts;
use serde_json::Value;

use crate::sandbox::journal::Shown;
use crate::sandbox::{Credential, Options};

/// A request without its credential.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    /// Names in lower case; those of the credential and of the idempotency key left out.
    pub(super) headers: Vec<(String, String)>,
    pub(super) header_names: Vec<String>,
    /// Headers that are not compared, in lower case.
    pub(super) ignored_headers: Vec<String>,
    pub(super) body: Body,
    pub(super) credential: Shown,
    pub(super) idempotency_key: Option<String>,
}

/// What a request carries.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Body {
    Empty,
    Form(Vec<(String, String)>),
    Json(Value),
    Other(Vec<u8>),
}

impl Given {
    pub(super) fn of(parts: &Parts, body: &Bytes, options: &Options) -> Self {
        let query = pairs(parts.uri.query().unwrap_or_default().as_bytes());
        let credential = options.credential.as_ref();
        let shown = credential.map_or(Shown::NotChecked, |expected| expected.judge(&parts.headers, &query));
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let headers = parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())));
        let ignored_headers = ignored(options);
        let (own_headers, headers): (Vec<_>, Vec<_>) = headers.partition(|(name, _)| ignored_headers.contains(name));
        let (own_query, query): (Vec<_>, Vec<_>) = query.into_iter().partition(|(name, _)| {
            options.idempotency_parameters.contains(name) || credential.is_some_and(|known| known.is_parameter(name))
        });
        Self {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query,
            headers,
            ignored_headers,
            header_names: parts.headers.keys().map(|name| name.as_str().to_owned()).collect(),
            body: Body::of(parts, body),
            credential: shown,
            idempotency_key: value_of(&own_headers, &options.idempotency_headers)
                .or_else(|| value_of(&own_query, &options.idempotency_parameters)),
        }
    }

    /// Whether it can change something (RFC 9110 §9.2.1).
    pub(super) fn is_write(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD")
    }

    /// Two requests with the same one ask for the same.
    pub(super) fn fingerprint(&self) -> String {
        let mut query = self.query.clone();
        query.sort();
        let body = match &self.body {
            Body::Form(pairs) => {
                let mut pairs = pairs.clone();
                pairs.sort();
                format!("{pairs:?}")
            }
            other => format!("{other:?}"),
        };
        format!("{} {} {query:?} {body}", self.method, self.path)
    }
}

impl Body {
    fn of(parts: &Parts, bytes: &Bytes) -> Self {
        let kind = parts.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            _ if bytes.is_empty() => Self::Empty,
            "application/x-www-form-urlencoded" => Self::Form(pairs(bytes)),
            kind if kind == "application/json" || kind.ends_with("+json") => {
                serde_json::from_slice(bytes).map_or_else(|_| Self::Other(bytes.to_vec()), Self::Json)
            }
            _ => Self::Other(bytes.to_vec()),
        }
    }
}

/// Pairs of the `application/x-www-form-urlencoded` format.
pub(super) fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(bytes).into_owned().collect()
}

/// The headers of the credential and of the idempotency key.
fn ignored(options: &Options) -> Vec<String> {
    let mut names = options.idempotency_headers.clone();
    names.push("authorization".to_owned());
    names.extend(options.credential.as_ref().and_then(Credential::header));
    names
}

fn value_of(pairs: &[(String, String)], names: &[String]) -> Option<String> {
    pairs.iter().find(|(name, _)| names.contains(name)).map(|(_, value)| value.clone())
}

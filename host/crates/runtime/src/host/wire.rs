//! The types of `gatehouse:plugin@0.1.0` as they cross into a component, and their
//! translation to ours. wasmtime checks them against the component when it is linked.

use gatehouse_domain::guest::{self, GuestError, GuestErrorKind};
use serde_json::Value;
use wasmtime::component::{ComponentType, Lift, Lower};

use crate::call;
use crate::egress;

mod listing;
mod registration;

pub(crate) use listing::EventPage;
pub(crate) use registration::Registration;

/// `http.method`.
#[derive(Debug, Clone, Copy, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[allow(dead_code, reason = "wasmtime makes them from the component's number")]
pub(crate) enum Method {
    #[component(name = "get")]
    Get,
    #[component(name = "post")]
    Post,
    #[component(name = "put")]
    Put,
    #[component(name = "patch")]
    Patch,
    #[component(name = "delete")]
    Delete,
    #[component(name = "head")]
    Head,
}

/// `http.body`.
#[derive(Debug, ComponentType, Lift)]
#[component(variant)]
pub(crate) enum Body {
    #[component(name = "empty")]
    Empty,
    #[component(name = "bytes")]
    Bytes(Vec<u8>),
    #[component(name = "json")]
    Json(String),
    #[component(name = "form")]
    Form(Vec<(String, String)>),
}

/// `http.request`.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct Request {
    method: Method,
    url: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Body,
    auth: Option<String>,
    #[component(name = "idempotency-key")]
    idempotency_key: Option<String>,
}

/// `http.response`.
#[derive(Debug, ComponentType, Lower)]
#[component(record)]
pub(crate) struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// `http.http-error`.
#[derive(Debug, ComponentType, Lower)]
#[component(variant)]
pub(crate) enum HttpError {
    #[component(name = "denied")]
    Denied(String),
    #[component(name = "invalid")]
    Invalid(String),
    #[component(name = "connect")]
    Connect(String),
    #[component(name = "timeout")]
    Timeout,
    #[component(name = "interrupted")]
    Interrupted(String),
    #[component(name = "too-large")]
    TooLarge(u64),
    #[component(name = "limit")]
    Limit(String),
}

/// `log.level`.
#[derive(Debug, Clone, Copy, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[allow(dead_code, reason = "wasmtime makes them from the component's number")]
pub(crate) enum Level {
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
}

/// `types.account`.
#[derive(Debug, ComponentType, Lift, Lower)]
#[component(record)]
pub(crate) struct Account {
    id: String,
    #[component(name = "display-name")]
    display_name: Option<String>,
    live: bool,
}

/// `types.error-kind`.
#[derive(Debug, Clone, Copy, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[allow(dead_code, reason = "wasmtime makes them from the component's number")]
pub(crate) enum ErrorKind {
    #[component(name = "invalid-input")]
    InvalidInput,
    #[component(name = "unauthorized")]
    Unauthorized,
    #[component(name = "forbidden")]
    Forbidden,
    #[component(name = "not-found")]
    NotFound,
    #[component(name = "conflict")]
    Conflict,
    #[component(name = "declined")]
    Declined,
    #[component(name = "rate-limited")]
    RateLimited,
    #[component(name = "unavailable")]
    Unavailable,
    #[component(name = "unknown-outcome")]
    UnknownOutcome,
    #[component(name = "unsupported")]
    Unsupported,
    #[component(name = "provider")]
    Provider,
}

/// `types.error`.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct Error {
    kind: ErrorKind,
    message: String,
    #[component(name = "provider-code")]
    provider_code: Option<String>,
    #[component(name = "http-status")]
    http_status: Option<u16>,
    #[component(name = "retry-after-ms")]
    retry_after_ms: Option<u64>,
}

/// `webhook.trust`.
#[derive(Debug, Clone, Copy, ComponentType, Lower)]
#[component(enum)]
#[repr(u8)]
pub(crate) enum Trust {
    #[component(name = "verified")]
    Verified,
    #[component(name = "authenticated")]
    Authenticated,
    #[component(name = "untrusted")]
    Untrusted,
}

/// `webhook.delivery`.
#[derive(Debug, ComponentType, Lower)]
#[component(record)]
pub(crate) struct Delivery {
    pub(crate) trust: Trust,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// `webhook.event`.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) kind: String,
    #[component(name = "provider-kind")]
    pub(crate) provider_kind: String,
    #[component(name = "occurred-at-ms")]
    pub(crate) occurred_at_ms: u64,
    pub(crate) subject: Option<String>,
    pub(crate) data: String,
}

/// `sync.record-data`.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct RecordData {
    pub(crate) id: String,
    #[component(name = "updated-at-ms")]
    pub(crate) updated_at_ms: Option<u64>,
    pub(crate) deleted: bool,
    pub(crate) data: String,
}

/// `sync.page`.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct Page {
    pub(crate) records: Vec<RecordData>,
    pub(crate) cursor: Option<String>,
    pub(crate) complete: bool,
}

/// `sync.change`.
#[derive(Debug, ComponentType, Lower)]
#[component(record)]
pub(crate) struct Change {
    reference: String,
    id: Option<String>,
    deleted: bool,
    data: String,
}

/// `sync.outcome`.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct Outcome {
    pub(crate) reference: String,
    pub(crate) status: Result<String, Error>,
}

/// `outcomes.write`.
#[derive(Debug, ComponentType, Lower)]
#[component(record)]
pub(crate) struct Write {
    capability: String,
    parameters: String,
    reference: String,
    #[component(name = "first-sent-at-ms")]
    first_sent_at_ms: u64,
    #[component(name = "last-sent-at-ms")]
    last_sent_at_ms: u64,
}

/// `outcomes.finding`.
#[derive(Debug, ComponentType, Lift)]
#[component(variant)]
pub(crate) enum Finding {
    #[component(name = "done")]
    Done(String),
    #[component(name = "refused")]
    Refused(Error),
    #[component(name = "absent")]
    Absent,
    #[component(name = "pending")]
    Pending,
}

/// The bytes that a body will be, near enough to bound them.
pub(crate) fn body_bytes(body: &egress::Body) -> usize {
    match body {
        egress::Body::Empty => 0,
        egress::Body::Bytes(bytes) => bytes.len(),
        egress::Body::Json(text) => text.len(),
        egress::Body::Form(pairs) => pairs.iter().map(|(name, value)| name.len() + value.len() + 2).sum(),
    }
}

impl Level {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl From<Request> for egress::Request {
    fn from(request: Request) -> Self {
        Self {
            method: match request.method {
                Method::Get => egress::Method::Get,
                Method::Post => egress::Method::Post,
                Method::Put => egress::Method::Put,
                Method::Patch => egress::Method::Patch,
                Method::Delete => egress::Method::Delete,
                Method::Head => egress::Method::Head,
            },
            url: request.url,
            query: request.query,
            headers: request.headers,
            body: match request.body {
                Body::Empty => egress::Body::Empty,
                Body::Bytes(bytes) => egress::Body::Bytes(bytes),
                Body::Json(text) => egress::Body::Json(text),
                Body::Form(pairs) => egress::Body::Form(pairs),
            },
            auth: request.auth,
            idempotency_key: request.idempotency_key,
        }
    }
}

impl From<egress::Response> for Response {
    fn from(response: egress::Response) -> Self {
        Self { status: response.status, headers: response.headers, body: response.body }
    }
}

impl From<egress::SendError> for HttpError {
    fn from(error: egress::SendError) -> Self {
        match error {
            egress::SendError::Denied(text) => Self::Denied(text),
            egress::SendError::Invalid(text) => Self::Invalid(text),
            egress::SendError::Connect(text) => Self::Connect(text),
            egress::SendError::Timeout => Self::Timeout,
            egress::SendError::Interrupted(text) => Self::Interrupted(text),
            egress::SendError::TooLarge(max) => Self::TooLarge(max),
            egress::SendError::Limit(text) => Self::Limit(text),
        }
    }
}

impl From<Account> for guest::Account {
    fn from(account: Account) -> Self {
        Self { id: account.id, display_name: account.display_name, live: account.live }
    }
}

impl From<guest::Account> for Account {
    fn from(account: guest::Account) -> Self {
        Self { id: account.id, display_name: account.display_name, live: account.live }
    }
}

impl From<Error> for GuestError {
    fn from(error: Error) -> Self {
        Self {
            kind: match error.kind {
                ErrorKind::InvalidInput => GuestErrorKind::InvalidInput,
                ErrorKind::Unauthorized => GuestErrorKind::Unauthorized,
                ErrorKind::Forbidden => GuestErrorKind::Forbidden,
                ErrorKind::NotFound => GuestErrorKind::NotFound,
                ErrorKind::Conflict => GuestErrorKind::Conflict,
                ErrorKind::Declined => GuestErrorKind::Declined,
                ErrorKind::RateLimited => GuestErrorKind::RateLimited,
                ErrorKind::Unavailable => GuestErrorKind::Unavailable,
                ErrorKind::UnknownOutcome => GuestErrorKind::UnknownOutcome,
                ErrorKind::Unsupported => GuestErrorKind::Unsupported,
                ErrorKind::Provider => GuestErrorKind::Provider,
            },
            message: error.message,
            provider_code: error.provider_code,
            http_status: error.http_status,
            retry_after_ms: error.retry_after_ms,
        }
    }
}

impl From<call::Change> for Change {
    fn from(change: call::Change) -> Self {
        let data = Value::Object(change.data).to_string();
        Self { reference: change.reference, id: change.id, deleted: change.deleted, data }
    }
}

impl From<call::Write> for Write {
    fn from(write: call::Write) -> Self {
        Self {
            capability: write.capability,
            parameters: write.parameters.to_string(),
            reference: write.reference,
            first_sent_at_ms: write.first_sent_at_ms,
            last_sent_at_ms: write.last_sent_at_ms,
        }
    }
}

impl From<gatehouse_domain::webhook::Trust> for Trust {
    fn from(trust: gatehouse_domain::webhook::Trust) -> Self {
        match trust {
            gatehouse_domain::webhook::Trust::Verified => Self::Verified,
            gatehouse_domain::webhook::Trust::Authenticated => Self::Authenticated,
            gatehouse_domain::webhook::Trust::Untrusted => Self::Untrusted,
        }
    }
}

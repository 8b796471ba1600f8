//! What crosses between a gateway and the broker: plain data, as in the contract's `http`.

use std::fmt;

use gatehouse_domain::execution::CallFailure;

/// The methods a gateway may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// `GET`.
    Get,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `PATCH`.
    Patch,
    /// `DELETE`.
    Delete,
    /// `HEAD`.
    Head,
}

impl Method {
    /// The method as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Head => "HEAD",
        }
    }

    /// Whether it only looks (RFC 9110 §9.2.1).
    pub fn is_safe(self) -> bool {
        matches!(self, Self::Get | Self::Head)
    }
}

/// What a request carries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// Bytes as they are; the gateway sets `content-type`.
    Bytes(Vec<u8>),
    /// A JSON document, sent as `application/json`.
    Json(String),
    /// Pairs, sent as `application/x-www-form-urlencoded` in this order.
    Form(Vec<(String, String)>),
}

/// A request to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// A path relative to the manifest's base URL, or an absolute URL.
    pub url: String,
    /// Query pairs, percent-encoded here and added in this order.
    pub query: Vec<(String, String)>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// What it carries.
    pub body: Body,
    /// The auth scheme to apply; the manifest's first where absent.
    pub auth: Option<String>,
    /// The key by which the provider recognises a repeated write.
    pub idempotency_key: Option<String>,
}

impl Request {
    /// A request with nothing but a method and a target.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Body::Empty,
            auth: None,
            idempotency_key: None,
        }
    }
}

/// What the provider answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body, without secrets.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendError {
    /// Refused before anything was sent; the text names the rule and the fix.
    Denied(String),
    /// The request can not be right.
    Invalid(String),
    /// No connection was made: the provider has not seen the request.
    Connect(String),
    /// The request was sent and no whole answer came in time.
    Timeout,
    /// The connection or the answer broke after the request was sent.
    Interrupted(String),
    /// The answer is larger than this many bytes; the provider has seen the request.
    TooLarge(u64),
    /// The call has used up a limit, which the text names; nothing was sent.
    Limit(String),
}

impl SendError {
    /// Which of them it is, in a word.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::Invalid(_) => "invalid",
            Self::Connect(_) => "connect",
            Self::Timeout => "timeout",
            Self::Interrupted(_) => "interrupted",
            Self::TooLarge(_) => "too_large",
            Self::Limit(_) => "limit",
        }
    }

    /// Whether the provider may have seen the request, and no whole answer was passed on.
    pub fn may_have_arrived(&self) -> bool {
        matches!(self, Self::Timeout | Self::Interrupted(_) | Self::TooLarge(_))
    }
}

impl SendError {
    /// The kind of reason, as it is recorded.
    pub fn failure(&self) -> CallFailure {
        match self {
            Self::Denied(_) | Self::Invalid(_) => CallFailure::Refused,
            Self::Connect(_) => CallFailure::Connect,
            Self::Timeout => CallFailure::Timeout,
            Self::Interrupted(_) => CallFailure::Interrupted,
            Self::TooLarge(_) => CallFailure::TooLarge,
            Self::Limit(_) => CallFailure::Limit,
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(text) => write!(f, "denied: {text}"),
            Self::Invalid(text) => write!(f, "invalid: {text}"),
            Self::Connect(text) => write!(f, "no connection: {text}"),
            Self::Timeout => f.write_str("the request was sent and no whole answer came in time"),
            Self::Interrupted(text) => write!(f, "interrupted: {text}"),
            Self::TooLarge(max) => write!(f, "the answer is larger than {max} bytes"),
            Self::Limit(text) => write!(f, "limit: {text}"),
        }
    }
}

impl std::error::Error for SendError {}

//! What the binary decides about the API beyond the engine's policy.

use axum::http::HeaderMap;
use tracing::Span;

/// Joins the span of a request to the trace that its headers name, if they do, and tells the
/// trace's id: 32 hexadecimal digits.
pub type Join = fn(&Span, &HeaderMap) -> Option<String>;

/// What the binary decides about the API.
#[derive(Clone, Copy, Default)]
pub struct Options {
    /// Whether `/metrics` answers without a key. Default: no.
    pub metrics_public: bool,
    /// How spans become part of traces, where traces are collected. Default: they are not.
    pub join: Option<Join>,
}

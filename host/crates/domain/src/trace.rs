//! How spans are named for those that collect them. No library of tracing is known here.

/// The target of the spans of a trace: `http.server`, `execute`, `component.call`, `egress`,
/// `store.commit`. Nothing but the export of traces listens to it, so that without one these
/// spans cost nothing.
pub const SPANS: &str = "gatehouse::trace";

/// The target of the one span around a request, whose fields stand in each of its log lines.
pub const REQUEST: &str = "gatehouse::request";

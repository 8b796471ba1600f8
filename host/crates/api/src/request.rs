//! What every request gets: a number, the names under which it is found again, a span, a line
//! in the log, and its place in the metrics.

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use gatehouse_domain::id::RequestId;
use gatehouse_domain::trace::{REQUEST, SPANS};
use gatehouse_engine::Engine;
use tracing::{Instrument, Span, field};

use crate::metrics::HttpMetrics;
use crate::options::Join;
use crate::problem::Failure;
use crate::trace::{self, CORRELATION};

/// What watching a request takes.
#[derive(Clone)]
pub(crate) struct Watch {
    pub(crate) engine: Engine,
    pub(crate) metrics: HttpMetrics,
    pub(crate) join: Option<Join>,
}

/// The span whose fields stand in every log line of a request, for what becomes known later.
#[derive(Clone)]
pub(crate) struct LogSpan(pub(crate) Span);

/// The names under which a request is found again.
struct Names {
    number: RequestId,
    correlation: String,
}

/// Numbers a request, answers it within its spans, and tells of it.
pub(crate) async fn watch(State(watch): State<Watch>, mut request: Request, next: Next) -> Response {
    let method = request.method().clone();
    // The route rather than the path, as an endpoint's path is a secret.
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let mut counted = watch.metrics.begin(&method, route.clone());
    let number = match watch.engine.new_request_id() {
        Ok(number) => number,
        Err(error) => return Failure(error).into_response(),
    };
    let given = trace::correlation(request.headers(), number);
    let correlation = given.as_ref().map_or_else(|_| number.to_string(), Clone::clone);
    let names = Names { number, correlation };
    let route = route.unwrap_or_default();
    let (log, server) = spans(&watch, &request, &names, &route);
    request.extensions_mut().insert(number);
    request.extensions_mut().insert(LogSpan(log.clone()));
    let answering = async {
        let response = match given {
            Ok(_) => next.run(request).await,
            Err(error) => Failure(error).into_response(),
        };
        let status = response.status();
        let duration_us = u64::try_from(counted.answered(status).as_micros()).unwrap_or(u64::MAX);
        tracing::info!(%method, route, status = status.as_u16(), duration_us, "answered");
        response
    };
    let mut response = answering.instrument(server.clone().or_current()).instrument(log).await;
    tell(&server, &names, &response);
    show(&names, &mut response);
    response
}

/// The request's span in the log, and within it the one in its trace.
fn spans(watch: &Watch, request: &Request, names: &Names, route: &str) -> (Span, Span) {
    let Some(join) = watch.join else {
        let trace = trace::trace_id(request.headers(), names.number);
        return (log_span(names, Some(&trace)), Span::none());
    };
    let log = log_span(names, None);
    let server = server_span(&log, request.method().as_str(), route);
    let trace = join(&server, request.headers());
    log.record("trace.id", trace.unwrap_or_else(|| trace::trace_id(request.headers(), names.number)));
    (log, server)
}

/// Of the highest level, so that a log of warnings alone still tells which request they belong to.
fn log_span(names: &Names, trace: Option<&str>) -> Span {
    tracing::error_span!(
        target: REQUEST,
        "request",
        request.id = %names.number,
        correlation.id = names.correlation,
        trace.id = trace,
        tenant.id = field::Empty,
    )
}

fn server_span(log: &Span, method: &str, route: &str) -> Span {
    tracing::info_span!(
        target: SPANS,
        parent: log,
        "http.server",
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        http.response.status_code = field::Empty,
        otel.status_code = field::Empty,
        request.id = field::Empty,
        correlation.id = field::Empty,
    )
}

fn tell(server: &Span, names: &Names, response: &Response) {
    let status = response.status();
    server.record("http.response.status_code", status.as_u16());
    server.record("request.id", field::display(names.number));
    server.record("correlation.id", &names.correlation);
    if status.is_server_error() {
        server.record("otel.status_code", "ERROR");
    }
}

fn show(names: &Names, response: &mut Response) {
    let values = [("x-request-id", names.number.to_string()), (CORRELATION, names.correlation.clone())];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
}

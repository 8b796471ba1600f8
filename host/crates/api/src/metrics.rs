//! What is counted of requests to this API: by method, by the route's template and by status.
//! A path is never a label, as it can hold anything and the path of an endpoint is a secret.

use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use gatehouse_engine::metrics::{Counters, Declared, Gauges, Histograms, Registry, SECONDS, Value};

const TOTAL: Declared = Declared::counter(
    "gatehouse_http_requests_total",
    "Requests to the API, by status; `gone` where the client left before the answer.",
    &["method", "route", "status"],
);
const DURATION: Declared = Declared::histogram(
    "gatehouse_http_request_duration_seconds",
    "How long a request took until its answer began to leave.",
    SECONDS,
    &["method", "route", "status_class"],
);
const IN_FLIGHT: Declared =
    Declared::gauge("gatehouse_http_requests_in_flight", "Requests that are being answered now.", &["method", "route"]);

/// Every metric of the API.
pub const DECLARED: &[&Declared] = &[&TOTAL, &DURATION, &IN_FLIGHT];

/// What stands for every path that no route has.
const NO_ROUTE: &str = "none";

/// Requests to the API.
#[derive(Clone)]
pub(crate) struct HttpMetrics {
    total: Counters,
    duration: Histograms,
    in_flight: Gauges,
}

impl HttpMetrics {
    pub(crate) fn new(registry: &Registry) -> Self {
        Self {
            total: registry.counters(&TOTAL),
            duration: registry.histograms(&DURATION),
            in_flight: registry.gauges(&IN_FLIGHT),
        }
    }

    /// A request came in. It is counted as what is held is dropped.
    pub(crate) fn begin(&self, method: &Method, route: Option<String>) -> Request {
        let request =
            Request { metrics: self.clone(), method: word(method), route, began: Instant::now(), status: None };
        self.in_flight.add(&request.place(), 1.0);
        request
    }
}

/// A request that is being answered. Dropped without a status, its client has gone.
pub(crate) struct Request {
    metrics: HttpMetrics,
    method: &'static str,
    route: Option<String>,
    began: Instant,
    status: Option<StatusCode>,
}

impl Request {
    /// The answer has this status; how long it took.
    pub(crate) fn answered(&mut self, status: StatusCode) -> Duration {
        self.status = Some(status);
        self.began.elapsed()
    }

    fn place(&self) -> [Value<'_>; 2] {
        let route = self.route.as_deref().map_or(Value::Word(NO_ROUTE), Value::Name);
        [Value::Word(self.method), route]
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        let [method, route] = self.place();
        self.metrics.in_flight.add(&[method, route], -1.0);
        let status = self.status.as_ref().map_or("gone", StatusCode::as_str);
        self.metrics.total.one(&[method, route, Value::Name(status)]);
        let class = Value::Word(class(self.status));
        self.metrics.duration.time(&[method, route, class], self.began.elapsed());
    }
}

/// A client can make up methods, so there are as many words as HTTP has.
fn word(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

fn class(status: Option<StatusCode>) -> &'static str {
    match status.map(|status| status.as_u16()) {
        None => "gone",
        Some(100..=199) => "1xx",
        Some(200..=299) => "2xx",
        Some(300..=399) => "3xx",
        Some(400..=499) => "4xx",
        Some(_) => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_engine::metrics::MOST_VALUES;

    use super::*;

    #[test]
    fn made_up_routes_and_methods_make_no_series_of_their_own() {
        let registry = Registry::default();
        let metrics = HttpMetrics::new(&registry);
        for n in 0..10_000 {
            let method: Method = format!("M{n}").parse().unwrap();
            metrics.begin(&method, Some(format!("/made/up/{n}"))).answered(StatusCode::OK);
        }
        let text = registry.render().unwrap();
        let series = text.lines().filter(|line| line.starts_with("gatehouse_http_requests_total{")).count();
        assert_eq!(series, MOST_VALUES + 1, "the routes that fit, and one for the rest");
        let other = "gatehouse_http_requests_total{method=\"other\",route=\"other\",status=\"200\"}";
        assert!(text.contains(&format!("{other} {}", 10_000 - MOST_VALUES)), "{text}");
    }

    #[test]
    fn a_client_that_leaves_is_counted_as_gone() {
        let registry = Registry::default();
        let metrics = HttpMetrics::new(&registry);
        let request = metrics.begin(&Method::GET, None);
        let flying = "gatehouse_http_requests_in_flight{method=\"GET\",route=\"none\"}";
        assert!(registry.render().unwrap().contains(&format!("{flying} 1")));
        drop(request);
        let text = registry.render().unwrap();
        assert!(text.contains("{method=\"GET\",route=\"none\",status=\"gone\"} 1"), "{text}");
        assert!(text.contains(&format!("{flying} 0")), "{text}");
    }
}

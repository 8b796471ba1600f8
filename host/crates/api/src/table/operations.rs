//! The health of the server, what is counted, and this document.

use axum::http::StatusCode;

use super::Access::{self, Needs, Public};
use super::Route;
use crate::openapi;
use crate::options::Options;
use crate::routes::{health, metrics};

/// Who may scrape the metrics.
pub(crate) fn scrapers(options: &Options) -> Access {
    if options.metrics_public { Public } else { Needs("admin:system:read") }
}

/// The routes.
pub(crate) fn routes(options: &Options) -> Vec<Route> {
    vec![
        Route::get("/health", Public, "What is well and what is not", health::health)
            .gives::<health::Health>(StatusCode::OK),
        Route::get("/health/live", Public, "Whether the process runs", health::live)
            .gives_nothing(StatusCode::NO_CONTENT),
        Route::get("/health/ready", Public, "Whether requests can be served", health::ready)
            .gives::<health::Health>(StatusCode::OK),
        Route::get("/metrics", scrapers(options), "What is counted and timed, for Prometheus", metrics::scrape),
        Route::get("/openapi.json", Public, "This document", openapi::document),
    ]
}

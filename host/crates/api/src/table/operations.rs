//! The health of the server, what is counted, its root keys, and this document.

use axum::http::StatusCode;
use gatehouse_engine::rotation::RootKeyState;
use serde_json::{Map, Value};

use super::Access::{self, Needs, Public};
use super::Route;
use crate::kinds::Shown;
use crate::openapi;
use crate::options::Options;
use crate::page::Items;
use crate::routes::{health, metrics, rotation};

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
            .gives::<health::Health>(StatusCode::OK)
            .also(StatusCode::SERVICE_UNAVAILABLE),
        Route::get("/metrics", scrapers(options), "What is counted and timed, for Prometheus", metrics::scrape)
            .gives_text(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8"),
        Route::get(
            "/admin/rotation",
            Needs("admin:system:read"),
            "Which root keys are in use, how far the exchange of one has come, and which are not needed any more",
            rotation::root_keys,
        )
        .gives::<RootKeyState>(StatusCode::OK),
        Route::post(
            "/admin/rotation",
            Needs("admin:system:write"),
            "Begin to exchange the root key in use for the one in `root_key_file`",
            rotation::rotate_root_key,
        )
        .gives::<RootKeyState>(StatusCode::ACCEPTED),
        Route::get(
            "/problems",
            Public,
            "List every kind of problem with what it means and what to do",
            health::problems,
        )
        .gives::<Items<Shown>>(StatusCode::OK),
        Route::get("/openapi.json", Public, "This document", openapi::document)
            .gives::<Map<String, Value>>(StatusCode::OK),
    ]
}

//! The health of the server, and this document.

use axum::http::StatusCode;

use super::Access::Public;
use super::Route;
use crate::openapi;
use crate::routes::health;

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/health", Public, "What is well and what is not", health::health)
            .gives::<health::Health>(StatusCode::OK),
        Route::get("/health/live", Public, "Whether the process runs", health::live)
            .gives_nothing(StatusCode::NO_CONTENT),
        Route::get("/health/ready", Public, "Whether requests can be served", health::ready)
            .gives::<health::Health>(StatusCode::OK),
        Route::get("/openapi.json", Public, "This document", openapi::document),
    ]
}

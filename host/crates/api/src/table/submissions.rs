//! The review of uploaded versions, as operators and publishers see to it.

use axum::http::StatusCode;

use super::Access::Needs;
use super::Route;
use crate::page::Listing;
use crate::routes::submissions;
use crate::routes::versions::{self, VersionView};

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    let approve = Needs("plugins:approve");
    vec![
        Route::get(
            "/plugins/submissions",
            Needs("plugins:read"),
            "List the submitted versions by where their review stands; a tenant has none",
            submissions::list,
        )
        .query(submissions::LISTING)
        .words(submissions::STATES)
        .gives::<Listing<VersionView>>(StatusCode::OK),
        Route::get(
            "/plugins/{plugin}/versions/{version}",
            Needs("plugins:read"),
            "Read a version, and for operators its review",
            versions::get,
        )
        .tagged()
        .gives::<VersionView>(StatusCode::OK),
        Route::post(
            "/plugins/{plugin}/versions/{version}/approve",
            approve,
            "Let a submitted version be chosen: these very bytes",
            submissions::approve,
        )
        .repeats_without_harm()
        .takes::<submissions::Approve>()
        .gives::<VersionView>(StatusCode::OK),
        Route::post(
            "/plugins/{plugin}/versions/{version}/reject",
            approve,
            "Turn a submitted version down, for a reason that its publisher reads",
            submissions::reject,
        )
        .repeats_without_harm()
        .takes::<submissions::Reject>()
        .gives::<VersionView>(StatusCode::OK),
        Route::post(
            "/plugins/{plugin}/versions/{version}/withdraw",
            Needs("plugins:write"),
            "Take a submission back; it can be submitted again",
            submissions::withdraw,
        )
        .repeats_without_harm()
        .gives::<VersionView>(StatusCode::OK),
        Route::post(
            "/plugins/{plugin}/versions/{version}/reset",
            approve,
            "Let the very bytes that were rejected be submitted once more",
            submissions::reset,
        )
        .repeats_without_harm()
        .gives::<VersionView>(StatusCode::OK),
    ]
}

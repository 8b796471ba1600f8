//! The versions of plugins, as operators keep them and everyone compares them.

use axum::http::StatusCode;
use gatehouse_engine::compatibility::Compatibility;

use super::Access::Needs;
use super::Route;
use crate::page::Items;
use crate::routes::versions;

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/plugins/{plugin}/versions", Needs("plugins:read"), "List versions", versions::list).gives::<Items<
            versions::VersionView,
        >>(
            StatusCode::OK,
        ),
        Route::delete(
            "/plugins/{plugin}/versions/{version}",
            Needs("plugins:write"),
            "Remove a yanked version that nobody is pinned to",
            versions::remove,
        )
        .gives_nothing(StatusCode::NO_CONTENT),
        Route::post(
            "/plugins/{plugin}/versions/{version}/yank",
            Needs("plugins:write"),
            "Take a version back: nobody new can choose it, and those who use it are told",
            versions::yank,
        )
        .takes::<versions::Yank>()
        .gives::<versions::VersionView>(StatusCode::OK),
        Route::post(
            "/plugins/{plugin}/versions/{version}/unyank",
            Needs("plugins:write"),
            "Let a yanked version be chosen again",
            versions::unyank,
        )
        .gives::<versions::VersionView>(StatusCode::OK),
        Route::post(
            "/plugins/{plugin}/versions/{version}/deprecate",
            Needs("plugins:write"),
            "Say that there is something better than a version, and tell those who use it",
            versions::deprecate,
        )
        .takes::<versions::Deprecation>()
        .gives::<versions::VersionView>(StatusCode::OK),
        Route::post(
            "/plugins/{plugin}/versions/{version}/release",
            Needs("plugins:write"),
            "Let a quarantined version be called again",
            versions::release,
        )
        .repeats_without_harm()
        .gives::<versions::VersionView>(StatusCode::OK),
        Route::get(
            "/plugins/{plugin}/compatibility",
            Needs("plugins:read"),
            "Compare two versions: what changes for those who go from one to the other",
            versions::compatibility,
        )
        .query(&[
            ("from", "The version to come from; the one before the other where absent."),
            ("to", "The version to go to; where absent, the one that somebody gets who asks for none."),
        ])
        .gives::<Compatibility>(StatusCode::OK),
    ]
}

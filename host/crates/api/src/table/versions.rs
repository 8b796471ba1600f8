//! The versions of plugins, and going from one to another.

use axum::http::StatusCode;
use gatehouse_engine::compatibility::Compatibility;

use super::Access::Needs;
use super::Route;
use crate::page::Items;
use crate::routes::{canaries, installs, versions};

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
        Route::post(
            "/plugins/tenant/{plugin}/upgrade",
            Needs("plugins:enable"),
            "Take integrations to another version of their plugin, all in one commit",
            installs::upgrade,
        )
        .repeats_without_harm()
        .recalls()
        .takes::<installs::Upgrade>()
        .gives::<installs::UpgradeView>(StatusCode::OK),
        Route::get(
            "/plugins/tenant/{plugin}/upgrade",
            Needs("plugins:read"),
            "Read how the last canary of a plugin stands, or how it ended",
            canaries::get,
        )
        .gives::<canaries::View>(StatusCode::OK),
        Route::post(
            "/plugins/tenant/{plugin}/upgrade/promote",
            Needs("plugins:enable"),
            "Have the new version of a canary take every call now",
            canaries::promote,
        )
        .repeats_without_harm()
        .gives::<canaries::View>(StatusCode::OK),
        Route::post(
            "/plugins/tenant/{plugin}/upgrade/abort",
            Needs("plugins:enable"),
            "End a canary: every call goes to the old version again",
            canaries::abort,
        )
        .repeats_without_harm()
        .gives::<canaries::View>(StatusCode::OK),
        Route::post(
            "/plugins/tenant/{plugin}/rollback",
            Needs("plugins:enable"),
            "Undo the last upgrade of a plugin",
            installs::rollback,
        )
        .repeats_without_harm()
        .takes::<installs::Rollback>()
        .gives::<installs::UpgradeView>(StatusCode::OK),
    ]
}

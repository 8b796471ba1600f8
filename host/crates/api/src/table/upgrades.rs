//! Going from one version of a plugin to another, and back.

use axum::http::StatusCode;

use super::Access::Needs;
use super::Route;
use crate::routes::{canaries, installs};

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    vec![
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

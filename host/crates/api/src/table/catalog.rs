//! Providers, plugins, and what a tenant has enabled of them.

use axum::http::StatusCode;
use gatehouse_domain::install::Install;
use gatehouse_engine::compatibility::Compatibility;

use super::Access::Needs;
use super::Route;
use crate::page::Items;
use crate::routes::{installs, plugins, versions};

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::post("/plugins", Needs("plugins:write"), "Upload a built plugin", plugins::upload)
            .repeats_without_harm()
            .takes_bytes("application/wasm")
            .gives::<plugins::Plugin>(StatusCode::CREATED),
        Route::get("/plugins/available", Needs("plugins:read"), "List plugins", plugins::list)
            .gives::<Items<plugins::Plugin>>(StatusCode::OK),
        Route::get("/plugins/{plugin}", Needs("plugins:read"), "Read a plugin", plugins::get)
            .gives::<plugins::Plugin>(StatusCode::OK),
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
        Route::get(
            "/plugins/{plugin}/permissions",
            Needs("plugins:read"),
            "Read the permission sheet, and the digest to consent with",
            plugins::permissions,
        )
        .query(&[
            (
                "version",
                "Which version; where absent, the newest that is neither yanked nor deprecated nor a pre-release.",
            ),
            ("requirement", "The newest version that fits this, such as `^1.2`, instead of `version`."),
        ])
        .gives::<plugins::Permissions>(StatusCode::OK),
        Route::get("/plugins/tenant/list", Needs("plugins:read"), "List the tenant's installs", installs::list)
            .gives::<Items<installs::InstallView>>(StatusCode::OK),
        Route::get(
            "/plugins/tenant/enabled",
            Needs("plugins:read"),
            "List the tenant's enabled installs",
            installs::enabled,
        )
        .gives::<Items<installs::InstallView>>(StatusCode::OK),
        Route::post(
            "/plugins/tenant/{plugin}/toggle",
            Needs("plugins:enable"),
            "Enable a plugin with consent to its permission sheet, or disable it",
            installs::toggle,
        )
        .takes::<installs::Toggle>()
        .gives::<Install>(StatusCode::OK),
        Route::post(
            "/plugins/tenant/{plugin}/upgrade",
            Needs("plugins:enable"),
            "Take integrations to another version of their plugin, all in one commit",
            installs::upgrade,
        )
        .repeats_without_harm()
        .takes::<installs::Upgrade>()
        .gives::<installs::UpgradeView>(StatusCode::OK),
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

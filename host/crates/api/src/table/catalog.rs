//! Providers, plugins, and what a tenant has enabled of them.

use axum::http::StatusCode;
use gatehouse_domain::install::Install;

use super::Access::Needs;
use super::Route;
use crate::page::{Items, Listing};
use crate::routes::{available, installs, plugins};

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/plugins",
            Needs("plugins:write"),
            "Upload a built plugin, with its signature file as base64 in the header `Gatehouse-Signature`",
            plugins::upload,
        )
        .repeats_without_harm()
        .takes_bytes("application/wasm")
        .gives::<plugins::Plugin>(StatusCode::CREATED),
        Route::get(
            "/plugins/available",
            Needs("plugins:read"),
            "Browse the plugins that there are to choose from",
            available::list,
        )
        .query(available::BROWSING)
        .words(available::CHOICES)
        .gives::<Listing<available::View>>(StatusCode::OK),
        Route::get(
            "/plugins/categories",
            Needs("plugins:read"),
            "Count the plugins that there are to choose from, by category",
            available::categories,
        )
        .gives::<Items<available::CategoryView>>(StatusCode::OK),
        Route::get("/plugins/{plugin}", Needs("plugins:read"), "Read a plugin, also a withdrawn one", plugins::get)
            .tagged()
            .gives::<plugins::Plugin>(StatusCode::OK),
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
    ]
}

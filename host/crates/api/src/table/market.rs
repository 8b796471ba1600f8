//! The marketplace: what is said of plugins, and what a tenant's installs are configured with.

use axum::http::StatusCode;
use gatehouse_domain::market::Said;

use super::Access::Needs;
use super::Route;
use crate::routes::{config, market, plugins};

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    let (read, write) = (Needs("plugins:read"), Needs("plugins:write"));
    vec![
        Route::put("/plugins/{plugin}", write, "Say what the marketplace shows of a plugin, all of it", market::update)
            .tagged()
            .takes::<Said>()
            .gives::<plugins::Plugin>(StatusCode::OK),
        Route::delete(
            "/plugins/{plugin}",
            write,
            "Withdraw a plugin: nobody can newly enable it, and who has it keeps it and is told",
            market::withdraw,
        )
        .tagged()
        .query(market::WITHDRAWING)
        .gives_nothing(StatusCode::NO_CONTENT),
        Route::post("/plugins/{plugin}/restore", write, "Offer a withdrawn plugin again", market::restore)
            .tagged()
            .gives::<plugins::Plugin>(StatusCode::OK),
        Route::get(
            "/plugins/tenant/{plugin}/config",
            read,
            "Read what an install is configured with, and what that comes to",
            config::get,
        )
        .tagged()
        .gives::<config::View>(StatusCode::OK),
        Route::post(
            "/plugins/tenant/{plugin}/configure",
            Needs("plugins:enable"),
            "Replace the settings that every integration of a plugin has unless it says otherwise itself",
            config::configure,
        )
        .repeats_without_harm()
        .tagged()
        .matching()
        .takes::<config::New>()
        .gives::<config::View>(StatusCode::OK),
    ]
}

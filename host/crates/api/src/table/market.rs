//! The marketplace: what is said of plugins, and what a tenant's installs are configured with.

use axum::http::StatusCode;
use gatehouse_domain::market::{Rating, Said};

use super::Access::Needs;
use super::{PAGED, Route};
use crate::routes::{config, market, plugins, reviews, shown};

/// The media type of texts that authors write.
const MARKDOWN: &str = "text/markdown; charset=utf-8";

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
        Route::get("/plugins/{plugin}/icon", read, "Get its icon: an SVG image that does nothing", shown::icon)
            .query(shown::QUERY)
            .tagged()
            .also(StatusCode::NOT_MODIFIED)
            .gives_text(StatusCode::OK, "image/svg+xml"),
        Route::get("/plugins/{plugin}/readme", read, "Get its readme, in Markdown", shown::readme)
            .query(shown::QUERY)
            .tagged()
            .also(StatusCode::NOT_MODIFIED)
            .gives_text(StatusCode::OK, MARKDOWN),
        Route::get("/plugins/{plugin}/changelog", read, "Get its changelog, in Markdown", shown::changelog)
            .query(shown::QUERY)
            .tagged()
            .also(StatusCode::NOT_MODIFIED)
            .gives_text(StatusCode::OK, MARKDOWN),
        Route::get(
            "/plugins/{plugin}/screenshots/{screenshot}",
            read,
            "Get one of its screenshots, from 1: a PNG or JPEG image",
            shown::screenshot,
        )
        .query(shown::QUERY)
        .tagged()
        .also(StatusCode::NOT_MODIFIED)
        .gives_text(StatusCode::OK, "*/*"),
    ]
}

/// What tenants think of plugins.
pub(crate) fn reviews() -> Vec<Route> {
    let (read, own) = (Needs("plugins:read"), Needs("reviews:write"));
    let write = Needs("plugins:write");
    vec![
        Route::get("/plugins/{plugin}/reviews", read, "List what tenants say of a plugin, newest first", reviews::list)
            .query(PAGED)
            .gives::<reviews::PageView>(StatusCode::OK),
        Route::get("/plugins/{plugin}/review", own, "Read the tenant's own review, also a hidden one", reviews::own)
            .tagged()
            .gives::<reviews::View>(StatusCode::OK),
        Route::put(
            "/plugins/{plugin}/review",
            own,
            "Rate and review a plugin that the tenant has or had, in the place of what it said before",
            reviews::put,
        )
        .tagged()
        .takes::<Rating>()
        .gives::<reviews::View>(StatusCode::OK),
        Route::delete("/plugins/{plugin}/review", own, "Take back the tenant's own review", reviews::delete)
            .tagged()
            .gives_nothing(StatusCode::NO_CONTENT),
        Route::post(
            "/plugins/{plugin}/reviews/{review}/hide",
            write,
            "Hide a review for a reason: it does not count, and its tenant reads why",
            reviews::hide,
        )
        .repeats_without_harm()
        .takes::<reviews::Hide>()
        .gives::<reviews::View>(StatusCode::OK),
        Route::post("/plugins/{plugin}/reviews/{review}/unhide", write, "Show a hidden review again", reviews::unhide)
            .repeats_without_harm()
            .gives::<reviews::View>(StatusCode::OK),
    ]
}

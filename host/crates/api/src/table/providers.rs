//! Providers and what they can do.

use axum::http::StatusCode;

use super::Access::Needs;
use super::Route;
use crate::page::Items;
use crate::routes::{capabilities, providers};

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    let (read, write) = (Needs("providers:read"), Needs("providers:write"));
    vec![
        Route::get("/providers", read, "List providers", providers::list)
            .gives::<Items<providers::View>>(StatusCode::OK),
        Route::post("/providers", write, "Declare a provider, also before a plugin serves it", providers::create)
            .tagged()
            .takes::<providers::New>()
            .gives::<providers::View>(StatusCode::CREATED),
        Route::get("/providers/{provider}", read, "Read a provider, also a deleted one", providers::get)
            .tagged()
            .gives::<providers::View>(StatusCode::OK),
        Route::put("/providers/{provider}", write, "Change what is said of a provider", providers::update)
            .tagged()
            .takes::<providers::Change>()
            .gives::<providers::View>(StatusCode::OK),
        Route::delete(
            "/providers/{provider}",
            write,
            "Delete a provider: its integrations go on, and nobody can make a new one",
            providers::delete,
        )
        .tagged()
        .gives_nothing(StatusCode::NO_CONTENT),
        Route::get("/providers/{provider}/capabilities", read, "List its capabilities", capabilities::list)
            .gives::<Items<capabilities::View>>(StatusCode::OK),
        Route::post(
            "/providers/{provider}/capabilities",
            write,
            "Declare a capability, or say something of one that a plugin serves",
            capabilities::create,
        )
        .tagged()
        .takes::<capabilities::New>()
        .gives::<capabilities::View>(StatusCode::CREATED),
        Route::get("/providers/{provider}/capabilities/{capability}", read, "Read a capability", capabilities::get)
            .tagged()
            .gives::<capabilities::View>(StatusCode::OK),
        Route::put(
            "/providers/{provider}/capabilities/{capability}",
            write,
            "Describe it anew, narrow its schema, switch it off or on",
            capabilities::update,
        )
        .tagged()
        .takes::<capabilities::Change>()
        .gives::<capabilities::View>(StatusCode::OK),
        Route::delete(
            "/providers/{provider}/capabilities/{capability}",
            write,
            "Take back what was said of it",
            capabilities::delete,
        )
        .tagged()
        .gives_nothing(StatusCode::NO_CONTENT),
    ]
}

//! Publishers of plugins, and the keys that they sign with.

use axum::http::StatusCode;
use gatehouse_domain::trust::Publisher;

use super::Access::Needs;
use super::Route;
use crate::page::Items;
use crate::routes::publishers;

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/publishers", Needs("publishers:read"), "List publishers", publishers::list)
            .gives::<Items<Publisher>>(StatusCode::OK),
        Route::post("/publishers", Needs("publishers:write"), "Enter a publisher", publishers::create)
            .takes::<publishers::NewPublisherBody>()
            .gives::<Publisher>(StatusCode::CREATED),
        Route::get("/publishers/{publisher}", Needs("publishers:read"), "Read a publisher", publishers::get)
            .gives::<Publisher>(StatusCode::OK),
        Route::post(
            "/publishers/{publisher}/keys",
            Needs("publishers:write"),
            "Enter a further key of a publisher",
            publishers::add_key,
        )
        .takes::<publishers::NewKeyBody>()
        .gives::<Publisher>(StatusCode::OK),
        Route::post(
            "/publishers/{publisher}/keys/{publisher_key}/revoke",
            Needs("publishers:write"),
            "Revoke a key; what it signed before stays good or not by choice",
            publishers::revoke_key,
        )
        .repeats_without_harm()
        .takes::<publishers::RevokeBody>()
        .gives::<Publisher>(StatusCode::OK),
        Route::post(
            "/publishers/{publisher}/rotate",
            Needs("publishers:write"),
            "Take in the key that a present one signed for",
            publishers::rotate_key,
        )
        .takes::<publishers::RotateBody>()
        .gives::<Publisher>(StatusCode::OK),
    ]
}

//! An integration and its provider: tested, connected, given another credential, disconnected.

use axum::http::StatusCode;
use gatehouse_engine::integrations::Tested;

use super::Access::Needs;
use super::Route;
use crate::routes::{connect, integrations};

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    let update = Needs("integrations:update");
    vec![
        Route::post(
            "/integrations/{integration}/test",
            update,
            "Ask the provider whether the credentials work",
            integrations::test,
        )
        .asks_provider()
        .gives::<Tested>(StatusCode::OK),
        Route::post(
            "/integrations/{integration}/connect",
            update,
            "Connect it, once the provider has accepted the credential; a provider's code makes a new integration",
            connect::connect,
        )
        .asks_provider()
        .takes::<connect::Connect>()
        .gives::<connect::Connected>(StatusCode::OK),
        Route::post(
            "/integrations/{integration}/rotate",
            update,
            "Put a new credential in the place of the old one, which stays good for webhooks for a while",
            connect::rotate,
        )
        .asks_provider()
        .takes::<connect::Rotate>()
        .gives::<connect::Connected>(StatusCode::OK),
        Route::delete(
            "/integrations/{integration}/disconnect",
            update,
            "Destroy its credential and keep the rest",
            connect::disconnect,
        )
        .matching()
        .gives::<integrations::View>(StatusCode::OK),
    ]
}

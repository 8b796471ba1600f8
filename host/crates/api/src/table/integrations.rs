//! Integrations: made, found, connected and looked at.

use axum::http::StatusCode;
use gatehouse_domain::capability::Capability;
use gatehouse_domain::event::Event;
use gatehouse_engine::integrations::Status;
use serde_json::{Map, Value};

use super::Access::Needs;
use super::{PAGED, Route};
use crate::page::{Items, Listing};
use crate::routes::{connect, events, integrations};

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    let (read, update) = (Needs("integrations:read"), Needs("integrations:update"));
    vec![
        Route::post(
            "/integrations",
            Needs("integrations:create"),
            "Make an integration; its credentials are sealed and never come back",
            integrations::create,
        )
        .takes::<integrations::NewIntegration>()
        .gives::<integrations::View>(StatusCode::CREATED),
        Route::get("/integrations", read, "List integrations", integrations::list)
            .query(integrations::FILTERS)
            .words(&[("environment", &["live", "sandbox"])])
            .gives::<Listing<integrations::View>>(StatusCode::OK),
        Route::get("/integrations/connected", read, "List those that work", integrations::connected)
            .query(integrations::FILTERS)
            .words(&[("environment", &["live", "sandbox"])])
            .gives::<Listing<integrations::View>>(StatusCode::OK),
        Route::get("/integrations/{integration}", read, "Read an integration", integrations::get)
            .tagged()
            .gives::<integrations::View>(StatusCode::OK),
        Route::put("/integrations/{integration}", update, "Change an integration", integrations::update)
            .tagged()
            .takes::<integrations::Change>()
            .gives::<integrations::View>(StatusCode::OK),
        Route::delete(
            "/integrations/{integration}",
            Needs("integrations:delete"),
            "Delete an integration and its credentials",
            integrations::delete,
        )
        .tagged()
        .query(integrations::DELETING)
        .gives_nothing(StatusCode::NO_CONTENT),
        Route::get(
            "/integrations/{integration}/settings",
            read,
            "Read its settings and their schema",
            connect::settings,
        )
        .tagged()
        .gives::<connect::Settings>(StatusCode::OK),
        Route::put("/integrations/{integration}/settings", update, "Replace its settings", connect::put_settings)
            .tagged()
            .takes::<Map<String, Value>>()
            .gives::<connect::Settings>(StatusCode::OK),
        Route::get(
            "/integrations/{integration}/status",
            read,
            "Read how an integration fares: health, circuit, rate budget, calls under way, retries",
            integrations::status,
        )
        .gives::<Status>(StatusCode::OK),
        Route::get(
            "/integrations/{integration}/capabilities",
            read,
            "List what can be executed, with JSON Schemas read from the component",
            integrations::capabilities,
        )
        .gives::<Items<Capability>>(StatusCode::OK),
        Route::get(
            "/integrations/{integration}/events",
            Needs("events:read"),
            "List its events",
            events::of_integration,
        )
        .query(PAGED)
        .gives::<Listing<Event>>(StatusCode::OK),
    ]
}

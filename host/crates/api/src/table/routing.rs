//! Calls by intent, and what decides about them: links and policies.

use axum::http::StatusCode;
use gatehouse_domain::link::Link;
use gatehouse_domain::routing::Policy;

use super::Access::Needs;
use super::{PAGED, Route};
use crate::page::{Items, Listing};
use crate::routes::{execute, intent, links, policies};

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    let (read, write) = (Needs("policies:read"), Needs("policies:write"));
    let entity = "/entities/{entity_type}/{entity_id}/integrations";
    vec![
        Route::post(
            "/execute",
            Needs("integrations:execute"),
            "Call a capability of whoever shall serve it: named, linked, the tenant's default, or by policy",
            intent::execute,
        )
        .takes::<intent::Intent>()
        .repeats_by_itself()
        .calls()
        .accepts::<execute::Accepted>()
        .gives::<intent::Routed>(StatusCode::OK),
        Route::get(entity, Needs("links:read"), "List an entity's links", links::list)
            .query(links::QUERY)
            .gives::<Items<Link>>(StatusCode::OK),
        Route::post(
            entity,
            Needs("links:write"),
            "Link an integration to an entity, or change whether it is the default",
            links::create,
        )
        .takes::<links::NewLink>()
        .gives::<Link>(StatusCode::CREATED),
        Route::delete(
            "/entities/{entity_type}/{entity_id}/integrations/{integration}",
            Needs("links:write"),
            "Unlink an integration from an entity",
            links::delete,
        )
        .query(links::QUERY)
        .gives_nothing(StatusCode::NO_CONTENT),
        Route::get(
            "/integrations/{integration}/links",
            Needs("links:read"),
            "List an integration's links",
            links::of_integration,
        )
        .query(PAGED)
        .gives::<Listing<Link>>(StatusCode::OK),
        Route::post("/policies", write, "Keep a routing policy", policies::create)
            .takes::<policies::NewPolicy>()
            .gives::<Policy>(StatusCode::CREATED),
        Route::get("/policies", read, "List routing policies", policies::list).gives::<Items<Policy>>(StatusCode::OK),
        Route::get("/policies/{policy}", read, "Read a routing policy, by id or name", policies::get)
            .tagged()
            .gives::<Policy>(StatusCode::OK),
        Route::put("/policies/{policy}", write, "Put another policy in its place", policies::replace)
            .tagged()
            .takes::<policies::NewPolicy>()
            .gives::<Policy>(StatusCode::OK),
        Route::delete("/policies/{policy}", write, "Delete a routing policy", policies::delete)
            .tagged()
            .gives_nothing(StatusCode::NO_CONTENT),
    ]
}

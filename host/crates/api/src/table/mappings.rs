//! Mappings of an integration, and the schemas that they are checked against.

use axum::http::StatusCode;
use gatehouse_domain::mapping::{Mapping, RuleSet};
use gatehouse_engine::mapping::{Ask, Brief, Preview, Registered};

use super::Access::Needs;
use super::{PAGED, Route};
use crate::page::{Items, Listing};
use crate::routes::mappings;

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    let (read, write) = (Needs("mappings:read"), Needs("mappings:write"));
    let one = "/integrations/{integration}/mappings/{entity}";
    let schema = "/integrations/{integration}/entities/{entity}/schema";
    vec![
        Route::get("/integrations/{integration}/mappings", read, "List the mappings in use", mappings::list)
            .gives::<Items<Brief>>(StatusCode::OK),
        Route::put(
            "/integrations/{integration}/mappings",
            write,
            "Save several mappings, all of them or none",
            mappings::save_several,
        )
        .takes::<mappings::Several>()
        .gives::<Items<Brief>>(StatusCode::OK),
        Route::post(
            "/integrations/{integration}/mappings/preview",
            write,
            "See what a mapping would make of a real record, rule by rule; nothing is kept",
            mappings::preview,
        )
        .takes::<Ask>()
        .repeats_without_harm()
        .gives::<Preview>(StatusCode::OK),
        Route::get(one, read, "Read the mapping of an entity, or of a capability by its code", mappings::get)
            .tagged()
            .gives::<Mapping>(StatusCode::OK),
        Route::put(
            one,
            write,
            "Save the next version of a mapping; an old one is saved again to go back",
            mappings::save,
        )
        .takes::<RuleSet>()
        .tagged()
        .gives::<Mapping>(StatusCode::OK),
        Route::get(
            "/integrations/{integration}/mappings/{entity}/versions",
            read,
            "List the versions of a mapping, newest first",
            mappings::versions,
        )
        .query(PAGED)
        .gives::<Listing<Brief>>(StatusCode::OK),
        Route::get(
            "/integrations/{integration}/mappings/{entity}/versions/{version}",
            read,
            "Read a version of a mapping",
            mappings::version,
        )
        .gives::<Mapping>(StatusCode::OK),
        Route::get(schema, read, "Read the schema that an entity's records have here", mappings::schema)
            .gives::<Registered>(StatusCode::OK),
        Route::put(schema, write, "Register the schema that an entity's records have here", mappings::register)
            .takes::<mappings::NewSchema>()
            .gives::<Registered>(StatusCode::OK),
    ]
}

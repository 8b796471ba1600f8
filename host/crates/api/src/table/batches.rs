//! Batches of calls.

use axum::http::StatusCode;
use gatehouse_domain::batch::Batch;
use gatehouse_engine::batches::Line;

use super::Access::Needs;
use super::{PAGED, Route};
use crate::page::Listing;
use crate::routes::batches;

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    let (read, execute) = (Needs("executions:read"), Needs("integrations:execute"));
    vec![
        Route::post("/batches", execute, "Accept many calls at once; each has a result of its own", batches::create)
            .takes::<batches::Calls>()
            .gives::<Batch>(StatusCode::ACCEPTED),
        Route::get("/batches", read, "List batches, newest first", batches::list)
            .query(PAGED)
            .gives::<Listing<Batch>>(StatusCode::OK),
        Route::get("/batches/{batch}", read, "Read a batch and how far it has come", batches::get)
            .gives::<Batch>(StatusCode::OK),
        Route::get("/batches/{batch}/items", read, "List the calls of a batch with their results", batches::items)
            .query(PAGED)
            .gives::<Listing<Line>>(StatusCode::OK),
        Route::post(
            "/batches/{batch}/cancel",
            execute,
            "Take back the calls of a batch that are not begun, and ask those that run to end",
            batches::cancel,
        )
        .repeats_without_harm()
        .gives::<Batch>(StatusCode::OK),
    ]
}

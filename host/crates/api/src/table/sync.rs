//! Syncs of an integration: runs, settings and logs, and the records with their feed of changes.

use axum::http::StatusCode;
use gatehouse_domain::sync::{SyncChange, SyncLog};
use gatehouse_engine::sync::{Accepted, Ask, EntityStatus, EntityView, RecordView, Resolve, RunView};

use super::Access::Needs;
use super::{PAGED, Route};
use crate::page::{Items, Listing};
use crate::routes::{records, sync};

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    let mut routes = of_runs();
    routes.extend(of_records());
    routes
}

fn of_runs() -> Vec<Route> {
    let (read, write) = (Needs("sync:read"), Needs("sync:write"));
    vec![
        Route::post(
            "/integrations/{integration}/sync",
            write,
            "Begin a sync of every entity that is on",
            sync::start_all,
        )
        .takes::<Ask>()
        .gives::<Items<RunView>>(StatusCode::ACCEPTED),
        Route::post("/integrations/{integration}/sync/{entity}", write, "Begin a sync of one entity", sync::start)
            .takes::<Ask>()
            .gives::<RunView>(StatusCode::ACCEPTED),
        Route::get(
            "/integrations/{integration}/sync/settings",
            read,
            "Read what was decided about syncs",
            sync::settings,
        )
        .gives::<Items<EntityView>>(StatusCode::OK),
        Route::put("/integrations/{integration}/sync/settings", write, "Decide about syncs", sync::change_settings)
            .takes::<sync::Settings>()
            .gives::<Items<EntityView>>(StatusCode::OK),
        Route::get("/integrations/{integration}/sync/status", read, "See how each entity's sync stands", sync::status)
            .gives::<Items<EntityStatus>>(StatusCode::OK),
        Route::get(
            "/integrations/{integration}/sync/logs",
            read,
            "Read what became of each record, newest first",
            sync::logs,
        )
        .query(sync::LOG_QUERY)
        .words(&[("outcome", &["done", "failed", "conflict", "unknown", "held"])])
        .gives::<Listing<SyncLog>>(StatusCode::OK),
        Route::get("/integrations/{integration}/sync/runs", read, "List runs, newest first", sync::runs)
            .query(PAGED)
            .gives::<Listing<RunView>>(StatusCode::OK),
        Route::get("/integrations/{integration}/sync/runs/{run}", read, "Read a run", sync::run)
            .gives::<RunView>(StatusCode::OK),
        Route::get(
            "/integrations/{integration}/sync/runs/{run}/events",
            read,
            "Watch a run, as server-sent events `progress` that end with it",
            sync::events,
        )
        .gives_text(StatusCode::OK, "text/event-stream"),
        Route::post(
            "/integrations/{integration}/sync/runs/{run}/approve",
            write,
            "Let a held run delete what is missing at the provider",
            sync::approve,
        )
        .gives::<RunView>(StatusCode::OK),
        Route::post(
            "/integrations/{integration}/sync/runs/{run}/discard",
            write,
            "End a held run without deleting anything",
            sync::discard,
        )
        .gives::<RunView>(StatusCode::OK),
    ]
}

fn of_records() -> Vec<Route> {
    let (read, write) = (Needs("records:read"), Needs("records:write"));
    vec![
        Route::get(
            "/integrations/{integration}/records/{entity}",
            read,
            "Read the feed of changes of an entity's records, oldest change first",
            records::feed,
        )
        .query(PAGED)
        .gives::<records::Feed>(StatusCode::OK),
        Route::post(
            "/integrations/{integration}/records/{entity}",
            write,
            "Hand in a new record, to be made at the provider",
            records::create,
        )
        .takes::<records::Content>()
        .gives::<Accepted>(StatusCode::ACCEPTED),
        Route::get("/integrations/{integration}/records/{entity}/{record}", read, "Read a record", records::get)
            .gives::<RecordView>(StatusCode::OK),
        Route::put(
            "/integrations/{integration}/records/{entity}/{record}",
            write,
            "Hand in a record's whole new content, to be pushed to the provider",
            records::change,
        )
        .takes::<records::Content>()
        .gives::<Accepted>(StatusCode::ACCEPTED),
        Route::delete(
            "/integrations/{integration}/records/{entity}/{record}",
            write,
            "Hand in that a record is to be deleted at the provider",
            records::delete,
        )
        .gives::<Accepted>(StatusCode::ACCEPTED),
        Route::get(
            "/integrations/{integration}/records/{entity}/changes/{change}",
            read,
            "Read where a change stands that was handed in",
            records::change_state,
        )
        .gives::<SyncChange>(StatusCode::OK),
        Route::post(
            "/integrations/{integration}/records/{entity}/changes/{change}/resolve",
            write,
            "Say what became of a pushed change that could not be found out",
            records::resolve,
        )
        .takes::<Resolve>()
        .gives::<SyncChange>(StatusCode::OK),
    ]
}

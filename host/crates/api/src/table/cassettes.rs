//! Recorded calls.

use axum::http::StatusCode;
use gatehouse_domain::cassette::Label;
use gatehouse_domain::rehearsal::Replayed;

use super::Access::Needs;
use super::Route;
use crate::page::Items;
use crate::routes::cassettes;

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/integrations/{integration}/cassettes",
            Needs("executions:read"),
            "List the recorded calls of an integration, newest first",
            cassettes::list,
        )
        .gives::<Items<Label>>(StatusCode::OK),
        Route::get(
            "/integrations/{integration}/cassettes/{cassette}",
            Needs("executions:read"),
            "Read a recorded call",
            cassettes::get,
        )
        .gives::<cassettes::View>(StatusCode::OK),
        Route::post(
            "/integrations/{integration}/cassettes/{cassette}/rehearse",
            Needs("executions:read"),
            "Run a recorded call on a version of its plugin, offline, and show what is different",
            cassettes::rehearse,
        )
        .repeats_without_harm()
        .recalls()
        .takes::<cassettes::Rehearse>()
        .gives::<Replayed>(StatusCode::OK),
        Route::get(
            "/executions/{execution}/cassette",
            Needs("executions:read"),
            "Read the recorded call of an execution",
            cassettes::of_execution,
        )
        .gives::<cassettes::View>(StatusCode::OK),
        Route::post(
            "/executions/{execution}/rehearse",
            Needs("executions:read"),
            "Run the recorded call of an execution on a version of its plugin, offline, and show what is different",
            cassettes::rehearse_execution,
        )
        .repeats_without_harm()
        .recalls()
        .takes::<cassettes::Rehearse>()
        .gives::<Replayed>(StatusCode::OK),
    ]
}

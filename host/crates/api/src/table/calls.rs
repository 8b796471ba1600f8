//! Calls of capabilities, their records, and what providers call in return.

use axum::http::StatusCode;
use gatehouse_domain::execution::Execution;

use super::Access::Needs;
use super::Route;
use crate::page::Listing;
use crate::routes::{execute, executions};

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/integrations/{integration}/execute",
            Needs("integrations:execute"),
            "Call a capability",
            execute::execute,
        )
        .repeats_by_itself()
        .takes::<execute::Ask>()
        .timed()
        .calls()
        .accepts::<execute::Accepted>()
        .gives::<execute::Executed>(StatusCode::OK),
        Route::get("/executions", Needs("executions:read"), "List executions, newest first", executions::list)
            .query(executions::QUERY)
            .words(&[("outcome", &["unknown"])])
            .gives::<Listing<Execution>>(StatusCode::OK),
        Route::get("/executions/{execution}", Needs("executions:read"), "Read an execution", executions::get)
            .query(executions::WAIT)
            .gives::<Execution>(StatusCode::OK),
        Route::post(
            "/executions/{execution}/resolve",
            Needs("executions:resolve"),
            "Say what became of a write whose outcome is unknown",
            executions::resolve,
        )
        .takes::<executions::Decision>()
        .gives::<Execution>(StatusCode::OK),
        Route::post(
            "/executions/{execution}/cancel",
            Needs("integrations:execute"),
            "Take a call back that has not begun, or ask one that runs to end",
            executions::cancel,
        )
        .repeats_without_harm()
        .gives::<Execution>(StatusCode::OK),
        Route::post(
            "/executions/{execution}/replay",
            Needs("integrations:execute"),
            "Make a call again that failed, or that only looked",
            executions::replay,
        )
        .repeats_by_itself()
        .calls()
        .gives::<execute::Executed>(StatusCode::OK),
    ]
}

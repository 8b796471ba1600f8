//! What is told of changes: the feed of events and the audit trail.

use axum::http::StatusCode;
use gatehouse_domain::audit::AuditEntry;
use gatehouse_domain::event::Event;
use gatehouse_engine::audit::{CheckpointKey, Verified};

use super::Access::Needs;
use super::{PAGED, Route};
use crate::page::Listing;
use crate::routes::{audit, events};

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/events", Needs("events:read"), "Read the feed of events, oldest first", events::feed)
            .query(PAGED)
            .gives::<events::Feed>(StatusCode::OK),
        Route::get("/events/{event}", Needs("events:read"), "Read an event", events::get)
            .gives::<Event>(StatusCode::OK),
        Route::get("/audit", Needs("audit:read"), "Read the audit trail, newest first", audit::list)
            .query(audit::QUERY)
            .gives::<Listing<AuditEntry>>(StatusCode::OK),
        Route::get(
            "/audit/verify",
            Needs("audit:read"),
            "Prove that nothing in the audit trail was altered",
            audit::verify,
        )
        .query(audit::NAMED)
        .gives::<Verified>(StatusCode::OK),
        Route::get("/audit/key", Needs("audit:read"), "Read what checks the signatures of checkpoints", audit::key)
            .gives::<CheckpointKey>(StatusCode::OK),
    ]
}

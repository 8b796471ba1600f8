//! The audit trail.

use axum::Json;
use axum::extract::State;
use gatehouse_domain::audit::AuditEntry;
use gatehouse_engine::audit::Verified;

use super::Answer;
use crate::guard::By;
use crate::page::{Asked, Listing};
use crate::router::App;

pub(crate) async fn list(State(app): State<App>, By(caller): By, Asked(page): Asked) -> Answer<Listing<AuditEntry>> {
    Ok(Json(Listing::of(app.engine.audit_entries(&caller, &page).await?, |entry| entry)))
}

pub(crate) async fn verify(State(app): State<App>, By(caller): By) -> Answer<Verified> {
    Ok(Json(app.engine.verify_audit(caller.tenant().ok()).await?))
}

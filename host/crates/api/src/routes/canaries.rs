//! Canaries of upgrades: how one stands, and ending it by hand.

use axum::Json;
use axum::extract::{Path, State};
use gatehouse_domain::canary::{self, Canary, Counts, Rules};
use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::plugin::PluginRef;
use schemars::JsonSchema;
use serde::Serialize;

use super::Answer;
use crate::guard::By;
use crate::router::App;

/// A canary.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CanaryView")]
pub(crate) struct View {
    /// The version that the install has.
    from: PluginRef,
    /// The new one.
    to: PluginRef,
    /// The integrations that take part; null for all of the plugin.
    integrations: Option<Vec<IntegrationId>>,
    /// How it goes.
    rules: Rules,
    /// Where it stands.
    state: canary::State,
    /// Why it ended.
    reason: Option<String>,
    /// How the old version did meanwhile.
    old: Counts,
    /// How the new one did.
    new: Counts,
    /// When it began.
    started_at: String,
    /// When it can be promoted at the earliest.
    not_before: String,
    /// When it ended.
    ended_at: Option<String>,
}

pub(crate) async fn get(State(app): State<App>, By(caller): By, Path(plugin): Path<String>) -> Answer<View> {
    Ok(Json(view(app.engine.canary(&caller, &plugin).await?)))
}

pub(crate) async fn promote(State(app): State<App>, By(caller): By, Path(plugin): Path<String>) -> Answer<View> {
    Ok(Json(view(app.engine.promote_canary(&caller, &plugin).await?)))
}

pub(crate) async fn abort(State(app): State<App>, By(caller): By, Path(plugin): Path<String>) -> Answer<View> {
    Ok(Json(view(app.engine.abort_canary(&caller, &plugin).await?)))
}

pub(super) fn view(canary: Canary) -> View {
    let Canary { from, to, integrations, rules, state, reason, old, new, started_at, not_before, ended_at, .. } =
        canary;
    View {
        from,
        to,
        integrations,
        rules,
        state,
        reason,
        old,
        new,
        started_at: started_at.to_string(),
        not_before: not_before.to_string(),
        ended_at: ended_at.map(|at| at.to_string()),
    }
}

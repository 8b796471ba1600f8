//! The marketplace as operators keep it: what is said of a plugin, and that it is withdrawn.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use gatehouse_domain::market::{Listing, Said};
use gatehouse_engine::market::Withdraw;
use serde::Deserialize;

use super::plugins::{Plugin, show_listed};
use crate::body::Body;
use crate::etag::{Expected, Tagged};
use crate::guard::By;
use crate::problem::Failure;
use crate::router::App;

/// The query parameters of withdrawing.
pub(crate) const WITHDRAWING: &[(&str, &str)] = &[
    ("force", "`true` to withdraw it though tenants have it; what there is of it goes on."),
    ("reason", "Why, for those who have it: one line of at most 500 bytes."),
];

#[derive(Deserialize)]
pub(crate) struct Withdrawing {
    #[serde(default)]
    force: bool,
    #[serde(default)]
    reason: Option<String>,
}

pub(crate) async fn update(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
    Expected(expected): Expected,
    Body(said): Body<Said>,
) -> Result<Tagged<Plugin>, Failure> {
    let listing = app.engine.put_listing(&caller, &id, said, &expected).await?;
    show(&app, listing).await
}

pub(crate) async fn withdraw(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
    Expected(expected): Expected,
    Query(Withdrawing { force, reason }): Query<Withdrawing>,
) -> Result<StatusCode, Failure> {
    app.engine.withdraw_plugin(&caller, &id, Withdraw { reason, force }, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn restore(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
) -> Result<Tagged<Plugin>, Failure> {
    let listing = app.engine.restore_plugin(&caller, &id).await?;
    show(&app, listing).await
}

async fn show(app: &App, listing: Listing) -> Result<Tagged<Plugin>, Failure> {
    let listed = app.engine.get_plugin(&listing.plugin).await?;
    let plugin = show_listed(&app.engine, listed, listing.clone()).await?;
    Ok(Tagged::of(&listing, plugin)?)
}

//! The review of uploaded versions: what waits for one, and what is decided.

use axum::Json;
use axum::extract::{Path, Query, State};
use gatehouse_domain::id::KeyId;
use gatehouse_domain::plugin::submission::{self, Decided, Report, Submission};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Answer;
use super::versions::{Named, VersionView, view};
use crate::body::Body;
use crate::guard::By;
use crate::page::{Asked, Listing};
use crate::router::App;

/// The query parameters of the list.
pub(crate) const LISTING: &[(&str, &str)] = &[
    ("state", "Where their review stands; `in_review` where absent."),
    ("limit", "How many at most, 1 to 200; 50 where absent."),
    ("cursor", "Where to go on: the `next` of the page before."),
];

/// Where a review can stand.
pub(crate) const STATES: &[(&str, &[&str])] = &[("state", &["in_review", "approved", "rejected", "withdrawn"])];

/// The review of a version, as operators and its publisher see it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Submission")]
pub(crate) struct View {
    /// Where it stands.
    state: submission::State,
    /// SHA-256 of the bytes that were uploaded, in hexadecimal: what to approve.
    digest: String,
    /// The key that they were uploaded with.
    submitted_by: KeyId,
    /// When.
    submitted_at: String,
    /// What was found as they came, beside the size and the permission sheet.
    report: Report,
    /// The last decision.
    decided: Option<Decided>,
}

/// That a version may be chosen.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approve {
    /// The digest of the bytes that were looked at, as the submission has it.
    digest: String,
    /// What is to be said of it, if anything.
    #[serde(default)]
    reason: Option<String>,
}

/// That a version is turned down.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reject {
    /// Why. Its publisher reads it.
    reason: String,
}

#[derive(Deserialize)]
pub(crate) struct Standing {
    state: Option<submission::State>,
}

impl View {
    /// A submission as it is shown.
    pub(crate) fn of(submission: Submission) -> Self {
        let Submission { state, digest, by, at, report, decided } = submission;
        Self { state, digest, submitted_by: by, submitted_at: at.to_string(), report, decided }
    }
}

pub(crate) async fn list(
    State(app): State<App>,
    By(caller): By,
    Asked(page): Asked,
    Query(standing): Query<Standing>,
) -> Answer<Listing<VersionView>> {
    let state = standing.state.unwrap_or(submission::State::InReview);
    let found = app.engine.submissions(&caller, state, &page).await?;
    let next = found.next.map(|cursor| cursor.to_string());
    let mut items = Vec::with_capacity(found.items.len());
    for version in found.items {
        items.push(view(&app.engine, &caller, version).await?);
    }
    Ok(Json(Listing { items, next }))
}

pub(crate) async fn approve(
    State(app): State<App>,
    By(caller): By,
    Path(named): Path<Named>,
    Body(approve): Body<Approve>,
) -> Answer<VersionView> {
    let (version, reason) = (named.version()?, approve.reason.as_deref());
    let approved = app.engine.approve_version(&caller, (&named.plugin, &version), &approve.digest, reason).await?;
    Ok(Json(view(&app.engine, &caller, approved).await?))
}

pub(crate) async fn reject(
    State(app): State<App>,
    By(caller): By,
    Path(named): Path<Named>,
    Body(reject): Body<Reject>,
) -> Answer<VersionView> {
    let version = named.version()?;
    let rejected = app.engine.reject_version(&caller, (&named.plugin, &version), &reject.reason).await?;
    Ok(Json(view(&app.engine, &caller, rejected).await?))
}

pub(crate) async fn withdraw(State(app): State<App>, By(caller): By, Path(named): Path<Named>) -> Answer<VersionView> {
    let version = named.version()?;
    let withdrawn = app.engine.withdraw_version(&caller, (&named.plugin, &version)).await?;
    Ok(Json(view(&app.engine, &caller, withdrawn).await?))
}

pub(crate) async fn reset(State(app): State<App>, By(caller): By, Path(named): Path<Named>) -> Answer<VersionView> {
    let version = named.version()?;
    let reset = app.engine.reset_version(&caller, (&named.plugin, &version)).await?;
    Ok(Json(view(&app.engine, &caller, reset).await?))
}

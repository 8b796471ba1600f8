//! Reviews of plugins: read by everybody, written by tenants, hidden by operators. No answer names
//! another tenant.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gatehouse_domain::Error;
use gatehouse_domain::id::{ReviewId, TenantId};
use gatehouse_domain::market::{Hidden, Rating, Review};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Answer;
use super::available::RatingView;
use crate::body::Body;
use crate::etag::{Expected, Tagged};
use crate::guard::By;
use crate::page::Asked;
use crate::problem::Failure;
use crate::router::App;

/// What others see in the place of a name.
const NAMELESS: &str = "a tenant";

/// A review as it is shown.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Review")]
pub(crate) struct View {
    /// Its identifier.
    id: ReviewId,
    /// The plugin's id.
    plugin: String,
    /// 1 to 5.
    stars: u8,
    /// Why.
    text: String,
    /// The name that its tenant chose, or `a tenant`.
    name: String,
    /// Whether it is the caller's own.
    own: bool,
    /// The version that its tenant had.
    version: String,
    /// That it is hidden from others, and why.
    hidden: Option<Hidden>,
    /// When it was written.
    created_at: String,
    /// When it was changed last.
    updated_at: String,
}

/// A page of reviews, newest first.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReviewPage")]
pub(crate) struct PageView {
    /// What is on it.
    items: Vec<View>,
    /// The cursor of the next page; absent at the end.
    next: Option<String>,
    /// What all tenants think, whatever is on the page.
    rating: RatingView,
}

/// That a review is hidden.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hide {
    /// Why: one line of at most 500 bytes, which its tenant reads.
    reason: String,
}

/// A review in a path.
#[derive(Deserialize)]
pub(crate) struct Named {
    plugin: String,
    review: String,
}

impl Named {
    /// What is no id names no review either.
    fn id(&self) -> Result<ReviewId, Error> {
        self.review.parse().map_err(|_| Error::not_found("review", &self.review))
    }
}

pub(crate) async fn list(
    State(app): State<App>,
    By(caller): By,
    Path(plugin): Path<String>,
    Asked(page): Asked,
) -> Answer<PageView> {
    let found = app.engine.reviews(&caller, &plugin, &page).await?;
    let rating = RatingView::of(&app.engine.known_of(&plugin).await?.rating);
    let tenant = caller.tenant_if_any();
    let next = found.next.map(|cursor| cursor.to_string());
    Ok(Json(PageView { items: found.items.into_iter().map(|review| view(review, tenant)).collect(), next, rating }))
}

pub(crate) async fn own(
    State(app): State<App>,
    By(caller): By,
    Path(plugin): Path<String>,
) -> Result<Tagged<View>, Failure> {
    show(app.engine.own_review(&caller, &plugin).await?, caller.tenant_if_any())
}

pub(crate) async fn put(
    State(app): State<App>,
    By(caller): By,
    Path(plugin): Path<String>,
    Expected(expected): Expected,
    Body(rating): Body<Rating>,
) -> Result<Tagged<View>, Failure> {
    show(app.engine.put_review(&caller, &plugin, rating, &expected).await?, caller.tenant_if_any())
}

pub(crate) async fn delete(
    State(app): State<App>,
    By(caller): By,
    Path(plugin): Path<String>,
    Expected(expected): Expected,
) -> Result<StatusCode, Failure> {
    app.engine.delete_review(&caller, &plugin, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn hide(
    State(app): State<App>,
    By(caller): By,
    Path(named): Path<Named>,
    Body(hide): Body<Hide>,
) -> Answer<View> {
    let review = app.engine.hide_review(&caller, &named.plugin, named.id()?, Some(&hide.reason)).await?;
    Ok(Json(view(review, caller.tenant_if_any())))
}

pub(crate) async fn unhide(State(app): State<App>, By(caller): By, Path(named): Path<Named>) -> Answer<View> {
    let review = app.engine.hide_review(&caller, &named.plugin, named.id()?, None).await?;
    Ok(Json(view(review, caller.tenant_if_any())))
}

fn show(review: Review, tenant: Option<TenantId>) -> Result<Tagged<View>, Failure> {
    Ok(Tagged::of(&review.clone(), view(review, tenant))?)
}

fn view(review: Review, tenant: Option<TenantId>) -> View {
    let Review { id, plugin, tenant: author, rating, version, hidden, created_at, updated_at } = review;
    let Rating { stars, text, name } = rating;
    View {
        id,
        plugin,
        stars,
        text,
        name: name.unwrap_or_else(|| NAMELESS.to_owned()),
        own: tenant == Some(author),
        version,
        hidden,
        created_at: created_at.to_string(),
        updated_at: updated_at.to_string(),
    }
}
